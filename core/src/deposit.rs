//! What a deposit is sealed under: the recovery code, what follows from it, and the code that only
//! withdraws (`docs/protocol.md` §9).

use std::{fmt, str::FromStr};

use bech32::{Bech32m, Hrp, primitives::decode::CheckedHrpstring};
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    channel::{Channel, Side},
    crypto::{Key, Prk},
    key_schedule::TransportKeys,
    mailbox::{MailboxId, Token},
    pairing::Origin,
};

/// Symbols of a code as it is written: 26 for 128 bits, and six by which one to four wrong symbols
/// are always found (BIP 350).
pub const DEPOSIT_CODE_SYMBOLS: usize = 32;

/// Symbols of a group.
const GROUP: usize = 4;
const SALT: &[u8] = b"naru/1 deposit";
const RECOVERY: Hrp = Hrp::parse_unchecked("naru");
const WITHDRAW: Hrp = Hrp::parse_unchecked("naruw");

/// Bytes of what each side adds to the keys: frame 1 of its lane.
pub(crate) const DEPOSIT_NONCE_BYTES: usize = 32;
pub(crate) type DepositNonce = [u8; DEPOSIT_NONCE_BYTES];

/// Opens a deposit: 128 secret bits, shown once.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RecoveryCode([u8; 16]);

/// Looks after a deposit and withdraws it, without opening it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct WithdrawCode([u8; 16]);

/// Why a text is no code; found before anything is asked of the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DepositCodeError {
    /// There are not 32 symbols.
    #[error("the code is not complete")]
    Incomplete,
    /// A symbol is wrong, or the code is of the other kind.
    #[error("a symbol of the code is wrong")]
    Mistyped,
}

impl DepositCodeError {
    /// A stable name of the cause.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Incomplete => "deposit_code_incomplete",
            Self::Mistyped => "deposit_code_mistyped",
        }
    }
}

impl RecoveryCode {
    pub(crate) fn draw(rng: &mut impl CryptoRng) -> Self {
        let mut code = [0; 16];
        rng.fill_bytes(&mut code);
        Self(code)
    }

    /// The code that the depositor keeps, to look and to withdraw.
    pub fn withdraw_code(&self) -> WithdrawCode {
        WithdrawCode(Prk::extract(SALT, &self.0).expand(b"naru/1 withdraw code"))
    }

    /// Admits whoever fetches the deposit.
    pub(crate) fn join_token(&self, origin: &Origin) -> Token {
        Token::from_bytes(self.prk(origin).expand(b"naru/1 join token"))
    }

    /// The depositor's sealing end, and nothing to open with: nobody has come yet.
    pub(crate) fn sealing(&self, origin: &Origin, depositor: &DepositNonce) -> Channel {
        self.channel(
            origin,
            depositor,
            &[0; DEPOSIT_NONCE_BYTES],
            Side::Responder,
        )
    }

    /// One end of the channel between the depositor and one claimant. The receipt's key is another
    /// for each claimant, so that no two receipts share a nonce.
    pub(crate) fn channel(
        &self,
        origin: &Origin,
        depositor: &DepositNonce,
        claimant: &DepositNonce,
        side: Side,
    ) -> Channel {
        let prk = self.prk(origin);
        let bundle = [&b"naru/1 bundle key"[..], depositor].concat();
        let both = |label: &[u8]| [label, depositor, claimant].concat();
        let keys = TransportKeys {
            responder: Key::from_bytes(prk.expand(&bundle)),
            initiator: Key::from_bytes(prk.expand(&both(b"naru/1 receipt key"))),
            handshake_hash: prk.expand(&both(b"naru/1 transcript")),
        };
        Channel::new(&keys, side)
    }

    fn prk(&self, origin: &Origin) -> Prk {
        let ikm = Zeroizing::new([&self.0, origin.as_str().as_bytes()].concat());
        Prk::extract(SALT, &ikm)
    }
}

impl WithdrawCode {
    pub(crate) fn mailbox(&self, origin: &Origin) -> MailboxId {
        MailboxId::from_bytes(self.prk(origin).expand(b"naru/1 mailbox id"))
    }

    /// The depositor's own token.
    pub(crate) fn token(&self, origin: &Origin) -> Token {
        Token::from_bytes(self.prk(origin).expand(b"naru/1 withdraw token"))
    }

    fn prk(&self, origin: &Origin) -> Prk {
        let ikm = Zeroizing::new([&self.0, origin.as_str().as_bytes()].concat());
        Prk::extract(SALT, &ikm)
    }
}

impl FromStr for RecoveryCode {
    type Err = DepositCodeError;

    /// Takes capitals and small letters, with white space and hyphens anywhere between.
    fn from_str(text: &str) -> Result<Self, DepositCodeError> {
        decode(RECOVERY, text).map(Self)
    }
}

impl FromStr for WithdrawCode {
    type Err = DepositCodeError;

    /// Takes capitals and small letters, with white space and hyphens anywhere between.
    fn from_str(text: &str) -> Result<Self, DepositCodeError> {
        decode(WITHDRAW, text).map(Self)
    }
}

/// Writes eight groups of four capitals and digits, joined by hyphens.
impl fmt::Display for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_groups(RECOVERY, &self.0, f)
    }
}

/// Writes eight groups of four capitals and digits, joined by hyphens.
impl fmt::Display for WithdrawCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_groups(WITHDRAW, &self.0, f)
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

impl fmt::Debug for WithdrawCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WithdrawCode(..)")
    }
}

fn decode(kind: Hrp, text: &str) -> Result<[u8; 16], DepositCodeError> {
    let symbols: Zeroizing<String> = Zeroizing::new(
        text.chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_lowercase())
            .collect(),
    );
    if symbols.chars().count() != DEPOSIT_CODE_SYMBOLS {
        return Err(DepositCodeError::Incomplete);
    }
    let whole = Zeroizing::new(format!("{kind}1{}", *symbols));
    let checked =
        CheckedHrpstring::new::<Bech32m>(&whole).map_err(|_| DepositCodeError::Mistyped)?;
    checked
        .validate_segwit_padding()
        .map_err(|_| DepositCodeError::Mistyped)?;
    let mut code = [0; 16];
    let mut bytes = checked.byte_iter();
    for byte in &mut code {
        *byte = bytes.next().ok_or(DepositCodeError::Mistyped)?;
    }
    Ok(code)
}

fn write_groups(kind: Hrp, code: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let whole = bech32::encode_upper::<Bech32m>(kind, code).map_err(|_| fmt::Error)?;
    let whole = Zeroizing::new(whole);
    let symbols = whole.get(kind.len() + 1..).unwrap_or_default();
    for (at, symbol) in symbols.chars().enumerate() {
        if at > 0 && at % GROUP == 0 {
            f.write_str("-")?;
        }
        write!(f, "{symbol}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    use super::*;

    fn code(seed: u64) -> RecoveryCode {
        RecoveryCode::draw(&mut ChaCha20Rng::seed_from_u64(seed))
    }

    #[test]
    fn a_code_survives_its_text_however_it_is_typed() {
        let code = code(1);
        let text = code.to_string();
        assert_eq!(text.len(), 8 * 4 + 7);
        for typed in [
            text.clone(),
            text.to_lowercase(),
            text.replace('-', " "),
            text.replace('-', ""),
        ] {
            assert_eq!(typed.parse::<RecoveryCode>().unwrap().0, code.0);
        }
        let withdraw = code.withdraw_code();
        let typed: WithdrawCode = withdraw.to_string().parse().unwrap();
        assert_eq!(typed.0, withdraw.0);
        assert_ne!(withdraw.0, code.0);
        assert_eq!(
            format!("{code:?} {withdraw:?}"),
            "RecoveryCode(..) WithdrawCode(..)"
        );
    }

    #[test]
    fn catches_every_wrong_symbol_every_swap_and_the_other_kind_of_code() {
        const SYMBOLS: &str = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L1BIO";
        for seed in 0..4 {
            let text = code(seed).to_string().replace('-', "");
            for at in 0..DEPOSIT_CODE_SYMBOLS {
                for symbol in SYMBOLS.chars().filter(|c| !text[at..].starts_with(*c)) {
                    let mut typed = text.clone();
                    typed.replace_range(at..=at, &symbol.to_string());
                    assert_eq!(
                        typed.parse::<RecoveryCode>().err(),
                        Some(DepositCodeError::Mistyped),
                        "{typed}"
                    );
                }
            }
            for at in 1..DEPOSIT_CODE_SYMBOLS {
                let mut symbols: Vec<char> = text.chars().collect();
                symbols.swap(at - 1, at);
                let typed: String = symbols.into_iter().collect();
                assert!(typed == text || typed.parse::<RecoveryCode>().is_err());
            }
            assert_eq!(
                text.parse::<WithdrawCode>().err(),
                Some(DepositCodeError::Mistyped)
            );
            for length in 0..DEPOSIT_CODE_SYMBOLS {
                assert_eq!(
                    text[..length].parse::<RecoveryCode>().err(),
                    Some(DepositCodeError::Incomplete)
                );
            }
        }
    }

    #[test]
    fn every_relay_and_every_claimant_has_other_keys() {
        let code = code(2);
        let origin: Origin = "https://relay.example".parse().unwrap();
        let other: Origin = "https://other.example".parse().unwrap();
        let frame = code.sealing(&origin, &[1; 32]).seal(b"bundle").unwrap();
        let opens = |origin: &Origin, depositor, claimant, side| {
            let mut channel = code.channel(origin, depositor, claimant, side);
            channel.open(&frame[0].bytes).is_ok()
        };
        assert!(opens(&origin, &[1; 32], &[2; 32], Side::Initiator));
        assert!(!opens(&other, &[1; 32], &[2; 32], Side::Initiator));
        assert!(!opens(&origin, &[3; 32], &[2; 32], Side::Initiator));
        let receipt = code
            .channel(&origin, &[1; 32], &[2; 32], Side::Initiator)
            .seal(b"receipt")
            .unwrap();
        let mut another = code.channel(&origin, &[1; 32], &[4; 32], Side::Responder);
        assert!(another.open(&receipt[0].bytes).is_err());
    }
}
