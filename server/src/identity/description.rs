//! What a provider says of itself: asked when it is needed, kept for a while.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use openidconnect::{
    DiscoveryError, HttpRequest, HttpResponse, IssuerUrl, core::CoreProviderMetadata,
};
use tokio::sync::Mutex;
use url::Url;

use super::provider::TokenRefused;

/// How long a provider may take for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// No document of a provider is longer.
const MAX_BYTES: usize = 1 << 20;
/// How long what a provider says of itself is believed.
const KNOWN_FOR: Duration = Duration::from_secs(3_600);
/// How often it is asked for a key that nobody knows: whoever forges tokens can make it be asked.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(10);
/// How long a provider that has failed is left alone.
const LEAVE_ALONE_FOR: Duration = Duration::from_secs(1);

/// Endpoints and keys of one provider.
pub(super) struct Description {
    /// For the log.
    id: String,
    issuer: String,
    http: reqwest::Client,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    metadata: Option<(Arc<CoreProviderMetadata>, Instant)>,
    /// When it was asked for new keys.
    renewed: Option<Instant>,
    failed: Option<(TokenRefused, Instant)>,
}

/// How new what a provider says of itself has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Usual,
    /// There may be keys that nobody has seen.
    NewKeys,
}

impl Description {
    pub(super) fn new(id: String, issuer: String) -> Result<Self, reqwest::Error> {
        // A host that has chosen a TLS provider keeps it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ANSWER_WITHIN)
            .build()?;
        Ok(Self {
            id,
            issuer,
            http,
            known: Mutex::default(),
        })
    }

    /// One request to the provider.
    pub(super) fn send(
        &self,
        request: HttpRequest,
    ) -> impl Future<Output = Result<HttpResponse, NoAnswer>> + use<> {
        send(self.http.clone(), request)
    }

    /// Origins of its tokens and keys; where it is silent, its own alone.
    pub(super) async fn origins(&self) -> Vec<String> {
        let described = self.read(Wanted::Usual).await.ok();
        let endpoints = described.iter().flat_map(|it| {
            let token = it.token_endpoint().map(|it| it.url().clone());
            token.into_iter().chain([it.jwks_uri().url().clone()])
        });
        let urls = Url::parse(&self.issuer).into_iter().chain(endpoints);
        // A host may hold what means something in a policy.
        let is_plain = |it: char| {
            it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | ':' | '/' | '[' | ']')
        };
        let origins = urls.map(|url| url.origin().ascii_serialization());
        origins.filter(|it| it.chars().all(is_plain)).collect()
    }

    /// What the provider says of itself.
    pub(super) async fn read(
        &self,
        wanted: Wanted,
    ) -> Result<Arc<CoreProviderMetadata>, TokenRefused> {
        // Whoever comes meanwhile waits for the same answer.
        let mut known = self.known.lock().await;
        let is_enough = |asked: &Instant| match wanted {
            Wanted::Usual => asked.elapsed() < KNOWN_FOR,
            Wanted::NewKeys => {
                let renewed = known.renewed;
                renewed.is_some_and(|renewed| renewed.elapsed() < ASK_AGAIN_AFTER)
            }
        };
        if let Some((metadata, asked)) = &known.metadata
            && is_enough(asked)
        {
            return Ok(Arc::clone(metadata));
        }
        if wanted == Wanted::NewKeys {
            known.renewed = Some(Instant::now());
        }
        if let Some((refused, at)) = known.failed
            && at.elapsed() < LEAVE_ALONE_FOR
        {
            return Err(refused);
        }
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(|_| TokenRefused::Provider)?;
        let http = |request| self.send(request);
        match CoreProviderMetadata::discover_async(issuer, &http).await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                known.metadata = Some((Arc::clone(&metadata), Instant::now()));
                known.failed = None;
                Ok(metadata)
            }
            Err(error) => {
                let refused = match &error {
                    DiscoveryError::Request(_) => TokenRefused::Unavailable,
                    DiscoveryError::Response(status, ..) if status.is_server_error() => {
                        TokenRefused::Unavailable
                    }
                    _ => TokenRefused::Provider,
                };
                tracing::warn!(provider = self.id, code = refused.code(), "no login");
                known.failed = Some((refused, Instant::now()));
                Err(refused)
            }
        }
    }
}

/// The provider did not answer, or with too much.
#[derive(Debug, thiserror::Error)]
#[error("the provider does not answer")]
pub(super) struct NoAnswer;

async fn send(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
    let request = reqwest::Request::try_from(request).map_err(|_| NoAnswer)?;
    let mut answer = http.execute(request).await.map_err(|_| NoAnswer)?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| NoAnswer)? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(NoAnswer);
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = HttpResponse::new(body);
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    Ok(response)
}
