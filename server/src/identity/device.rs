//! The proof that a request comes from a device: a signature by its own key.

use base64ct::{Base64UrlUnpadded, Encoding};
use jiff::Timestamp;
use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier};
use sha2::{Digest, Sha256};

use super::person::hex;

/// By how much the clocks of a device and of the relay may differ, in seconds.
const SKEW: i64 = 300;

/// A device that has proven itself for this request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProvenDevice {
    /// Hash of its public key.
    pub(crate) id: String,
}

/// The proof is none, or too old, or another request's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidProof;

/// What a proof is about.
pub(crate) struct Proven<'r> {
    pub(crate) method: &'r str,
    pub(crate) origin: &'r str,
    /// Path and query.
    pub(crate) target: &'r str,
    /// The token with which the app is logged in.
    pub(crate) token: &'r str,
}

impl ProvenDevice {
    /// Reads `KEY.TIME.SIGNATURE`: the compressed point, Unix seconds, and ES256 over the request
    /// (`docs/protocol.md`).
    pub(crate) fn verify(proof: &str, request: &Proven<'_>) -> Result<Self, InvalidProof> {
        let mut parts = proof.split('.');
        let (Some(key), Some(time), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidProof);
        };
        let decode = |text| Base64UrlUnpadded::decode_vec(text).map_err(|_| InvalidProof);
        let point = decode(key)?;
        let key = VerifyingKey::from_sec1_bytes(&point).map_err(|_| InvalidProof)?;
        let signature = Signature::from_slice(&decode(signature)?).map_err(|_| InvalidProof)?;
        let at: i64 = time.parse().map_err(|_| InvalidProof)?;
        if (Timestamp::now().as_second().saturating_sub(at)).saturating_abs() > SKEW {
            return Err(InvalidProof);
        }
        let token = hex(&Sha256::digest(request.token));
        let message = format!(
            "naru/1 device\n{}\n{}\n{}\n{time}\n{token}",
            request.method, request.origin, request.target
        );
        key.verify(message.as_bytes(), &signature)
            .map_err(|_| InvalidProof)?;
        let point = key.to_sec1_point(true);
        Ok(Self {
            id: hex(&Sha256::digest(point.as_bytes())[..16]),
        })
    }
}
