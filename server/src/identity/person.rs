//! Somebody who is logged in.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Who it is: a hash of issuer and subject, so that no log has a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Account(String);

impl Account {
    pub(super) fn of(issuer: &str, subject: &str) -> Self {
        let digest = Sha256::new()
            .chain_update("naru/1 account")
            .chain_update((issuer.len() as u64).to_be_bytes())
            .chain_update(issuer)
            .chain_update(subject)
            .finalize();
        Self(hex(&digest[..16]))
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Somebody who is logged in, and how.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) account: Account,
    /// By which provider's word, by its id.
    pub(crate) provider: String,
    /// As the person is called.
    pub(crate) name: Option<String>,
    /// Whose rules hold.
    pub(crate) agency: String,
    /// Whether the audit may be looked into.
    pub(crate) is_admin: bool,
    pub(crate) by: By,
}

/// How somebody is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum By {
    /// By the cookie of a browser; the session's key.
    Session(String),
    /// By a token of an app.
    Token {
        /// Under which key it would be known that it was logged out.
        logged_out: String,
        /// Unix seconds.
        expires: i64,
    },
}

pub(super) fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// Under which key something is kept that whoever reads the registry cannot use.
pub(super) fn hashed(kind: &str, secret: &[u8]) -> String {
    format!("{kind}/{}", hex(&Sha256::digest(secret)))
}
