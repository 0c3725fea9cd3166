//! The certificates that are moved, made once for all runs.

use std::fs;

use naru_core::certificate::{CertificateSet, Checked, OpenedKey, Password, SourceFile, find};
use naru_samples::{PASSWORD, Period, Samples};
use tempfile::TempDir;

/// A moment at which the samples are valid, in Unix seconds.
const NOW: u64 = 1_795_000_000;

/// Whose certificates there are.
pub struct Materials {
    /// The person's own.
    pub(crate) own: Material,
    /// That of somebody who has photographed the code.
    pub(crate) foreign: Material,
}

/// A certificate and its opened key.
pub(crate) struct Material {
    pub(crate) set: CertificateSet,
    pub(crate) key: OpenedKey,
}

impl Materials {
    /// Makes two certificates with keys of their own.
    ///
    /// # Panics
    /// When they cannot be made.
    pub fn new() -> Self {
        Self {
            own: Material::of(1),
            foreign: Material::of(2),
        }
    }
}

impl Default for Materials {
    fn default() -> Self {
        Self::new()
    }
}

impl Material {
    fn of(seed: u64) -> Self {
        let folder = TempDir::new().expect("a folder");
        let files = Samples::new(seed, Period::around(NOW))
            .npki(folder.path())
            .expect("a sample");
        let files = files.iter().map(|path| SourceFile {
            path: path.to_string_lossy().into_owned(),
            bytes: fs::read(path).expect("it is there"),
        });
        let set = find(files.collect()).sets.pop().expect("a certificate");
        let password = Password::from(PASSWORD.to_owned());
        match set.check_password(&password).expect("the right password") {
            Checked::Opened(key) => Self { set, key },
            Checked::Unchecked { .. } => panic!("a known cipher"),
        }
    }
}
