//! What the driver asks of its host: one HTTP request, and a pause.
use std::{fmt, future::Future, time::Duration};

/// Sends HTTP requests to the pairing's relay. The host owns connections, TLS and timeouts; the
/// driver owns retries.
pub trait Transport {
    /// Sends one request and reads the whole answer, whatever its status. Redirects are not
    /// followed, and a dropped future aborts the request.
    fn send(&self, request: Request) -> impl Future<Output = Result<Response, TransportError>>;

    /// Resolves after `duration`.
    fn pause(&self, duration: Duration) -> impl Future<Output = ()>;
}

/// The methods that the relay knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads frames.
    Get,
    /// Opens a mailbox or appends a frame.
    Put,
    /// Joins.
    Post,
    /// Ends a mailbox.
    Delete,
}

impl Method {
    /// The method's token (RFC 9110 §9).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// One HTTP request, relative to the relay's origin.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Value of the `Authorization` header. Secret: it is not to be logged.
    pub authorization: String,
    /// Value of the `Content-Type` header where there is a body.
    pub content_type: Option<&'static str>,
    /// The body, at most 64,000 bytes.
    pub body: Vec<u8>,
    /// How long the host waits for the whole answer, the relay's own waiting included.
    pub timeout: Duration,
}

/// Shows the method only: path and header are secret.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// The answer to a [`Request`].
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names and values of the headers, names in any case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// No answer came: no connection, a timeout, a broken answer. The driver sends the same again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the relay did not answer")]
pub struct TransportError;
