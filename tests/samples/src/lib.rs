//! Sample certificates with a known password, in the layouts that officials have them in, and an issuer of sample
//! ID tokens.

mod issue;
mod token;

use std::{
    fs,
    path::{Path, PathBuf},
};

use naru_core::certificate::{Password, encrypt_with_seed};
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use self::issue::{Authority, IDENTITY_RANDOM, Purpose, Subject};
pub use self::{issue::Issued, token::TokenIssuer};

/// The password of every sample.
pub const PASSWORD: &str = "naru-sample-1!";

/// Why a sample could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// A key or certificate could not be built.
    #[error("cannot build a sample: {0}")]
    Build(String),
    /// A file could not be written.
    #[error("cannot write {path}: {error}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

/// The period in which a sample is valid, in Unix seconds.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    /// From.
    pub not_before: u64,
    /// Until.
    pub not_after: u64,
}

impl Period {
    /// From a day before `now` until two years after it.
    pub const fn around(now: u64) -> Self {
        Self {
            not_before: now - 86_400,
            not_after: now + 2 * 365 * 86_400,
        }
    }
}

/// Makes samples; one seed always makes the same keys.
pub struct Samples {
    rng: ChaCha20Rng,
    period: Period,
}

impl Samples {
    /// Takes the seed of all keys and the samples' validity.
    pub fn new(seed: u64, period: Period) -> Self {
        Self {
            rng: ChaCha20Rng::seed_from_u64(seed),
            period,
        }
    }

    /// Writes a signing and an encipherment pair to `root/GPKI/Certificate/class2`; yields the four
    /// files.
    pub fn gpki(&mut self, root: &Path) -> Result<Vec<PathBuf>, SampleError> {
        let authority = Authority::gpki(&mut self.rng)?;
        let folder = root.join("GPKI/Certificate/class2");
        let mut files = Vec::new();
        for (suffix, purpose) in [("sig", Purpose::Signing), ("env", Purpose::Encipherment)] {
            let subject = Subject::official("085홍길동001", purpose);
            let issued = authority.issue(&subject, self.period, None, &mut self.rng)?;
            files.push(write(
                &folder,
                &format!("085홍길동001_{suffix}.cer"),
                &issued.certificate,
            )?);
            let key = self.encrypt(&issued.key)?;
            files.push(write(&folder, &format!("085홍길동001_{suffix}.key"), &key)?);
        }
        Ok(files)
    }

    /// Writes a signing pair, its key with R, to `root/NPKI/yessign/USER/cn=…`; yields the two files.
    pub fn npki(&mut self, root: &Path) -> Result<Vec<PathBuf>, SampleError> {
        let issued = self.npki_issued()?;
        let folder = root.join("NPKI/yessign/USER").join(issue::NPKI_FOLDER);
        let certificate = write(&folder, "signCert.der", &issued.certificate)?;
        let key = self.encrypt(&issued.key)?;
        Ok(vec![certificate, write(&folder, "signPri.key", &key)?])
    }

    /// Writes a PKCS#12 of an NPKI certificate.
    pub fn pkcs12(&mut self, path: &Path) -> Result<PathBuf, SampleError> {
        let issued = self.npki_issued()?;
        let key = PrivateKey::from_der(&issued.key).map_err(build)?;
        let certificate = Certificate::from_der(&issued.certificate).map_err(build)?;
        let mut store = KeyStore::new();
        let chain = PrivateKeyChain::new(b"sample".to_vec(), key, [certificate]);
        store.add_entry("sample", KeyStoreEntry::PrivateKeyChain(chain));
        let bytes = store.writer(PASSWORD).write().map_err(build)?;
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        write(
            path.parent().unwrap_or(Path::new(".")),
            &name.unwrap_or_default(),
            &bytes,
        )
    }

    /// A certificate and its bare key, for tests that encrypt it in a form of their own.
    pub fn npki_issued(&mut self) -> Result<Issued, SampleError> {
        let authority = Authority::npki(&mut self.rng)?;
        authority.issue(
            &Subject::person(),
            self.period,
            Some(IDENTITY_RANDOM),
            &mut self.rng,
        )
    }

    fn encrypt(&mut self, key: &[u8]) -> Result<Vec<u8>, SampleError> {
        encrypt_with_seed(key, &Password::from(PASSWORD.to_owned()), &mut self.rng)
            .ok_or_else(|| SampleError::Build("the key cannot be encrypted".into()))
    }
}

fn build(error: impl std::fmt::Display) -> SampleError {
    SampleError::Build(error.to_string())
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, SampleError> {
    let path = folder.join(name);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, bytes))
        .map_err(|error| SampleError::Write {
            path: path.clone(),
            error,
        })?;
    Ok(path)
}
