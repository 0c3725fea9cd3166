//! What an agency asks of a new password.

use super::Password;

/// Fewest characters and kinds of characters; the kinds are small letters, capitals, digits, and all
/// others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordRules {
    /// Fewest characters.
    pub min_characters: usize,
    /// Fewest kinds, of four.
    pub min_kinds: usize,
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self {
            min_characters: 10,
            min_kinds: 3,
        }
    }
}

/// Why a password is too weak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// It has too few characters.
    #[error("fewer than {min} characters")]
    TooShort {
        /// How many there have to be.
        min: usize,
    },
    /// It has too few kinds of characters.
    #[error("fewer than {min} kinds of characters")]
    TooFewKinds {
        /// How many there have to be.
        min: usize,
    },
}

impl WeakPassword {
    /// A stable name of the cause.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort { .. } => "password_too_short",
            Self::TooFewKinds { .. } => "password_too_few_kinds",
        }
    }
}

impl PasswordRules {
    /// Whether a new password is strong enough.
    pub fn check(&self, password: &Password) -> Result<(), WeakPassword> {
        let text = String::from_utf8_lossy(password.as_bytes());
        let text = zeroize::Zeroizing::new(text.into_owned());
        if text.chars().count() < self.min_characters {
            let min = self.min_characters;
            return Err(WeakPassword::TooShort { min });
        }
        let kinds = [
            |c: char| c.is_ascii_lowercase(),
            |c: char| c.is_ascii_uppercase(),
            |c: char| c.is_ascii_digit(),
            |c: char| !c.is_ascii_alphanumeric(),
        ];
        let count = kinds.iter().filter(|kind| text.chars().any(**kind)).count();
        if count < self.min_kinds {
            let min = self.min_kinds;
            return Err(WeakPassword::TooFewKinds { min });
        }
        Ok(())
    }
}
