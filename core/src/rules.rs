//! What a client asks before it moves a certificate: whether the agency's rules allow it, which the relay cannot
//! see by itself (`docs/protocol.md` §5.2).

use minicbor::{Decode, Encode};

#[cfg(feature = "certificate")]
use crate::certificate::Details;
use crate::mailbox::MalformedBody;
#[cfg(feature = "transfer")]
use crate::pairing;

/// Where the question goes, by `POST`.
pub const RULES_PATH: &str = "/v1/rules";

/// A certificate that is about to be moved, as far as rules have to do with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Movement {
    /// Which way; nothing where it is left to be fetched.
    pub direction: Option<Direction>,
    /// Which certificate; nothing before it is known.
    pub certificate: Option<Issued>,
}

/// Which way a certificate goes, seen from the PC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To another device.
    FromPc,
    /// From another device.
    ToPc,
}

/// Who has issued a certificate, and how. Both are empty for one that cannot be read before its password is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Issued {
    /// The issuer's common name or, where it has none, its organisation.
    pub issuer: String,
    /// The object identifiers of its certificate policies, dotted.
    pub policies: Vec<String>,
}

#[cfg(feature = "certificate")]
impl From<Option<&Details>> for Issued {
    fn from(details: Option<&Details>) -> Self {
        details.map_or_else(Self::default, |details| Self {
            issuer: details.issuer.clone(),
            policies: details.policies.clone(),
        })
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct MovementMap {
    #[n(0)]
    direction: Option<String>,
    #[n(1)]
    issuer: Option<String>,
    #[n(2)]
    policies: Option<Vec<String>>,
}

impl Movement {
    /// The CBOR body.
    pub fn to_cbor(&self) -> Vec<u8> {
        let map = MovementMap {
            direction: self.direction.map(|it| it.as_str().to_owned()),
            issuer: self.certificate.as_ref().map(|it| it.issuer.clone()),
            policies: self.certificate.as_ref().map(|it| it.policies.clone()),
        };
        // Writing to a `Vec` cannot fail: the encoder's error type is `Infallible`.
        minicbor::to_vec(map).unwrap_or_default()
    }

    /// Reads a body; unknown keys are ignored.
    pub fn from_cbor(body: &[u8]) -> Result<Self, MalformedBody> {
        let map: MovementMap = minicbor::decode(body).map_err(|_| MalformedBody)?;
        let direction = match map.direction.as_deref() {
            None => None,
            Some("from-pc") => Some(Direction::FromPc),
            Some("to-pc") => Some(Direction::ToPc),
            Some(_) => return Err(MalformedBody),
        };
        Ok(Self {
            direction,
            certificate: map.issuer.map(|issuer| Issued {
                issuer,
                policies: map.policies.unwrap_or_default(),
            }),
        })
    }
}

#[cfg(feature = "transfer")]
impl From<pairing::Direction> for Direction {
    /// Whoever shows the code counts as the PC, and whoever scans it as the other device.
    fn from(direction: pairing::Direction) -> Self {
        match direction {
            pairing::Direction::DisplayerGives => Self::FromPc,
            pairing::Direction::ScannerGives => Self::ToPc,
        }
    }
}

impl Direction {
    const fn as_str(self) -> &'static str {
        match self {
            Self::FromPc => "from-pc",
            Self::ToPc => "to-pc",
        }
    }
}
