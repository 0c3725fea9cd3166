//! Which certificates have been moved from this machine: remembered, so that an original that was kept
//! can still be recognised later.

use std::{collections::BTreeMap, fs, path::PathBuf};

use naru_core::certificate::CertificateSet;

use crate::{
    places,
    storage::{Replace, store_file},
};

/// Fingerprints with the time of their receipt, in Unix seconds.
pub(crate) struct Receipts {
    path: Option<PathBuf>,
    moved: BTreeMap<String, i64>,
}

impl Receipts {
    /// What is remembered; a file that is not there or not readable remembers nothing.
    pub(crate) fn load() -> Self {
        let path = places::state().map(|folder| folder.join("receipts.json"));
        let moved = path
            .as_ref()
            .and_then(|path| fs::read(path).ok())
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self { path, moved }
    }

    /// When the set's receipt came, where one did.
    pub(crate) fn moved_at(&self, set: &CertificateSet) -> Option<i64> {
        self.moved.get(&set.fingerprint().to_string()).copied()
    }

    pub(crate) fn remember(&mut self, set: &CertificateSet, now: i64) {
        self.moved.insert(set.fingerprint().to_string(), now);
        self.save();
    }

    pub(crate) fn forget(&mut self, set: &CertificateSet) {
        self.moved.remove(&set.fingerprint().to_string());
        self.save();
    }

    /// A machine that cannot remember loses no certificate by it.
    fn save(&self) {
        if let (Some(path), Ok(bytes)) = (&self.path, serde_json::to_vec(&self.moved)) {
            let _ = store_file(&bytes, path, Replace::Allow);
        }
    }
}
