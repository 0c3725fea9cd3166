//! What is known of a certificate once it has been stored: the same on every device.

use super::{CertificateSet, Checked, Details, Roots, Validity};

/// What checking has shown. Whether the certificate has been revoked is never looked up, and whoever
/// shows a report has to say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whether the private key belongs to the certificate.
    pub key: KeyCheck,
    /// What the certificate says, where it can be read.
    pub details: Option<Details>,
    /// Where now lies in its validity.
    pub validity: Option<Validity>,
    /// Whether a trusted root stands behind it.
    pub chain: Chain,
    /// Whether R, by which its holder's identity can be checked, is there; `None` while the key has
    /// not been opened.
    pub identity_random: Option<bool>,
}

/// Whether a private key belongs to its certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCheck {
    /// The password has not been given here.
    NotChecked,
    /// It does.
    Matches,
    /// The key is of a kind that this version cannot open.
    Unknown,
}

impl KeyCheck {
    /// A stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotChecked => "not_checked",
            Self::Matches => "matches",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether a trusted root stands behind a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// No roots are known here.
    NotConfigured,
    /// One does.
    Trusted,
    /// None does.
    Untrusted,
}

impl Chain {
    /// A stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotConfigured => "not_configured",
            Self::Trusted => "trusted",
            Self::Untrusted => "untrusted",
        }
    }
}

impl CertificateSet {
    /// What is known at `now` (Unix seconds). `checked` is what [`Self::check_password`] gave, where
    /// the password has been given.
    pub fn report(&self, checked: Option<&Checked>, roots: Option<&Roots>, now: i64) -> Report {
        let opened = match checked {
            Some(Checked::Opened(key)) => Some(key),
            _ => None,
        };
        let details = opened.map(|key| key.details()).or(self.details());
        Report {
            key: match checked {
                None => KeyCheck::NotChecked,
                Some(Checked::Opened(_)) => KeyCheck::Matches,
                Some(Checked::Unchecked { .. }) => KeyCheck::Unknown,
            },
            validity: details.map(|details| details.validity_at(now)),
            details: details.cloned(),
            chain: match roots {
                None => Chain::NotConfigured,
                Some(roots) if self.is_vouched_for(checked, roots, now) => Chain::Trusted,
                Some(_) => Chain::Untrusted,
            },
            identity_random: opened.map(|key| key.identity_random_present()),
        }
    }

    fn is_vouched_for(&self, checked: Option<&Checked>, roots: &Roots, now: i64) -> bool {
        match (&self.signing, checked) {
            (Some(_), _) => self
                .files
                .first()
                .is_some_and(|file| roots.vouch_for(&file.bytes, now)),
            (None, Some(Checked::Opened(key))) => roots.vouch_for(key.certificate(), now),
            (None, _) => false,
        }
    }
}
