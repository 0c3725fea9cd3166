//! One thing that happened.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::reference::Reference;

/// Who did what, when, from where, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
    /// By which people speak of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reference: Option<Reference>,
    /// The code of what went wrong; absent where nothing did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<String>,
    /// The rule that refused it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<String>,
    /// Whose rules held.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub agency: Option<String>,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<IpAddr>,
    /// Who, where people log in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account: Option<String>,
    /// What else there is to know of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A transfer was opened.
    Opening,
    /// A device joined it.
    Join,
    /// A side ended it.
    End,
    /// A deposit was begun.
    Deposit,
    /// A device began to fetch it.
    Claim,
    /// That device said that it has stored it.
    Receipt,
    /// That device gave it back.
    Return,
    /// Its owner took it back.
    Withdrawal,
    /// A rule stopped somebody.
    Refusal,
    /// Something else went wrong.
    Failure,
    /// The agencies' rules were read anew.
    RuleChange,
    /// Somebody logged in.
    Login,
    /// Somebody logged out.
    Logout,
    /// A device became known, was renamed or was revoked.
    DeviceChange,
    /// Somebody looked something up in this log.
    LookUp,
    /// Entries that were old enough were removed from this log.
    Retention,
}

impl Event {
    /// Something that happens now.
    pub fn now(kind: Kind) -> Self {
        Self {
            // The log's times have milliseconds.
            at: Timestamp::from_millisecond(Timestamp::now().as_millisecond())
                .unwrap_or(Timestamp::UNIX_EPOCH),
            kind,
            reference: None,
            failure: None,
            rule: None,
            agency: None,
            from: None,
            account: None,
            note: None,
        }
    }

    /// The same, about a transfer or a failure.
    pub fn about(mut self, reference: Reference) -> Self {
        self.reference = Some(reference);
        self
    }
}
