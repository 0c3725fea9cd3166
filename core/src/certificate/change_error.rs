//! Why keys cannot be written anew.

use super::PasswordError;

/// Why keys cannot be written anew. What there was is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The password does not open the certificate.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The encipherment key has a password of its own.
    #[error("the encipherment key has another password")]
    OtherPassword,
    /// A key is encrypted in a way that this version cannot open.
    #[error("the key's encryption is not known: {algorithm}")]
    UnknownScheme {
        /// Its object identifier.
        algorithm: String,
    },
    /// The keys cannot be written in this form, or hold something that it would lose.
    #[error("the keys cannot be written in this form")]
    Unsupported,
}

impl ChangeError {
    /// A stable name of the cause.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Password(error) => error.code(),
            Self::OtherPassword => "other_password",
            Self::UnknownScheme { .. } => "unknown_scheme",
            Self::Unsupported => "form_unsupported",
        }
    }
}
