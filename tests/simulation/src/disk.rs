//! A device's disk, which outlives the program that writes to it.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use naru_core::certificate::CertificateSet;

/// Files by their paths.
#[derive(Default)]
pub(crate) struct Disk {
    files: RefCell<BTreeMap<String, Vec<u8>>>,
    /// Whether the device has been told that the other one knows of what it has stored.
    pub(crate) acknowledged: Cell<bool>,
}

impl Disk {
    /// A disk that holds a certificate.
    pub(crate) fn with(set: &CertificateSet) -> Self {
        let disk = Self::default();
        for file in set.native_files() {
            disk.write(file.path.as_str(), &file.bytes);
        }
        disk
    }

    /// Puts a whole file into its place, as a rename does.
    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let mut files = self.files.borrow_mut();
        files.insert(path.to_owned(), bytes.to_vec());
    }

    /// Deletes everything.
    pub(crate) fn clear(&self) {
        self.files.borrow_mut().clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.files.borrow().is_empty()
    }

    /// Whether every file of the certificate is there, byte for byte.
    pub(crate) fn holds(&self, set: &CertificateSet) -> bool {
        let files = self.files.borrow();
        let mut wanted = set.native_files().iter();
        wanted.all(|file| files.get(file.path.as_str()) == Some(&file.bytes))
    }

    /// Whether nothing is there but files of the certificate, byte for byte.
    pub(crate) fn holds_nothing_but(&self, set: &CertificateSet) -> bool {
        let wanted = set.native_files();
        let same = |path: &str, bytes: &[u8]| {
            let mut wanted = wanted.iter();
            wanted.any(|file| file.path.as_str() == path && file.bytes == bytes)
        };
        let files = self.files.borrow();
        files.iter().all(|(path, bytes)| same(path, bytes))
    }
}
