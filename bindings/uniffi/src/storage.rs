//! The app's store, with what Naru asks of it: what was saved is read back and compared.

use std::sync::Arc;

use naru_core::certificate::{CertificateSet, SourceFile, find};
use zeroize::Zeroizing;

use crate::{
    failure::{Failure, Refusal},
    host::{CertificateFile, CertificateStore, StoreError, StoredCertificate},
};

#[derive(Clone)]
pub(crate) struct Storage(Arc<dyn CertificateStore>);

/// A certificate in the store.
pub(crate) struct Kept {
    pub(crate) id: String,
    pub(crate) set: CertificateSet,
    pub(crate) moved_at: Option<i64>,
}

/// A certificate that was saved and read back.
pub(crate) struct Saved {
    pub(crate) id: String,
    pub(crate) is_new: bool,
}

impl Storage {
    pub(crate) fn new(store: Arc<dyn CertificateStore>) -> Self {
        Self(store)
    }

    /// What is kept of the library's own under a name.
    pub(crate) async fn secret(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        Ok(self.0.load_note(name.to_owned()).await?.map(Zeroizing::new))
    }

    pub(crate) async fn keep_secret(&self, name: &str, content: Vec<u8>) -> Result<(), Failure> {
        Ok(self.0.save_note(name.to_owned(), content).await?)
    }

    pub(crate) async fn forget_secret(&self, name: &str) -> Result<(), Failure> {
        Ok(self.0.delete_note(name.to_owned()).await?)
    }

    /// Saves, reads back and compares; yields the id, and whether there was none of it before. Where other bytes come back, what had been there
    /// before is put back.
    pub(crate) async fn save(&self, set: &CertificateSet) -> Result<Saved, Failure> {
        let id = set.fingerprint().to_string();
        let before = self.0.load(id.clone()).await?;
        let files = files(set);
        let certificate = StoredCertificate {
            id: id.clone(),
            files: files.clone(),
        };
        self.0.save(certificate).await?;
        let kept = self.0.load(id.clone()).await;
        if matches!(&kept, Ok(Some(kept)) if same(&kept.files, &files)) {
            // Whoever stores it anew wants to have it here.
            self.0.delete_note(receipt(&id)).await?;
            return Ok(Saved {
                id,
                is_new: before.is_none(),
            });
        }
        match before {
            Some(before) => self.0.save(before).await?,
            None => self.0.delete(id).await?,
        }
        match kept {
            Err(error) => Err(error.into()),
            Ok(_) => Err(Refusal::NotRetained.into()),
        }
    }

    /// Every certificate that can be read; what cannot is passed over.
    pub(crate) async fn all(&self) -> Result<Vec<Kept>, Failure> {
        let mut all = Vec::new();
        for id in self.0.list().await? {
            let Some(stored) = self.0.load(id.clone()).await? else {
                continue;
            };
            let files = stored.files.into_iter().map(|file| SourceFile {
                path: file.path,
                bytes: file.content,
            });
            if let Some(set) = find(files.collect()).sets.into_iter().next() {
                let moved_at = self.moved_at(&id).await?;
                all.push(Kept { id, set, moved_at });
            }
        }
        Ok(all)
    }

    pub(crate) async fn delete(&self, id: &str) -> Result<(), StoreError> {
        self.0.delete(id.to_owned()).await?;
        self.0.delete_note(receipt(id)).await
    }

    /// Remembers that another device has the certificate, so that the original can go later.
    pub(crate) async fn remember_receipt(&self, id: &str, now: i64) -> Result<(), StoreError> {
        let content = now.to_string().into_bytes();
        self.0.save_note(receipt(id), content).await
    }

    /// When the receipt of a certificate came, in Unix seconds, where one did.
    pub(crate) async fn moved_at(&self, id: &str) -> Result<Option<i64>, StoreError> {
        let note = self.0.load_note(receipt(id)).await?;
        Ok(note
            .and_then(|note| String::from_utf8(note).ok())
            .and_then(|note| note.parse().ok()))
    }
}

fn receipt(id: &str) -> String {
    format!("receipt-{id}")
}

/// The files of a certificate at their native places.
pub(crate) fn files(set: &CertificateSet) -> Vec<CertificateFile> {
    let files = set.native_files().iter().map(|file| CertificateFile {
        path: file.path.to_string(),
        content: file.bytes.clone(),
    });
    files.collect()
}

/// Whether these are the same files, in whatever order.
fn same(one: &[CertificateFile], other: &[CertificateFile]) -> bool {
    one.len() == other.len() && other.iter().all(|file| one.contains(file))
}
