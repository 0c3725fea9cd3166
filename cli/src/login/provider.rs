//! The agency's provider: what it says of itself, and what it gives.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use openidconnect::{
    AdditionalProviderMetadata, AuthUrl, ClientId, DeviceAuthorizationUrl, DiscoveryError,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    NonceVerifier, OAuth2TokenResponse, ProviderMetadata, RefreshToken, RequestTokenError,
    TokenResponse,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
        CoreGrantType, CoreIdTokenVerifier, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType,
        CoreSubjectIdentifierType, CoreTokenResponse,
    },
    http::{self, HeaderValue, Method, header},
};
use reqwest::{Client, Url};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::LoginError;

/// How long a provider may take for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// No document of a provider is longer.
const MAX_BYTES: usize = 1 << 20;
const ALGORITHMS: [CoreJwsSigningAlgorithm; 3] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What the client asks of a person's login at the relay.
pub(super) const SCOPES: [&str; 3] = ["profile", "email", "offline_access"];

/// RFC 8628 and RFC 9207.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Extensions {
    device_authorization_endpoint: Option<DeviceAuthorizationUrl>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Extensions {}

type Metadata = ProviderMetadata<
    Extensions,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// A client as the provider's description has made it.
pub(super) type Registered = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What a provider gives.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Tokens {
    pub(super) id_token: Zeroizing<String>,
    /// Unix seconds.
    pub(super) expires: u64,
    pub(super) refresh_token: Option<Zeroizing<String>>,
}

/// Redacted.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(..)")
    }
}

/// One line on a terminal, whatever the provider sends.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .filter(|it| !it.is_control())
        .take(500)
        .collect()
}

/// One client of a provider.
pub(super) struct Provider {
    http: Client,
    metadata: Metadata,
    client_id: ClientId,
}

impl Provider {
    pub(super) async fn discover(
        http: &Client,
        issuer: &str,
        client_id: &str,
    ) -> Result<Self, LoginError> {
        if !is_safe(issuer) {
            return Err(LoginError::Invalid);
        }
        let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|_| LoginError::Invalid)?;
        let send = |request| send(http.clone(), request);
        let metadata = Metadata::discover_async(issuer, &send).await;
        Ok(Self {
            http: http.clone(),
            metadata: metadata.map_err(|error| match error {
                DiscoveryError::Request(_) => LoginError::Unavailable,
                _ => LoginError::Invalid,
            })?,
            client_id: ClientId::new(client_id.to_owned()),
        })
    }

    /// The same provider for another of its clients.
    pub(super) fn as_client(&self, client_id: &str) -> Self {
        Self {
            http: self.http.clone(),
            metadata: self.metadata.clone(),
            client_id: ClientId::new(client_id.to_owned()),
        }
    }

    pub(super) fn client(&self) -> Registered {
        CoreClient::from_provider_metadata(self.metadata.clone(), self.client_id.clone(), None)
    }

    pub(super) fn send(
        &self,
        request: HttpRequest,
    ) -> impl Future<Output = Result<HttpResponse, NoAnswer>> + use<> {
        send(self.http.clone(), request)
    }

    pub(super) fn issuer(&self) -> &str {
        self.metadata.issuer()
    }

    pub(super) fn authorization_endpoint(&self) -> &AuthUrl {
        self.metadata.authorization_endpoint()
    }

    /// `None` where the provider knows no grant for devices.
    pub(super) fn device_endpoint(&self) -> Option<&DeviceAuthorizationUrl> {
        let extensions = self.metadata.additional_metadata();
        extensions.device_authorization_endpoint.as_ref()
    }

    /// Whether it says with every code that the code is its own.
    pub(super) fn names_itself(&self) -> bool {
        let extensions = self.metadata.additional_metadata();
        extensions.authorization_response_iss_parameter_supported
    }

    /// The document at its `jwks_uri`.
    pub(super) async fn key_set(&self) -> Result<String, LoginError> {
        let mut request = HttpRequest::new(Vec::new());
        *request.method_mut() = Method::GET;
        let uri = self.metadata.jwks_uri().as_str().parse::<http::Uri>();
        *request.uri_mut() = uri.map_err(|_| LoginError::Invalid)?;
        let accepted = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::ACCEPT, accepted);
        let answer = self.send(request).await;
        let answer = answer.map_err(|_| LoginError::Unavailable)?;
        if !answer.status().is_success() {
            return Err(LoginError::Unavailable);
        }
        String::from_utf8(answer.into_body()).map_err(|_| LoginError::Invalid)
    }

    /// A new token for one that is over.
    pub(super) async fn refresh(
        &self,
        refresh_token: &Zeroizing<String>,
    ) -> Result<Tokens, LoginError> {
        let http = |request| self.send(request);
        let token = RefreshToken::new(refresh_token.to_string());
        let answer = self
            .client()
            .exchange_refresh_token(&token)
            .map_err(|_| LoginError::Invalid)?
            .request_async(&http)
            .await
            .map_err(|error| match error {
                RequestTokenError::Request(_) => LoginError::Unavailable,
                RequestTokenError::ServerResponse(_) => LoginError::Expired,
                _ => LoginError::Invalid,
            })?;
        // Nobody but the provider can have answered.
        let tokens = self.tokens(&answer, |_: Option<&Nonce>| Ok(()))?;
        Ok(Tokens {
            refresh_token: tokens.refresh_token.or(Some(refresh_token.clone())),
            ..tokens
        })
    }

    /// What an answer gives, if its ID token is the provider's, for this client, and for this login.
    pub(super) fn tokens(
        &self,
        answer: &CoreTokenResponse,
        nonce: impl NonceVerifier,
    ) -> Result<Tokens, LoginError> {
        let token = answer.id_token().ok_or(LoginError::Invalid)?;
        let verifier = CoreIdTokenVerifier::new_public_client(
            self.client_id.clone(),
            self.metadata.issuer().clone(),
            self.metadata.jwks().clone(),
        )
        .set_allowed_algs(ALGORITHMS);
        let claims = token.claims(&verifier, nonce);
        let claims = claims.map_err(|_| LoginError::Invalid)?;
        let refreshed = answer.refresh_token();
        Ok(Tokens {
            id_token: Zeroizing::new(token.to_string()),
            expires: claims.expiration().timestamp().try_into().unwrap_or(0),
            refresh_token: refreshed.map(|token| Zeroizing::new(token.secret().clone())),
        })
    }
}

impl Tokens {
    /// Whether the relay may take it for another while.
    pub(super) fn is_fresh(&self) -> bool {
        now() + 30 < self.expires
    }
}

/// Unix seconds.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Whether nobody on the way can read or change what goes there.
pub(super) fn is_safe(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| match url.scheme() {
        "https" => true,
        "http" => matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")),
        _ => false,
    })
}

/// The provider did not answer, or with too much.
#[derive(Debug, thiserror::Error)]
#[error("the provider does not answer")]
pub(super) struct NoAnswer;

async fn send(http: Client, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
    let mut request = reqwest::Request::try_from(request).map_err(|_| NoAnswer)?;
    if !is_safe(request.url().as_str()) {
        return Err(NoAnswer);
    }
    *request.timeout_mut() = Some(ANSWER_WITHIN);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn talks_in_the_clear_to_this_machine_only() {
        for address in [
            "http://login.example",
            "ftp://localhost",
            "localhost",
            "http://localhost.example",
            "",
        ] {
            assert!(!is_safe(address), "{address}");
        }
        for address in [
            "https://login.example",
            "http://localhost:1/x",
            "http://127.0.0.1",
            "http://[::1]:5",
        ] {
            assert!(is_safe(address), "{address}");
        }
    }

    #[test]
    fn shows_one_line_of_what_a_provider_sends() {
        assert_eq!(plain("a\n\u{1b}[2Jb"), "a[2Jb");
        assert_eq!(plain(&"x".repeat(1_000)).len(), 500);
    }

    #[test]
    fn hides_its_tokens() {
        let tokens = Tokens {
            id_token: Zeroizing::new("canary".to_owned()),
            expires: now() + 10,
            refresh_token: Some(Zeroizing::new("canary".to_owned())),
        };
        assert!(!format!("{tokens:?}").contains("canary"));
        assert!(!tokens.is_fresh());
    }
}
