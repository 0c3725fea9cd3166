//! The agency's provider: the device authorization grant (RFC 8628), which needs no browser on this machine.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use openidconnect::{
    AdditionalProviderMetadata, ClientId, DeviceAuthorizationUrl, DeviceCodeErrorResponseType,
    DiscoveryError, HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse,
    ProviderMetadata, RefreshToken, RequestTokenError, Scope, TokenResponse,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
        CoreDeviceAuthorizationResponse, CoreGrantType, CoreIdTokenVerifier, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
        CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType, CoreTokenResponse,
    },
};
use reqwest::{Client, Url};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{terminal::Failure, text::Language};

/// How long a provider may take for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// No document of a provider is longer.
const MAX_BYTES: usize = 1 << 20;
const ALGORITHMS: [CoreJwsSigningAlgorithm; 3] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];

#[derive(Debug, Clone, Serialize, Deserialize)]
struct DeviceEndpoint {
    device_authorization_endpoint: Option<DeviceAuthorizationUrl>,
}

impl AdditionalProviderMetadata for DeviceEndpoint {}

type Metadata = ProviderMetadata<
    DeviceEndpoint,
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

/// Why nobody is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoginError {
    Unavailable,
    /// What the provider says makes no sense, or is another's.
    Invalid,
    /// The provider knows no grant for devices, or not for this client.
    NoDeviceGrant,
    /// The person did not want to, or may not.
    Denied,
    /// The person took too long.
    Expired,
}

impl LoginError {
    pub(super) fn told(self, language: Language) -> Failure {
        let (code, ko, en) = match self {
            Self::Unavailable => (
                "provider_unavailable",
                "기관의 로그인 서버가 응답하지 않습니다. 잠시 뒤 다시 시도하세요.",
                "The login server does not answer. Try again in a moment.",
            ),
            Self::Invalid => (
                "provider_invalid",
                "로그인 서버의 설정이 올바르지 않습니다. IT 담당자에게 알리세요.",
                "The login server is not set up correctly. Tell your IT desk.",
            ),
            Self::NoDeviceGrant => (
                "no_device_grant",
                "이 로그인 서버는 명령줄 로그인(RFC 8628)을 받지 않습니다. IT 담당자에게 알리세요.",
                "This login server takes no logins of devices (RFC 8628). Tell your IT desk.",
            ),
            Self::Denied => (
                "login_denied",
                "로그인을 취소했거나 허용되지 않았습니다.",
                "The login was cancelled or is not allowed.",
            ),
            Self::Expired => (
                "login_expired",
                "시간 안에 로그인하지 않았습니다. 다시 실행하세요.",
                "The login took too long. Run this again.",
            ),
        };
        Failure::new(code, language.pick(ko, en))
    }
}

/// What the person has to do now.
pub(super) struct Grant(CoreDeviceAuthorizationResponse);

impl Grant {
    /// Where to log in, with the code in it where the provider can do so.
    pub(super) fn address(&self) -> String {
        let complete = self.0.verification_uri_complete();
        let address = complete.map_or_else(
            || self.0.verification_uri().to_string(),
            |address| address.secret().clone(),
        );
        plain(&address)
    }

    pub(super) fn user_code(&self) -> String {
        plain(self.0.user_code().secret())
    }
}

/// One line on a terminal, whatever the provider sends.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|it| !it.is_control())
        .take(500)
        .collect()
}

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

    /// Asks for a code with which the person logs in, on whatever device they like.
    pub(super) async fn begin(&self) -> Result<Grant, LoginError> {
        let endpoint = &self
            .metadata
            .additional_metadata()
            .device_authorization_endpoint;
        let endpoint = endpoint.clone().ok_or(LoginError::NoDeviceGrant)?;
        if !is_safe(endpoint.as_str()) {
            return Err(LoginError::Invalid);
        }
        let client =
            CoreClient::from_provider_metadata(self.metadata.clone(), self.client_id.clone(), None)
                .set_device_authorization_url(endpoint);
        let http = |request| send(self.http.clone(), request);
        let scopes = ["profile", "email", "offline_access"];
        let grant = client
            .exchange_device_code()
            .add_scopes(scopes.map(|scope| Scope::new(scope.to_owned())))
            .request_async(&http)
            .await
            .map_err(|error| match error {
                RequestTokenError::Request(_) => LoginError::Unavailable,
                RequestTokenError::ServerResponse(_) => LoginError::NoDeviceGrant,
                _ => LoginError::Invalid,
            })?;
        Ok(Grant(grant))
    }

    /// Waits until the person has logged in.
    pub(super) async fn wait(&self, Grant(grant): Grant) -> Result<Tokens, LoginError> {
        let client =
            CoreClient::from_provider_metadata(self.metadata.clone(), self.client_id.clone(), None);
        let http = |request| send(self.http.clone(), request);
        let answer = client
            .exchange_device_access_token(&grant)
            .map_err(|_| LoginError::Invalid)?
            .request_async(&http, tokio::time::sleep, None)
            .await
            .map_err(|error| match error {
                RequestTokenError::Request(_) => LoginError::Unavailable,
                RequestTokenError::ServerResponse(answer) => match answer.error() {
                    DeviceCodeErrorResponseType::ExpiredToken => LoginError::Expired,
                    _ => LoginError::Denied,
                },
                _ => LoginError::Invalid,
            })?;
        self.tokens(&answer, None)
    }

    /// A new token for one that is over.
    pub(super) async fn refresh(
        &self,
        refresh_token: &Zeroizing<String>,
    ) -> Result<Tokens, LoginError> {
        let client =
            CoreClient::from_provider_metadata(self.metadata.clone(), self.client_id.clone(), None);
        let http = |request| send(self.http.clone(), request);
        let token = RefreshToken::new(refresh_token.to_string());
        let answer = client
            .exchange_refresh_token(&token)
            .map_err(|_| LoginError::Invalid)?
            .request_async(&http)
            .await
            .map_err(|error| match error {
                RequestTokenError::Request(_) => LoginError::Unavailable,
                RequestTokenError::ServerResponse(_) => LoginError::Expired,
                _ => LoginError::Invalid,
            })?;
        self.tokens(&answer, Some(refresh_token.clone()))
    }

    fn tokens(
        &self,
        answer: &CoreTokenResponse,
        before: Option<Zeroizing<String>>,
    ) -> Result<Tokens, LoginError> {
        let token = answer.id_token().ok_or(LoginError::Invalid)?;
        let verifier = CoreIdTokenVerifier::new_public_client(
            self.client_id.clone(),
            self.metadata.issuer().clone(),
            self.metadata.jwks().clone(),
        )
        .set_allowed_algs(ALGORITHMS);
        // Nobody but the provider can have answered: there is no nonce in this grant.
        let claims = token
            .claims(&verifier, |_: Option<&Nonce>| Ok(()))
            .map_err(|_| LoginError::Invalid)?;
        let refreshed = answer.refresh_token();
        Ok(Tokens {
            id_token: Zeroizing::new(token.to_string()),
            expires: claims.expiration().timestamp().try_into().unwrap_or(0),
            refresh_token: refreshed
                .map(|token| Zeroizing::new(token.secret().clone()))
                .or(before),
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
fn is_safe(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| match url.scheme() {
        "https" => true,
        "http" => matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")),
        _ => false,
    })
}

/// The provider did not answer, or with too much.
#[derive(Debug, thiserror::Error)]
#[error("the provider does not answer")]
struct NoAnswer;

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
