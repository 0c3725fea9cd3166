//! Where the person's browser comes back to on this machine (RFC 8252 §7.3).

use std::{
    convert::Infallible,
    net::Ipv4Addr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode, Uri,
    body::{Bytes, Incoming},
    header::{self, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use subtle::ConstantTimeEq;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use zeroize::Zeroizing;

use super::{error::LoginError, page::Shown};
use crate::text::Language;

const PATH: &str = "/naru";
/// How many programs of this machine are listened to at once; browsers open connections ahead of need.
const CONNECTIONS: usize = 32;
/// How long one of them may take for its request and its answer.
const CONNECTION_WITHIN: Duration = Duration::from_secs(20);

/// A port of this machine that the system has picked.
pub(super) struct Loopback {
    listener: TcpListener,
    port: u16,
}

/// With what the browser came back.
pub(super) enum Returned {
    Code {
        code: Zeroizing<String>,
        /// Who says so (RFC 9207).
        issuer: Option<String>,
    },
    /// The provider's name for why there is no code.
    Error(String),
}

/// RFC 6749 §4.1.2: no parameter may be there twice.
#[derive(Deserialize)]
struct Parameters {
    state: Zeroizing<String>,
    code: Option<Zeroizing<String>>,
    error: Option<String>,
    iss: Option<String>,
}

/// The one login that is waited for.
struct Awaited {
    state: Zeroizing<String>,
    has_come: AtomicBool,
    language: Language,
}

impl Loopback {
    pub(super) async fn open() -> Result<Self, LoginError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(|_| LoginError::NoLoopback)?;
        let address = listener.local_addr().map_err(|_| LoginError::NoLoopback)?;
        Ok(Self {
            listener,
            port: address.port(),
        })
    }

    pub(super) fn address(&self) -> String {
        format!("http://{}:{}{PATH}", Ipv4Addr::LOCALHOST, self.port)
    }

    /// Takes the first request with the right state, refuses all others, and waits until then.
    pub(super) async fn wait(
        self,
        state: Zeroizing<String>,
        within: Duration,
        language: Language,
    ) -> Result<Returned, LoginError> {
        let awaited = Arc::new(Awaited {
            state,
            has_come: AtomicBool::new(false),
            language,
        });
        let returned = timeout(within, self.listen(awaited)).await;
        returned.map_err(|_| LoginError::Expired)?
    }

    async fn listen(self, awaited: Arc<Awaited>) -> Result<Returned, LoginError> {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                taken = self.listener.accept(), if connections.len() < CONNECTIONS => {
                    let (stream, _) = taken.map_err(|_| LoginError::NoLoopback)?;
                    connections.spawn(serve(stream, Arc::clone(&awaited)));
                }
                // Its page has been sent by then.
                Some(ended) = connections.join_next() => {
                    if let Ok(Some(returned)) = ended {
                        return Ok(returned);
                    }
                }
            }
        }
    }
}

/// One request; what came with it, where it is the one that is waited for.
async fn serve(stream: TcpStream, awaited: Arc<Awaited>) -> Option<Returned> {
    let found = Mutex::new(None);
    let service = service_fn(|request: Request<Incoming>| {
        let (status, shown, returned) = awaited.judge(request.method(), request.uri());
        if returned.is_some() {
            *found.lock().unwrap_or_else(PoisonError::into_inner) = returned;
        }
        let page = answer(status, shown.page(awaited.language));
        async { Ok::<_, Infallible>(page) }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // A browser that has gone has been here nevertheless.
    let _ = timeout(CONNECTION_WITHIN, connection).await;
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

impl Awaited {
    fn judge(&self, method: &Method, uri: &Uri) -> (StatusCode, Shown, Option<Returned>) {
        if uri.path() != PATH {
            return (StatusCode::NOT_FOUND, Shown::Foreign, None);
        }
        if method != Method::GET {
            return (StatusCode::METHOD_NOT_ALLOWED, Shown::Foreign, None);
        }
        let Some(returned) = self.returned(uri.query().unwrap_or_default()) else {
            return (StatusCode::FORBIDDEN, Shown::Foreign, None);
        };
        if self.has_come.swap(true, Ordering::SeqCst) {
            return (StatusCode::FORBIDDEN, Shown::Foreign, None);
        }
        let shown = match returned {
            Returned::Code { .. } => Shown::Returned,
            Returned::Error(_) => Shown::Denied,
        };
        (StatusCode::OK, shown, Some(returned))
    }

    fn returned(&self, query: &str) -> Option<Returned> {
        let parameters: Parameters = serde_urlencoded::from_str(query).ok()?;
        let (given, awaited) = (parameters.state.as_bytes(), self.state.as_bytes());
        if !bool::from(given.ct_eq(awaited)) {
            return None;
        }
        match (parameters.code, parameters.error) {
            (Some(code), None) => Some(Returned::Code {
                code,
                issuer: parameters.iss,
            }),
            (None, Some(error)) => Some(Returned::Error(error)),
            _ => None,
        }
    }
}

/// A page that nothing keeps, and that loads and tells nothing.
fn answer(status: StatusCode, page: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(page)));
    *response.status_mut() = status;
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn awaited() -> Awaited {
        Awaited {
            state: Zeroizing::new("the state".into()),
            has_come: AtomicBool::new(false),
            language: Language::En,
        }
    }

    fn status(awaited: &Awaited, method: Method, uri: &str) -> u16 {
        let (status, shown, returned) = awaited.judge(&method, &uri.parse().unwrap());
        assert_eq!(returned.is_some(), status.is_success(), "{uri}");
        assert_eq!(shown == Shown::Foreign, !status.is_success(), "{uri}");
        status.as_u16()
    }

    #[test]
    fn takes_the_first_right_request_and_no_other() {
        let awaited = awaited();
        for (uri, expected) in [
            ("/", 404),
            ("/naru/", 404),
            ("/favicon.ico", 404),
            ("/naru", 403),
            ("/naru?code=c", 403),
            ("/naru?state=other&code=c", 403),
            ("/naru?state=the+stat&code=c", 403),
            ("/naru?state=the+state", 403),
            ("/naru?state=the+state&code=c&error=e", 403),
            ("/naru?state=the+state&code=c&code=d", 403),
            ("/naru?state=the+state&state=the+state&code=c", 403),
        ] {
            assert_eq!(status(&awaited, Method::GET, uri), expected, "{uri}");
        }
        let right = "/naru?state=the+state&code=c&session_state=s";
        assert_eq!(status(&awaited, Method::GET, right), 200);
        assert_eq!(status(&awaited, Method::GET, right), 403);
    }

    #[test]
    fn takes_nothing_but_what_a_browser_asks_for() {
        let (awaited, right) = (awaited(), "/naru?state=the%20state&code=c");
        for method in [Method::POST, Method::HEAD, Method::OPTIONS] {
            assert_eq!(status(&awaited, method, right), 405);
        }
        assert_eq!(status(&awaited, Method::GET, right), 200);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_waited_for_for_ever() {
        let loopback = Loopback::open().await.unwrap();
        assert!(loopback.address().starts_with("http://127.0.0.1:"));
        let state = Zeroizing::new("s".into());
        let ended = loopback
            .wait(state, Duration::from_secs(600), Language::Ko)
            .await;
        assert_eq!(ended.err(), Some(LoginError::Expired));
    }
}
