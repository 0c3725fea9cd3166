//! The key that a login is bound to.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{crypto::sha256, device_key::draw};

/// Made before a login and for that login alone; the host keeps it with the ID token, and forgets both
/// together.
#[derive(Clone)]
pub struct IdentityKey(SigningKey);

/// The bytes are no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the key of an identity")]
pub struct InvalidIdentityKey;

impl IdentityKey {
    /// A new one.
    pub fn draw(rng: &mut impl CryptoRng) -> Self {
        Self(draw(rng))
    }

    /// What the host has kept of one while the person was at the provider's.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidIdentityKey> {
        SigningKey::from_slice(bytes)
            .map(Self)
            .map_err(|_| InvalidIdentityKey)
    }

    /// What the host has to keep.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// The `nonce` of the authentication request (OpenID Connect Core §3.1.2.1): a commitment to this key,
    /// 43 characters.
    pub fn nonce(&self) -> String {
        nonce(&self.point())
    }

    pub(super) fn point(&self) -> [u8; 33] {
        let mut point = [0; 33];
        let encoded = self.0.verifying_key().to_sec1_point(true);
        // A compressed point has as many bytes, as it is never the point at infinity.
        for (into, byte) in point.iter_mut().zip(encoded.as_bytes()) {
            *into = *byte;
        }
        point
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature: Signature = self.0.sign(message);
        signature.to_bytes().into()
    }
}

/// Redacted.
impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityKey(..)")
    }
}

/// What the nonce of a token has to be for the token to name this key.
pub(super) fn nonce(point: &[u8; 33]) -> String {
    Base64UrlUnpadded::encode_string(&sha256(&[b"naru/1 identity key", point]))
}
