//! Entries that each name the one before.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::event::Event;

/// A place in the chain: what the next entry has to name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// How many entries there are up to here.
    pub sequence: u64,
    /// SHA-256 of the last of them, in hexadecimal.
    pub hash: String,
}

impl Link {
    /// Before the first entry.
    pub fn start() -> Self {
        Self {
            sequence: 0,
            hash: "0".repeat(64),
        }
    }
}

/// An event in its place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// From 1.
    pub sequence: u64,
    /// The hash of the entry before.
    pub previous: String,
    /// What happened.
    pub event: Event,
    /// SHA-256 of all that stands before it in the entry's line.
    pub hash: String,
}

/// An entry as it is written.
#[derive(Serialize)]
struct Line<'e> {
    sequence: u64,
    previous: &'e str,
    event: &'e Event,
    hash: &'e str,
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    /// The entry is not what was written.
    #[error("entry {sequence} was changed")]
    Changed {
        /// Which.
        sequence: u64,
    },
    /// The entry does not follow the one before it: entries were removed, added or reordered.
    #[error("entry {expected} is missing, or not in its place")]
    Missing {
        /// Which should have come.
        expected: u64,
    },
    /// Entries are missing at the beginning, and no entry says that they were old enough.
    #[error("entries up to {sequence} were removed before their time")]
    RemovedEarly {
        /// The last of them.
        sequence: u64,
    },
}

impl Entry {
    /// Puts an event behind `link`.
    pub fn after(link: &Link, event: Event) -> Self {
        let mut entry = Self {
            sequence: link.sequence + 1,
            previous: link.hash.clone(),
            event,
            hash: String::new(),
        };
        entry.hash = entry.digest();
        entry
    }

    /// Puts events behind `link`, one after the other.
    pub fn chain(link: &Link, events: &[Event]) -> Vec<Arc<Self>> {
        let mut link = link.clone();
        let mut entries = Vec::with_capacity(events.len());
        for event in events {
            let entry = Self::after(&link, event.clone());
            link = entry.link();
            entries.push(Arc::new(entry));
        }
        entries
    }

    /// The entry's line, as it is stored and exported.
    pub fn line(&self) -> String {
        self.line_with(&self.hash)
    }

    /// The entry of a line, when it is just what was written behind `link`.
    pub fn read(line: &str, link: &Link) -> Result<Self, Break> {
        let expected = link.sequence + 1;
        let entry: Self =
            serde_json::from_str(line).map_err(|_| Break::Changed { sequence: expected })?;
        let sequence = entry.sequence;
        if entry.line() != line || entry.digest() != entry.hash {
            return Err(Break::Changed { sequence });
        }
        match sequence == expected && entry.previous == link.hash {
            true => Ok(entry),
            false => Err(Break::Missing { expected }),
        }
    }

    /// What the next entry has to name.
    pub fn link(&self) -> Link {
        Link {
            sequence: self.sequence,
            hash: self.hash.clone(),
        }
    }

    fn digest(&self) -> String {
        base16ct::lower::encode_string(&Sha256::digest(self.line_with("")))
    }

    fn line_with(&self, hash: &str) -> String {
        let line = Line {
            sequence: self.sequence,
            previous: &self.previous,
            event: &self.event,
            hash,
        };
        serde_json::to_string(&line).unwrap_or_default()
    }
}
