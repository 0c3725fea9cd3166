//! `Noise_NKpsk0_25519_AESGCM_SHA256` with a commitment, and the security code that the two devices
//! compare (`docs/protocol.md` §4).
use std::{fmt, str::FromStr};

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    crypto::{Forged, Key, KeyPair, NonContributory, Prk, PublicKey, sha256},
    key_schedule::{Keyed, TransportKeys, Unkeyed},
};

/// Sixteen random bytes that a device adds to the security code.
pub(crate) type CodeNonce = [u8; 16];

/// The peer's bytes are no message of this handshake: altered, or of another pairing code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the handshake failed")]
pub(crate) struct HandshakeError;

impl From<Forged> for HandshakeError {
    fn from(_: Forged) -> Self {
        Self
    }
}

impl From<NonContributory> for HandshakeError {
    fn from(_: NonContributory) -> Self {
        Self
    }
}

/// What both sides bring to the pattern before its first message.
pub(crate) struct Context<'c> {
    pub(crate) prologue: &'c [u8],
    pub(crate) responder: &'c PublicKey,
    pub(crate) psk: &'c Key,
}

impl Context<'_> {
    fn start(&self) -> Keyed {
        Unkeyed::new(self.prologue, self.responder).mix_psk(self.psk)
    }
}

/// The scanner (Noise's initiator), which has sent m1 and awaits m2.
pub(crate) struct AwaitsM2 {
    state: Keyed,
    ephemeral: KeyPair,
    nonce: CodeNonce,
}

/// Draws an ephemeral key and a nonce, and writes m1, which commits to the nonce.
pub(crate) fn join(
    context: &Context<'_>,
    rng: &mut impl CryptoRng,
) -> Result<(AwaitsM2, Vec<u8>), HandshakeError> {
    let ephemeral = KeyPair::generate(rng);
    let mut nonce = [0; 16];
    rng.fill_bytes(&mut nonce);
    let (state, m1) = write_m1(context, &ephemeral, &commitment(&nonce))?;
    Ok((
        AwaitsM2 {
            state,
            ephemeral,
            nonce,
        },
        m1,
    ))
}

impl AwaitsM2 {
    /// Yields the keys, the nonce that m3 reveals, and the code.
    pub(crate) fn read_m2(
        self,
        m2: &[u8],
    ) -> Result<(TransportKeys, CodeNonce, SecurityCode), HandshakeError> {
        let (keys, payload) = read_m2(self.state, &self.ephemeral, m2)?;
        let displayer: CodeNonce = payload.as_slice().try_into().map_err(|_| HandshakeError)?;
        let code = SecurityCode::derive(&keys.handshake_hash, &self.nonce, &displayer);
        Ok((keys, self.nonce, code))
    }
}

/// The displayer (Noise's responder), which has sent m2 and awaits the nonce behind the commitment.
pub(crate) struct AwaitsReveal {
    commitment: [u8; 32],
    nonce: CodeNonce,
    handshake_hash: [u8; 32],
}

/// Reads m1, draws an ephemeral key and a nonce, and writes m2. The static key is wiped here, so that
/// no second m1 can be answered.
pub(crate) fn answer(
    context: &Context<'_>,
    static_key: KeyPair,
    m1: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<(AwaitsReveal, TransportKeys, Vec<u8>), HandshakeError> {
    let (state, initiator, payload) = read_m1(context, &static_key, m1)?;
    drop(static_key);
    let commitment = payload.as_slice().try_into().map_err(|_| HandshakeError)?;
    let ephemeral = KeyPair::generate(rng);
    let mut nonce = [0; 16];
    rng.fill_bytes(&mut nonce);
    let (keys, m2) = write_m2(state, &ephemeral, &initiator, &nonce)?;
    let handshake_hash = keys.handshake_hash;
    Ok((
        AwaitsReveal {
            commitment,
            nonce,
            handshake_hash,
        },
        keys,
        m2,
    ))
}

impl AwaitsReveal {
    /// Checks the nonce against the commitment of m1, and yields the code.
    pub(crate) fn reveal(self, scanner: &CodeNonce) -> Result<SecurityCode, HandshakeError> {
        if bool::from(commitment(scanner).ct_eq(&self.commitment)) {
            Ok(SecurityCode::derive(
                &self.handshake_hash,
                scanner,
                &self.nonce,
            ))
        } else {
            Err(HandshakeError)
        }
    }
}

/// The six digits (보안번호) that the receiver shows and the person types on the giver.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecurityCode([u8; 6]);

/// The text does not hold six digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not six digits")]
pub struct NotSixDigits;

impl SecurityCode {
    fn derive(handshake_hash: &[u8; 32], scanner: &CodeNonce, displayer: &CodeNonce) -> Self {
        let ikm = Zeroizing::new([*scanner, *displayer].concat());
        let okm: [u8; 8] = Prk::extract(handshake_hash, &ikm).expand(b"naru/1 security code");
        let mut number = u64::from_be_bytes(okm) % 1_000_000;
        let mut digits = [b'0'; 6];
        for digit in digits.iter_mut().rev() {
            *digit += (number % 10) as u8;
            number /= 10;
        }
        Self(digits)
    }
}

/// Takes the same time wherever two codes differ.
impl PartialEq for SecurityCode {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecurityCode {}

impl FromStr for SecurityCode {
    type Err = NotSixDigits;

    /// Takes six digits, ASCII or full-width, with white space and hyphens anywhere between.
    fn from_str(text: &str) -> Result<Self, NotSixDigits> {
        let mut digits = [0; 6];
        let mut count = 0;
        for character in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let digit = digit(character).ok_or(NotSixDigits)?;
            *digits.get_mut(count).ok_or(NotSixDigits)? = b'0' + digit;
            count += 1;
        }
        if count == 6 {
            Ok(Self(digits))
        } else {
            Err(NotSixDigits)
        }
    }
}

/// Writes the six digits without a gap.
impl fmt::Display for SecurityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|digit| write!(f, "{}", char::from(*digit)))
    }
}

impl fmt::Debug for SecurityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecurityCode(..)")
    }
}

/// The value of a digit, ASCII or full-width.
pub(crate) fn digit(character: char) -> Option<u8> {
    let zero = match character {
        '0'..='9' => '0',
        '０'..='９' => '０',
        _ => return None,
    };
    u8::try_from(character as u32 - zero as u32).ok()
}

fn commitment(nonce: &CodeNonce) -> [u8; 32] {
    sha256(&[b"naru/1 commit", nonce])
}

fn write_m1(
    context: &Context<'_>,
    ephemeral: &KeyPair,
    payload: &[u8],
) -> Result<(Keyed, Vec<u8>), HandshakeError> {
    let mut state = context.start();
    state.mix_ephemeral(ephemeral.public());
    state.mix_dh(ephemeral.diffie_hellman(context.responder))?;
    let sealed = state.seal(payload);
    Ok((
        state,
        [ephemeral.public().as_bytes().as_slice(), &sealed].concat(),
    ))
}

fn read_m1(
    context: &Context<'_>,
    static_key: &KeyPair,
    m1: &[u8],
) -> Result<(Keyed, PublicKey, Zeroizing<Vec<u8>>), HandshakeError> {
    let (ephemeral, sealed) = m1.split_first_chunk().ok_or(HandshakeError)?;
    let ephemeral = PublicKey::from_bytes(*ephemeral);
    let mut state = context.start();
    state.mix_ephemeral(&ephemeral);
    state.mix_dh(static_key.diffie_hellman(&ephemeral))?;
    let payload = state.open(sealed)?;
    Ok((state, ephemeral, payload))
}

fn write_m2(
    mut state: Keyed,
    ephemeral: &KeyPair,
    initiator: &PublicKey,
    payload: &[u8],
) -> Result<(TransportKeys, Vec<u8>), HandshakeError> {
    state.mix_ephemeral(ephemeral.public());
    state.mix_dh(ephemeral.diffie_hellman(initiator))?;
    let sealed = state.seal(payload);
    Ok((
        state.split(),
        [ephemeral.public().as_bytes().as_slice(), &sealed].concat(),
    ))
}

fn read_m2(
    mut state: Keyed,
    own: &KeyPair,
    m2: &[u8],
) -> Result<(TransportKeys, Zeroizing<Vec<u8>>), HandshakeError> {
    let (ephemeral, sealed) = m2.split_first_chunk().ok_or(HandshakeError)?;
    let ephemeral = PublicKey::from_bytes(*ephemeral);
    state.mix_ephemeral(&ephemeral);
    state.mix_dh(own.diffie_hellman(&ephemeral))?;
    let payload = state.open(sealed)?;
    Ok((state.split(), payload))
}

#[cfg(test)]
mod tests {

    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    use super::*;
    use crate::crypto::Aead;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }

    /// The vector of cacophony's collection for exactly this pattern.
    #[test]
    fn agrees_with_the_published_noise_vector() {
        let vector: serde_json::Value =
            serde_json::from_str(include_str!("../tests/vectors/noise-nkpsk0.json")).unwrap();
        let field = |name: &str| hex(vector[name].as_str().unwrap());
        let key = |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes).unwrap();
        let psk = Key::from_bytes(key(hex(vector["init_psks"][0].as_str().unwrap())));
        let initiator_ephemeral = KeyPair::from_private(key(field("init_ephemeral")));
        let responder_ephemeral = KeyPair::from_private(key(field("resp_ephemeral")));
        let static_key = KeyPair::from_private(key(field("resp_static")));
        assert_eq!(
            static_key.public().as_bytes().as_slice(),
            field("init_remote_static")
        );
        let prologue = field("init_prologue");
        let responder = *static_key.public();
        let context = Context {
            prologue: &prologue,
            responder: &responder,
            psk: &psk,
        };
        let message = |at: usize| {
            let message = &vector["messages"][at];
            let part = |name: &str| hex(message[name].as_str().unwrap());
            (part("payload"), part("ciphertext"))
        };

        let (payload, ciphertext) = message(0);
        let (initiator, m1) = write_m1(&context, &initiator_ephemeral, &payload).unwrap();
        assert_eq!(m1, ciphertext);
        let (state, ephemeral, read) = read_m1(&context, &static_key, &m1).unwrap();
        assert_eq!(*read, payload);
        let (payload, ciphertext) = message(1);
        let (responder, m2) = write_m2(state, &responder_ephemeral, &ephemeral, &payload).unwrap();
        assert_eq!(m2, ciphertext);
        let (initiator, read) = read_m2(initiator, &initiator_ephemeral, &m2).unwrap();
        assert_eq!(*read, payload);
        assert_eq!(initiator.handshake_hash.as_slice(), field("handshake_hash"));
        assert_eq!(responder.handshake_hash, initiator.handshake_hash);
        for at in 2..6 {
            let (payload, ciphertext) = message(at);
            let counter = (at as u64 - 2) / 2;
            let keys = if at % 2 == 0 {
                &initiator.initiator
            } else {
                &initiator.responder
            };
            assert_eq!(Aead::new(keys).seal(counter, &[], &payload), ciphertext);
        }
    }

    fn run(seed: u64) -> (SecurityCode, SecurityCode) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let static_key = KeyPair::generate(&mut rng);
        let responder = *static_key.public();
        let psk = Key::from_bytes([7; 32]);
        let context = Context {
            prologue: b"naru/1",
            responder: &responder,
            psk: &psk,
        };
        let (scanner, m1) = join(&context, &mut rng).unwrap();
        let (displayer, _, m2) = answer(&context, static_key, &m1, &mut rng).unwrap();
        let (_, nonce, code) = scanner.read_m2(&m2).unwrap();
        (code, displayer.reveal(&nonce).unwrap())
    }

    #[test]
    fn both_sides_see_the_same_code_and_each_handshake_another() {
        let codes: Vec<String> = (0..50)
            .map(|seed| {
                let (scanner, displayer) = run(seed);
                assert_eq!(scanner, displayer);
                scanner.to_string()
            })
            .collect();
        let mut distinct = codes.clone();
        distinct.sort();
        distinct.dedup();
        assert!(distinct.len() > 45, "{distinct:?}");
    }

    #[test]
    fn rejects_altered_truncated_and_foreign_messages() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let private = [9; 32];
        let responder = *KeyPair::from_private(private).public();
        let psk = Key::from_bytes([7; 32]);
        let context = Context {
            prologue: b"naru/1",
            responder: &responder,
            psk: &psk,
        };
        let (_, m1) = join(&context, &mut rng).unwrap();
        for at in 0..m1.len() {
            let mut altered = m1.clone();
            altered[at] ^= 1;
            assert!(answer(&context, KeyPair::from_private(private), &altered, &mut rng).is_err());
            let cut = &m1[..at];
            assert!(answer(&context, KeyPair::from_private(private), cut, &mut rng).is_err());
        }
        let foreign = Key::from_bytes([8; 32]);
        for context in [
            Context {
                prologue: b"naru/2",
                ..context
            },
            Context {
                psk: &foreign,
                ..context
            },
        ] {
            assert!(answer(&context, KeyPair::from_private(private), &m1, &mut rng).is_err());
        }
    }

    #[test]
    fn rejects_low_order_points_in_both_messages() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let static_key = KeyPair::generate(&mut rng);
        let responder = *static_key.public();
        let psk = Key::from_bytes([7; 32]);
        let context = Context {
            prologue: b"",
            responder: &responder,
            psk: &psk,
        };
        for low_order in [[0; 32], {
            let mut one = [0; 32];
            one[0] = 1;
            one
        }] {
            let m1 = [low_order.as_slice(), &[0; 48]].concat();
            assert!(read_m1(&context, &static_key, &m1).is_err());
            let (state, _) = write_m1(&context, &KeyPair::generate(&mut rng), &[]).unwrap();
            let m2 = [low_order.as_slice(), &[0; 32]].concat();
            assert!(read_m2(state, &static_key, &m2).is_err());
        }
    }

    #[test]
    fn rejects_a_nonce_that_was_not_committed_to() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let static_key = KeyPair::generate(&mut rng);
        let responder = *static_key.public();
        let psk = Key::from_bytes([7; 32]);
        let context = Context {
            prologue: b"",
            responder: &responder,
            psk: &psk,
        };
        let (_, m1) = join(&context, &mut rng).unwrap();
        let (displayer, _, _) = answer(&context, static_key, &m1, &mut rng).unwrap();
        assert_eq!(displayer.reveal(&[0; 16]), Err(HandshakeError));
    }

    #[test]
    fn reads_codes_as_people_type_them() {
        let code: SecurityCode = "012345".parse().unwrap();
        for text in ["012 345", " 012-345 ", "０１２３４５"] {
            assert_eq!(text.parse(), Ok(code.clone()), "{text}");
        }
        for text in ["", "12345", "0123456", "01234a", "٠١٢٣٤٥"] {
            assert_eq!(text.parse::<SecurityCode>(), Err(NotSixDigits), "{text}");
        }
        assert_eq!(code.to_string(), "012345");
        assert_eq!(format!("{code:?}"), "SecurityCode(..)");
    }
}
