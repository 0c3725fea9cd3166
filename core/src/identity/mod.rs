//! That one person is at both ends: each shows the other an ID token that names a key of its device, and that
//! key's signature over the handshake (`docs/protocol.md` §8.1).
//!
//! The relay has no part in it, and can neither lie about accounts nor leave a proof out. Before a login the
//! host draws an [`IdentityKey`] and sends [`IdentityKey::nonce`] with it; of the token that comes back an
//! [`Identity`] is made.

mod claims;
mod json;
mod key;
mod key_set;
mod proof;
mod requirement;
mod token;

use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

pub use self::{
    key::{IdentityKey, InvalidIdentityKey},
    proof::{End, Proof, ProofRefused},
    requirement::{Requirement, RequirementError, Vouched},
    token::{MAX_TOKEN_BYTES, TokenRefused},
};

/// Whoever is logged in on this device, and what the other device has to prove to be theirs.
#[derive(Clone)]
pub struct Identity(Arc<Login>);

struct Login {
    token: Zeroizing<String>,
    key: IdentityKey,
    subject: String,
    requirement: Requirement,
    now: fn() -> u64,
}

impl Identity {
    /// Takes the ID token of a login with the nonce of `key`, if it meets `requirement` itself; `now` tells
    /// Unix seconds, and is asked again when the other device's token has come.
    pub fn new(
        token: String,
        key: IdentityKey,
        requirement: Requirement,
        now: fn() -> u64,
    ) -> Result<Self, TokenRefused> {
        let token = Zeroizing::new(token);
        let vouched = requirement.check(&token, now())?;
        if vouched.nonce.as_deref() != Some(key.nonce().as_str()) {
            return Err(TokenRefused::Nonce);
        }
        Ok(Self(Arc::new(Login {
            token,
            key,
            subject: vouched.subject,
            requirement,
            now,
        })))
    }

    /// Proves to the other end of one handshake who is at this `end`.
    pub fn prove(&self, handshake_hash: &[u8; 32], end: End) -> Proof {
        Proof::new(&self.0.token, &self.0.key, handshake_hash, end)
    }

    /// Whether the same person is at the other `end`.
    pub fn recognise(
        &self,
        proof: &Proof,
        handshake_hash: &[u8; 32],
        end: End,
    ) -> Result<(), ProofRefused> {
        let vouched = self.0.requirement.check(&proof.token, (self.0.now)())?;
        proof.check(vouched.nonce.as_deref(), handshake_hash, end)?;
        // The issuer is the requirement's in both.
        if vouched.subject == self.0.subject {
            Ok(())
        } else {
            Err(ProofRefused::OtherPerson)
        }
    }
}

/// Redacted.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}
