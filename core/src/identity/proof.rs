//! What one end shows the other.

use std::fmt;

use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier};
use zeroize::Zeroizing;

use super::{
    key::{IdentityKey, nonce},
    token::TokenRefused,
};
use crate::crypto::sha256;

/// An ID token, the key that its nonce commits to, and that key's signature over one handshake.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    /// In its compact form.
    pub token: Zeroizing<String>,
    /// A compressed point of P-256 (SEC 1 §2.3.3).
    pub key: [u8; 33],
    /// ECDSA with SHA-256, `r ‖ s`.
    pub signature: [u8; 64],
}

/// Which of the two a proof is of: what one has signed is never taken for the other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Has the certificate.
    Giver,
    /// Gets it.
    Receiver,
}

/// Why the other device is not known to be the same person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofRefused {
    /// One of the two devices proves who is at it, and the other does not.
    #[error("only one of the two devices says who is logged in")]
    Missing,
    /// The token is not one that counts, or is another key's.
    #[error("the other device's token is refused: {0}")]
    Token(#[from] TokenRefused),
    /// The key has not signed this handshake, or not for this end of it.
    #[error("the other device does not have the key of its token")]
    Signature,
    /// It is somebody else's.
    #[error("another person is logged in on the other device")]
    OtherPerson,
}

impl ProofRefused {
    /// A stable name of the cause.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "identity_missing",
            Self::Token(_) | Self::Signature => "identity_invalid",
            Self::OtherPerson => "other_person",
        }
    }
}

impl Proof {
    pub(crate) fn new(
        token: &Zeroizing<String>,
        key: &IdentityKey,
        handshake_hash: &[u8; 32],
        end: End,
    ) -> Self {
        Self {
            token: token.clone(),
            key: key.point(),
            signature: key.sign(&signed_message(end, handshake_hash, token)),
        }
    }

    /// Whether the device has the key for which the token was made.
    pub(super) fn check(
        &self,
        expected: Option<&str>,
        handshake_hash: &[u8; 32],
        end: End,
    ) -> Result<(), ProofRefused> {
        if expected != Some(nonce(&self.key).as_str()) {
            return Err(TokenRefused::Nonce.into());
        }
        let message = signed_message(end, handshake_hash, &self.token);
        let key = VerifyingKey::from_sec1_bytes(&self.key).map_err(|_| ProofRefused::Signature)?;
        Signature::from_slice(&self.signature)
            .and_then(|signature| key.verify(&message, &signature))
            .map_err(|_| ProofRefused::Signature)
    }
}

/// Redacted.
impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof(..)")
    }
}

fn signed_message(end: End, handshake_hash: &[u8; 32], token: &str) -> Vec<u8> {
    let label: &[u8] = match end {
        End::Giver => b"naru/1 identity giver",
        End::Receiver => b"naru/1 identity receiver",
    };
    [label, handshake_hash, &sha256(&[token.as_bytes()])].concat()
}
