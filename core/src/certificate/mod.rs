//! Certificates as they lie on disk: GPKI, NPKI and PKCS#12, found, named and checked without ever
//! changing a byte (`docs/formats.md`).

mod chain;
mod change;
mod change_error;
mod details;
mod encryption;
mod find;
mod legacy_text;
mod password_rules;
mod pkcs12;
mod pkcs12_kdf;
mod private_key;
mod relative_path;
mod report;
mod scheme;

use std::fmt;

use sha2::{Digest, Sha256};
use x509_cert::certificate::{CertificateInner, Raw};
use zeroize::{Zeroize, ZeroizeOnDrop};

#[cfg(feature = "transfer")]
pub(crate) use self::relative_path::are_distinct;
pub use self::{
    chain::{Roots, RootsError},
    change::KeyForm,
    change_error::ChangeError,
    details::{Details, Holder, Validity},
    encryption::MAX_ITERATIONS,
    find::{Found, MAX_FILE_BYTES, Problem, ProblemCause, SourceFile, find},
    password_rules::{PasswordRules, WeakPassword},
    pkcs12::Pkcs12Form,
    private_key::{OpenedKey, SignError, VerifyError, VerifyingKey},
    relative_path::{RelativePath, UnsafePath},
    report::{Chain, KeyCheck, Report},
    scheme::encrypt_with_seed,
};

/// How a certificate lies on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `085홍길동001_sig.cer`, `_sig.key` and, for encipherment, `_env.cer`, `_env.key`.
    Gpki,
    /// A folder with `signCert.der`, `signPri.key` and, for encipherment, `kmCert.der`, `kmPri.key`.
    Npki,
    /// One `.pfx` or `.p12`.
    Pkcs12,
}

impl Format {
    /// A stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gpki => "gpki",
            Self::Npki => "npki",
            Self::Pkcs12 => "pkcs12",
        }
    }
}

/// A file of a certificate at its place below the root of the native layout, its bytes as they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeFile {
    /// Such as `GPKI/Certificate/class2/085홍길동001_sig.cer`.
    pub path: RelativePath,
    /// Verbatim.
    pub bytes: Vec<u8>,
}

/// One certificate with its private key: all the files that belong together.
#[derive(Clone)]
pub struct CertificateSet {
    format: Format,
    /// A PKCS#12 alone; or certificate and key of the signing pair, then of the encipherment pair.
    files: Vec<NativeFile>,
    sources: Vec<String>,
    signing: Option<Signing>,
}

/// The signing half of a set, which can be read without a password.
#[derive(Clone)]
struct Signing {
    certificate: Box<CertificateInner<Raw>>,
    fingerprint: Fingerprint,
    details: Details,
}

impl CertificateSet {
    /// How it lies on disk.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What the certificate says; `None` for a PKCS#12, which says it only to its password.
    pub fn details(&self) -> Option<&Details> {
        self.signing.as_ref().map(|signing| &signing.details)
    }

    /// The paths at which the files were found: all that a deletion removes.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(String::as_str)
    }

    /// The files at their place in the native layout.
    pub fn native_files(&self) -> &[NativeFile] {
        &self.files
    }

    /// Names the set to the people on both devices, without a password.
    pub fn fingerprint(&self) -> Fingerprint {
        match &self.signing {
            Some(signing) => signing.fingerprint,
            None => Fingerprint::of(self.files.first().map_or(&[], |file| &file.bytes)),
        }
    }

    /// The public key of the signing certificate, where it can be read and is of a known kind.
    pub fn verifying_key(&self) -> Option<VerifyingKey> {
        self.signing
            .as_ref()
            .and_then(|signing| VerifyingKey::of(&signing.certificate))
    }

    /// Opens the signing key, on this device only, and holds it against the certificate.
    pub fn check_password(&self, password: &Password) -> Result<Checked, PasswordError> {
        match &self.signing {
            Some(Signing {
                certificate,
                details,
                ..
            }) => {
                let [file, key, ..] = self.files.as_slice() else {
                    return Err(PasswordError::DamagedKey);
                };
                private_key::open(&key.bytes, password, certificate, details, &file.bytes)
            }
            None => {
                let file = self.files.first().ok_or(PasswordError::DamagedKey)?;
                pkcs12::open(&file.bytes, password)
            }
        }
    }
}

impl fmt::Debug for CertificateSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateSet")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// SHA-256 of the signing certificate's DER or, for a PKCS#12, of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The last four hexadecimal digits, in capitals: what two people compare.
    pub fn short(&self) -> String {
        let [.., high, low] = self.0;
        format!("{high:02X}{low:02X}")
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The password of a private key.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Password(Vec<u8>);

impl Password {
    fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What a password came to.
#[derive(Debug)]
pub enum Checked {
    /// It opens the key, and the key belongs to the certificate.
    Opened(OpenedKey),
    /// The key is of a kind that this version cannot open. It can be moved all the same.
    Unchecked {
        /// The object identifier of what is not known.
        algorithm: String,
    },
}

/// Why a password does not open a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is another password.
    #[error("the password is wrong")]
    Wrong,
    /// It opens the key, which belongs to another certificate.
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
    /// The file is cut short or damaged.
    #[error("the private key is damaged")]
    DamagedKey,
    /// The file asks for more key derivation than this device will do.
    #[error("the private key asks for over 1,000,000 rounds of key derivation")]
    TooManyIterations,
}

impl PasswordError {
    /// A stable name of the cause.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Wrong => "wrong_password",
            Self::KeyMismatch => "key_mismatch",
            Self::DamagedKey => "key_damaged",
            Self::TooManyIterations => "too_many_iterations",
        }
    }
}
