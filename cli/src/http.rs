//! The relay over HTTP.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use naru_core::{
    client::{Remark, Request, Response, Transport, TransportError},
    pairing::Origin,
};
use reqwest::{Client, Method, header::HeaderValue, redirect};

use crate::login::Session;

/// Sends the driver's requests to one relay, as whoever is logged in there.
pub struct HttpTransport {
    client: Client,
    origin: Origin,
    session: Option<Session>,
    remark: Mutex<Remark>,
}

/// The system's certificates or the TLS implementation cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up HTTPS: {0}")]
pub struct HttpError(#[from] reqwest::Error);

impl HttpTransport {
    /// Connects with the first request, not before.
    pub fn new(origin: Origin) -> Result<Self, HttpError> {
        Ok(Self {
            client: client()?,
            origin,
            session: None,
            remark: Mutex::default(),
        })
    }

    /// The same, for somebody who is logged in.
    pub(crate) fn of(self, session: Option<Session>) -> Self {
        Self { session, ..self }
    }

    /// What the relay has said beside its codes.
    pub fn remark(&self) -> Remark {
        let remark = self.remark.lock();
        remark.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What speaks HTTP to relays and providers.
pub(crate) fn client() -> Result<Client, HttpError> {
    // Somebody in this process may have chosen a provider already; theirs is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10));
    Ok(client.build()?)
}

impl Transport for HttpTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let login = match &self.session {
            Some(session) => session.headers(&self.client, &self.origin, &request).await,
            None => Vec::new(),
        };
        let method =
            Method::from_bytes(request.method.as_str().as_bytes()).map_err(|_| TransportError)?;
        let mut outgoing = self
            .client
            .request(method, format!("{}{}", self.origin, request.path))
            .header("authorization", request.authorization)
            .timeout(request.timeout)
            .body(request.body);
        for (name, value) in login {
            let mut value = HeaderValue::from_str(&value).map_err(|_| TransportError)?;
            value.set_sensitive(true);
            outgoing = outgoing.header(name, value);
        }
        if let Some(content_type) = request.content_type {
            outgoing = outgoing.header("content-type", content_type);
        }
        let answer = outgoing.send().await.map_err(|_| TransportError)?;
        let status = answer.status().as_u16();
        let headers = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect();
        let body = answer.bytes().await.map_err(|_| TransportError)?.to_vec();
        let response = Response {
            status,
            headers,
            body,
        };
        let remark = self.remark.lock();
        remark
            .unwrap_or_else(PoisonError::into_inner)
            .note(&response);
        Ok(response)
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
