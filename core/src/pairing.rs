//! The pairing code: what the QR holds, and what both devices derive from it
//! (`docs/protocol.md` §3).
use std::{fmt, str::FromStr};

use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub use crate::origin::{InvalidOrigin, Origin};
use crate::{
    crypto::{Key, KeyPair, Prk, PublicKey, sha256},
    mailbox::{MailboxId, Token},
};

/// Bytes of a pairing code.
pub const PAIRING_CODE_BYTES: usize = 53;
/// Characters of its text, `NARU:` included.
pub const PAIRING_CODE_CHARACTERS: usize = 85;

const PREFIX: &str = "NARU:";
const PROTOCOL: &[u8] = b"naru/1";
const VERSION: u8 = 1;
const SUITE: u8 = 0;
const TAG: std::ops::Range<usize> = 1..5;
const STATIC_KEY: std::ops::Range<usize> = 5..37;
const SECRET: std::ops::Range<usize> = 37..53;

/// Which of the two devices has the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The device that shows the QR sends.
    DisplayerGives,
    /// The device that reads the QR sends.
    ScannerGives,
}

/// Why a text is no pairing code that this device can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PairingCodeError {
    /// The text belongs to something else: a link, another app's QR.
    #[error("the code is not Naru's")]
    NotNaru,
    /// It starts as a pairing code does, and is then cut short or damaged.
    #[error("the pairing code is damaged")]
    Malformed,
    /// The other device speaks a later version of the protocol.
    #[error("the pairing code is of an unknown version")]
    UnknownVersion,
    /// The other device wants algorithms that this one does not have.
    #[error("the pairing code asks for an unknown suite")]
    UnknownSuite,
    /// The code was made for a relay that is not among this device's.
    #[error("the pairing code is for another relay")]
    UnknownRelay,
}

impl PairingCodeError {
    /// A stable name of the cause.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotNaru => "not_naru",
            Self::Malformed => "pairing_code_malformed",
            Self::UnknownVersion => "pairing_code_version",
            Self::UnknownSuite => "pairing_code_suite",
            Self::UnknownRelay => "unknown_relay",
        }
    }
}

/// The 53 bytes that the QR carries. Secret until the handshake is over.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PairingCode([u8; PAIRING_CODE_BYTES]);

impl PairingCode {
    fn new(origin: &Origin, direction: Direction, public: &PublicKey, secret: &[u8; 16]) -> Self {
        let mut bytes = [0; PAIRING_CODE_BYTES];
        let gives = direction == Direction::DisplayerGives;
        bytes[0] = VERSION << 5 | u8::from(gives) << 4 | SUITE;
        bytes[TAG].copy_from_slice(&tag(origin));
        bytes[STATIC_KEY].copy_from_slice(public.as_bytes());
        bytes[SECRET].copy_from_slice(secret);
        Self(bytes)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, PairingCodeError> {
        let header = *bytes.first().ok_or(PairingCodeError::Malformed)?;
        if header >> 5 != VERSION {
            return Err(PairingCodeError::UnknownVersion);
        }
        if header & 0x0f != SUITE {
            return Err(PairingCodeError::UnknownSuite);
        }
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| PairingCodeError::Malformed)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; PAIRING_CODE_BYTES] {
        &self.0
    }

    fn direction(&self) -> Direction {
        if self.0[0] >> 4 & 1 == 1 {
            Direction::DisplayerGives
        } else {
            Direction::ScannerGives
        }
    }

    fn is_for(&self, origin: &Origin) -> bool {
        self.0[TAG] == tag(origin)
    }

    pub(crate) fn static_key(&self) -> PublicKey {
        let mut key = [0; 32];
        key.copy_from_slice(&self.0[STATIC_KEY]);
        PublicKey::from_bytes(key)
    }

    fn derive(&self) -> Derived {
        let prk = Prk::extract(PROTOCOL, &self.0[SECRET]);
        Derived {
            mailbox: MailboxId::from_bytes(prk.expand(b"naru/1 mailbox id")),
            join: Token::from_bytes(prk.expand(b"naru/1 join token")),
            psk: Key::from_bytes(prk.expand(b"naru/1 psk")),
        }
    }
}

impl FromStr for PairingCode {
    type Err = PairingCodeError;

    /// Takes the text as a scanner hands it over; surrounding white space is ignored.
    fn from_str(text: &str) -> Result<Self, PairingCodeError> {
        let encoded = text
            .trim()
            .strip_prefix(PREFIX)
            .ok_or(PairingCodeError::NotNaru)?;
        let decoded =
            Zeroizing::new(base45::decode(encoded).map_err(|_| PairingCodeError::Malformed)?);
        Self::from_bytes(&decoded)
    }
}

/// Writes the 85 characters that the QR carries.
impl fmt::Display for PairingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        f.write_str(&Zeroizing::new(base45::encode(self.0)))
    }
}

impl fmt::Debug for PairingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairingCode(..)")
    }
}

/// One device's side of one pairing, before the handshake. Used once.
pub struct Pairing {
    pub(crate) code: PairingCode,
    pub(crate) origin: Origin,
    pub(crate) role: Role,
}

/// What a device brings to the handshake.
pub(crate) enum Role {
    Displayer { static_key: KeyPair, token: Token },
    Scanner,
}

/// What the pairing code's secret yields (`docs/protocol.md` §3.2).
pub(crate) struct Derived {
    pub(crate) mailbox: MailboxId,
    pub(crate) join: Token,
    pub(crate) psk: Key,
}

impl Pairing {
    /// Makes a fresh pairing code for this device to show; needs no answer from the relay.
    pub fn display(origin: &Origin, direction: Direction, rng: &mut impl CryptoRng) -> Self {
        let static_key = KeyPair::generate(rng);
        let mut secret = Zeroizing::new([0; 16]);
        rng.fill_bytes(&mut *secret);
        let token = draw_token(rng);
        Self {
            code: PairingCode::new(origin, direction, static_key.public(), &secret),
            origin: origin.clone(),
            role: Role::Displayer { static_key, token },
        }
    }

    /// Takes the text of a QR that this device has read, and picks the relay that it was made for
    /// among those that the app was built with.
    pub fn scan(text: &str, relays: &[Origin]) -> Result<Self, PairingCodeError> {
        Self::take(text.parse()?, relays)
    }

    /// Takes a code that came in another way than by a scan.
    pub(crate) fn take(code: PairingCode, relays: &[Origin]) -> Result<Self, PairingCodeError> {
        let origin = relays.iter().find(|relay| code.is_for(relay));
        let origin = origin.ok_or(PairingCodeError::UnknownRelay)?.clone();
        Ok(Self {
            code,
            origin,
            role: Role::Scanner,
        })
    }

    /// The code to show.
    pub fn code(&self) -> &PairingCode {
        &self.code
    }

    /// The relay that both devices use.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Which side sends.
    pub fn direction(&self) -> Direction {
        self.code.direction()
    }

    /// Whether this device sends the certificate.
    pub fn gives(&self) -> bool {
        matches!(self.role, Role::Displayer { .. })
            == (self.direction() == Direction::DisplayerGives)
    }

    /// Path and `Authorization` value of the `DELETE` by which a displayer that is going away, such
    /// as a page being closed, ends its mailbox; `None` for a scanner.
    pub fn farewell(&self) -> Option<(String, String)> {
        match &self.role {
            Role::Displayer { token, .. } => {
                let path = crate::mailbox::mailbox_path(&self.derive().mailbox);
                Some((path, token.authorization()))
            }
            Role::Scanner => None,
        }
    }

    pub(crate) fn derive(&self) -> Derived {
        self.code.derive()
    }

    pub(crate) fn prologue(&self) -> Vec<u8> {
        [PROTOCOL, &self.code.0, self.origin.as_str().as_bytes()].concat()
    }
}

pub(crate) fn draw_token(rng: &mut impl CryptoRng) -> Token {
    let mut token = [0; 32];
    rng.fill_bytes(&mut token);
    Token::from_bytes(token)
}

fn tag(origin: &Origin) -> [u8; 4] {
    let [a, b, c, d, ..] = sha256(&[origin.as_str().as_bytes()]);
    [a, b, c, d]
}
