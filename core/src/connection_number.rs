//! The connection number (연결번호): a pairing code for people who cannot scan, handed over under a
//! password-authenticated key exchange (`docs/protocol.md` §3.3).

use std::{fmt, str::FromStr};

use iso_iec_7064::{MOD_11_10, System};
use rand_core::CryptoRng;
use spake2::{Ed25519Group, Identity, Password, Spake2};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    crypto::{Aead, Key, Prk},
    mailbox::{MailboxId, Token},
    pairing::{Origin, PairingCode},
};

/// Digits of a connection number.
pub const CONNECTION_NUMBER_DIGITS: usize = 12;

/// The first digits, which the relay may learn: they name the rendezvous.
const NAMEPLATE: std::ops::Range<usize> = 0..5;
/// The digits that the relay never learns.
const PASSWORD: std::ops::Range<usize> = 5..11;
const CHECKED: usize = CONNECTION_NUMBER_DIGITS - 1;
/// A SPAKE2 message: the side's letter and a point of Ed25519.
const EXCHANGE_BYTES: usize = 33;
const SALT: &[u8] = b"naru/1 number";

/// Twelve digits that a displayer shows beside its QR: five that name a rendezvous, six that are
/// secret, and a check digit. Secret until it has been used.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ConnectionNumber([u8; CONNECTION_NUMBER_DIGITS]);

/// Why a text is no connection number; a mistyped one is caught here, before it costs the one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionNumberError {
    /// There are not twelve digits.
    #[error("not twelve digits")]
    NotTwelveDigits,
    /// The check digit does not fit: a digit is wrong, or two are swapped.
    #[error("a digit is wrong")]
    Mistyped,
}

impl ConnectionNumberError {
    /// A stable name of the cause.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotTwelveDigits => "not_twelve_digits",
            Self::Mistyped => "number_mistyped",
        }
    }
}

/// The other device did not know the number, or its bytes were altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WrongNumber;

/// Where the two devices of a number meet: what the relay learns of it.
pub(crate) struct Rendezvous {
    pub(crate) mailbox: MailboxId,
    pub(crate) join: Token,
}

impl ConnectionNumber {
    pub(crate) fn draw(rng: &mut impl CryptoRng) -> Self {
        let mut random = Zeroizing::new([0; 8]);
        rng.fill_bytes(&mut *random);
        let mut number = u64::from_be_bytes(*random);
        let mut digits = [0; CONNECTION_NUMBER_DIGITS];
        for digit in &mut digits[..CHECKED] {
            *digit = (number % 10) as u8;
            number /= 10;
        }
        let check = MOD_11_10.checksum_digit_values_iter(digits[..CHECKED].iter().copied());
        // Only a digit over 9 has no check digit.
        digits[CHECKED] = check.unwrap_or_default() as u8;
        Self(digits)
    }

    pub(crate) fn rendezvous(&self, origin: &Origin) -> Rendezvous {
        let nameplate = ascii(&self.0[NAMEPLATE]);
        let prk = Prk::extract(SALT, &[&nameplate, origin.as_str().as_bytes()].concat());
        Rendezvous {
            mailbox: MailboxId::from_bytes(prk.expand(b"naru/1 mailbox id")),
            join: Token::from_bytes(prk.expand(b"naru/1 join token")),
        }
    }

    /// The displayer's answer to the scanner's message: its own, and the pairing code sealed.
    pub(crate) fn answer(
        &self,
        origin: &Origin,
        scanner: &[u8],
        code: &PairingCode,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, WrongNumber> {
        let (password, [ours, theirs]) = self.parties(origin);
        let (exchange, mut answer) =
            Spake2::<Ed25519Group>::start_b_with_rng(&password, &theirs, &ours, rng);
        let key = key(exchange, scanner)?;
        answer.extend(Aead::new(&key).seal(0, &[], code.as_bytes()));
        Ok(answer)
    }

    /// The scanner's message, and what opens the answer to it.
    pub(crate) fn ask(
        &self,
        origin: &Origin,
        rng: &mut impl CryptoRng,
    ) -> (AwaitsPairingCode, Vec<u8>) {
        let (password, [displayer, scanner]) = self.parties(origin);
        let (exchange, message) =
            Spake2::<Ed25519Group>::start_a_with_rng(&password, &scanner, &displayer, rng);
        (AwaitsPairingCode(exchange), message)
    }

    /// The secret digits, and the names of displayer and scanner.
    fn parties(&self, origin: &Origin) -> (Password, [Identity; 2]) {
        let nameplate = ascii(&self.0[NAMEPLATE]);
        let identity =
            |role: &[u8]| Identity::new(&[role, &nameplate, origin.as_str().as_bytes()].concat());
        (
            Password::new(&*ascii(&self.0[PASSWORD])),
            [identity(b"naru/1 displayer"), identity(b"naru/1 scanner")],
        )
    }
}

/// A scanner that has sent its message.
pub(crate) struct AwaitsPairingCode(Spake2<Ed25519Group>);

impl AwaitsPairingCode {
    pub(crate) fn read(self, answer: &[u8]) -> Result<PairingCode, WrongNumber> {
        let (displayer, sealed) = answer.split_at_checked(EXCHANGE_BYTES).ok_or(WrongNumber)?;
        let key = key(self.0, displayer)?;
        let code = Aead::new(&key)
            .open(0, &[], sealed)
            .map_err(|_| WrongNumber)?;
        PairingCode::from_bytes(&code).map_err(|_| WrongNumber)
    }
}

impl FromStr for ConnectionNumber {
    type Err = ConnectionNumberError;

    /// Takes twelve digits, ASCII or full-width, with white space and hyphens anywhere between.
    fn from_str(text: &str) -> Result<Self, ConnectionNumberError> {
        let mut digits = [0; CONNECTION_NUMBER_DIGITS];
        let mut count = 0;
        for character in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let digit =
                crate::handshake::digit(character).ok_or(ConnectionNumberError::NotTwelveDigits)?;
            *digits
                .get_mut(count)
                .ok_or(ConnectionNumberError::NotTwelveDigits)? = digit;
            count += 1;
        }
        if count != CONNECTION_NUMBER_DIGITS {
            return Err(ConnectionNumberError::NotTwelveDigits);
        }
        if !MOD_11_10.validate_digit_values_iter(digits) {
            return Err(ConnectionNumberError::Mistyped);
        }
        Ok(Self(digits))
    }
}

/// Writes three groups of four digits.
impl fmt::Display for ConnectionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, digit) in self.0.iter().enumerate() {
            if at > 0 && at % 4 == 0 {
                f.write_str(" ")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ConnectionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionNumber(..)")
    }
}

fn ascii(digits: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(digits.iter().map(|digit| b'0' + digit).collect())
}

fn key(exchange: Spake2<Ed25519Group>, peer: &[u8]) -> Result<Key, WrongNumber> {
    let shared = Zeroizing::new(exchange.finish(peer).map_err(|_| WrongNumber)?);
    Ok(Key::from_bytes(
        Prk::extract(SALT, &shared).expand(b"naru/1 pairing code key"),
    ))
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    use super::*;
    use crate::pairing::{Direction, Pairing};

    fn origin() -> Origin {
        "https://relay.example".parse().unwrap()
    }

    fn rng(seed: u64) -> ChaCha20Rng {
        ChaCha20Rng::seed_from_u64(seed)
    }

    fn pairing_code() -> PairingCode {
        Pairing::display(&origin(), Direction::DisplayerGives, &mut rng(1))
            .code()
            .clone()
    }

    #[test]
    fn hands_the_pairing_code_to_whoever_knows_the_number() {
        let number = ConnectionNumber::draw(&mut rng(2));
        let typed: ConnectionNumber = number.to_string().parse().unwrap();
        let (scanner, message) = typed.ask(&origin(), &mut rng(3));
        let answer = number
            .answer(&origin(), &message, &pairing_code(), &mut rng(4))
            .unwrap();
        assert_eq!(answer.len(), 33 + 53 + 16);
        let code = scanner.read(&answer).unwrap();
        assert_eq!(code.to_string(), pairing_code().to_string());
    }

    #[test]
    fn tells_a_guesser_nothing_and_a_foreign_relay_neither() {
        let number = ConnectionNumber::draw(&mut rng(2));
        let text = number.to_string();
        let mut guesses = 0;
        // The same nameplate with other secret digits.
        for guess in 0..100_u32 {
            let text = format!("{}{guess:06}", text[..6].replace(' ', ""));
            let guessed = (0..10)
                .filter_map(|check| format!("{text}{check}").parse::<ConnectionNumber>().ok());
            for guessed in guessed.filter(|guessed| guessed.0 != number.0) {
                let (scanner, message) = guessed.ask(&origin(), &mut rng(3));
                let answer = number.answer(&origin(), &message, &pairing_code(), &mut rng(4));
                assert_eq!(scanner.read(&answer.unwrap()).err(), Some(WrongNumber));
                guesses += 1;
            }
        }
        assert!(guesses >= 99, "{guesses}");
        let elsewhere: Origin = "https://other.example".parse().unwrap();
        let (scanner, message) = number.ask(&elsewhere, &mut rng(3));
        let answer = number.answer(&origin(), &message, &pairing_code(), &mut rng(4));
        assert!(scanner.read(&answer.unwrap()).is_err());
    }

    #[test]
    fn rejects_altered_cut_and_reflected_messages() {
        let number = ConnectionNumber::draw(&mut rng(5));
        let exchange = |alter: &dyn Fn(&mut Vec<u8>)| {
            let (scanner, message) = number.ask(&origin(), &mut rng(3));
            let mut answer = number
                .answer(&origin(), &message, &pairing_code(), &mut rng(4))
                .unwrap();
            alter(&mut answer);
            scanner.read(&answer)
        };
        assert!(exchange(&|_| {}).is_ok());
        for at in 0..102 {
            assert!(exchange(&|answer| answer[at] ^= 1).is_err(), "{at}");
            assert!(exchange(&|answer| answer.truncate(at)).is_err(), "{at}");
        }
        let (_, message) = number.ask(&origin(), &mut rng(3));
        let (scanner, _) = number.ask(&origin(), &mut rng(6));
        assert!(scanner.read(&[&message[..], &[0; 69]].concat()).is_err());
        for length in 0..message.len() {
            let cut = &message[..length];
            assert!(
                number
                    .answer(&origin(), cut, &pairing_code(), &mut rng(4))
                    .is_err()
            );
        }
    }

    #[test]
    fn what_was_recorded_opens_for_nobody() {
        let number = ConnectionNumber::draw(&mut rng(2));
        let (_, message) = number.ask(&origin(), &mut rng(3));
        let recorded = number.answer(&origin(), &message, &pairing_code(), &mut rng(4));
        let (again, _) = number.ask(&origin(), &mut rng(5));
        assert_eq!(again.read(&recorded.unwrap()).err(), Some(WrongNumber));
    }

    #[test]
    fn catches_every_wrong_digit() {
        for seed in 0..20 {
            let number = ConnectionNumber::draw(&mut rng(seed));
            for at in 0..CONNECTION_NUMBER_DIGITS {
                for digit in (0..10).filter(|digit| *digit != number.0[at]) {
                    let mut digits = number.0;
                    digits[at] = digit;
                    let text = ConnectionNumber(digits).to_string();
                    assert_eq!(
                        text.parse::<ConnectionNumber>().err(),
                        Some(ConnectionNumberError::Mistyped)
                    );
                }
            }
        }
    }

    #[test]
    fn reads_numbers_as_people_type_them() {
        let number = ConnectionNumber::draw(&mut rng(7));
        let text = number.to_string();
        let plain = text.replace(' ', "");
        let wide: String = plain
            .chars()
            .map(|c| char::from_u32(c as u32 - '0' as u32 + '０' as u32).unwrap())
            .collect();
        for typed in [&text, &plain, &text.replace(' ', "-"), &wide] {
            assert_eq!(typed.parse::<ConnectionNumber>().unwrap().0, number.0);
        }
        for typed in ["", "12345678901", "1234567890123", "12345678901a"] {
            assert_eq!(
                typed.parse::<ConnectionNumber>().err(),
                Some(ConnectionNumberError::NotTwelveDigits),
                "{typed}"
            );
        }
        assert_eq!(format!("{number:?}"), "ConnectionNumber(..)");
    }
}
