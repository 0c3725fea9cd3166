//! What the app brings: HTTP, a place for certificates, and the device's lock.

use std::fmt;

/// Sends HTTP requests for the library. Cancelling the call aborts the request.
#[uniffi::export(foreign)]
#[async_trait::async_trait]
pub trait Transport: Send + Sync {
    /// Sends one request and reads the whole answer, whatever its status. Does not follow redirects,
    /// does not cache, and fails when no answer came within the request's time.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}

/// One HTTP request. Its URL and headers are secret: they are not to be logged.
#[derive(Clone, uniffi::Record)]
pub struct HttpRequest {
    /// `GET`, `PUT`, `POST` or `DELETE`.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The headers, `Authorization` among them.
    pub headers: Vec<HttpHeader>,
    /// The body; empty where there is none.
    pub body: Vec<u8>,
    /// How long the whole answer may take, in milliseconds.
    pub timeout_milliseconds: u64,
}

/// Shows the method only.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// A header of a request or an answer.
#[derive(Clone, uniffi::Record)]
pub struct HttpHeader {
    /// Its name, in any case.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The answer to a request.
#[derive(Clone, uniffi::Record)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Vec<HttpHeader>,
    /// The body.
    pub body: Vec<u8>,
}

/// No answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum TransportError {
    /// No connection, a timeout, or an answer that broke off. The library tries again.
    #[error("the relay did not answer")]
    NoAnswer,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for TransportError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::NoAnswer
    }
}

/// Says who the person is, where the relay wants to know.
#[uniffi::export(foreign)]
#[async_trait::async_trait]
pub trait Login: Send + Sync {
    /// An ID token of the person that is still good for a minute; the app renews it where need be. `None`
    /// where nobody is logged in. Asked before each request: the app keeps the token meanwhile.
    async fn token(&self) -> Result<Option<String>, LoginError>;
}

/// The app could not find out who the person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum LoginError {
    /// The provider does not answer, or the app has failed: as if nobody were logged in.
    #[error("there is no token")]
    NoToken,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for LoginError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::NoToken
    }
}

/// Keeps certificates on this device, encrypted by its hardware where that can be had. A certificate
/// is kept whole or not at all.
#[uniffi::export(foreign)]
#[async_trait::async_trait]
pub trait CertificateStore: Send + Sync {
    /// Keeps a certificate; takes the place of one with the same id.
    async fn save(&self, certificate: StoredCertificate) -> Result<(), StoreError>;

    /// The ids of the certificates that are kept.
    async fn list(&self) -> Result<Vec<String>, StoreError>;

    /// The certificate of this id, as it was saved.
    async fn load(&self, id: String) -> Result<Option<StoredCertificate>, StoreError>;

    /// Deletes the certificate of this id; one that is not there is deleted already.
    async fn delete(&self, id: String) -> Result<(), StoreError>;

    /// Keeps a few bytes of the library's own under a name of small letters, digits and hyphens: a
    /// receipt or this device's key, which is as secret as a certificate.
    async fn save_note(&self, name: String, content: Vec<u8>) -> Result<(), StoreError>;

    /// The bytes of this name, as they were saved.
    async fn load_note(&self, name: String) -> Result<Option<Vec<u8>>, StoreError>;

    /// Deletes the bytes of this name, if they are there.
    async fn delete_note(&self, name: String) -> Result<(), StoreError>;
}

/// A certificate with its private keys, which are encrypted under its owner's password.
#[derive(Clone, uniffi::Record)]
pub struct StoredCertificate {
    /// 64 small hexadecimal digits.
    pub id: String,
    /// All its files.
    pub files: Vec<CertificateFile>,
}

/// Shows the id only.
impl fmt::Debug for StoredCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredCertificate")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A file of a certificate.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct CertificateFile {
    /// Its path, with `/` between the names; where the library says it, below the folder in which
    /// programs look for `GPKI` and `NPKI`.
    pub path: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Why the store did not do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum StoreError {
    /// The device is locked, or the person did not unlock it for this.
    #[error("the store is locked")]
    Locked,
    /// There is no room.
    #[error("the store is full")]
    Full,
    /// What was kept cannot be read any more: its key is gone.
    #[error("the key of the store is gone")]
    KeyLost,
    /// Anything else.
    #[error("the store failed")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for StoreError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// Asks the person to unlock the device: by a fingerprint, a face or the screen lock.
#[uniffi::export(foreign)]
#[async_trait::async_trait]
pub trait UserVerification: Send + Sync {
    /// Returns when the person has been verified for this purpose, which the app shows.
    async fn verify(&self, purpose: VerificationPurpose) -> Result<(), VerificationError>;
}

/// For what the person is to unlock the device.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum VerificationPurpose {
    /// A certificate is about to be sent to another device.
    Send {
        /// What the other device calls itself; empty when it did not say.
        recipient: String,
    },
    /// A certificate is about to be left with the relay.
    Deposit,
    /// A certificate is about to become a file.
    Export,
    /// A certificate is about to be deleted.
    Delete,
}

/// Why the person was not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum VerificationError {
    /// The person did not want to.
    #[error("the person has cancelled")]
    Cancelled,
    /// It was somebody else, or the device has locked itself.
    #[error("the person was not verified")]
    Failed,
    /// The device has no lock: one has to be set up first.
    #[error("the device has no lock")]
    Unavailable,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for VerificationError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}
