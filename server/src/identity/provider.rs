//! One OpenID provider: what it says of itself, and what its tokens say of people.

use base64ct::{Base64UrlUnpadded, Encoding};
use chrono::{TimeDelta, Utc};
use openidconnect::{
    AccessToken, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError, ClientId,
    ClientSecret, CsrfToken, HttpRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError,
    TokenResponse,
    core::{
        CoreClient, CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm,
        CoreProviderMetadata, CoreResponseType,
    },
};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde_json::Value;
use url::Url;

use super::{
    description::{Description, Wanted},
    person::Account,
    settings::{Channel, ProviderSettings},
};

/// By how much clocks may differ.
const SKEW: TimeDelta = TimeDelta::seconds(60);
const ALGORITHMS: [CoreJwsSigningAlgorithm; 3] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Why nobody is let in by what a provider, or somebody in its name, says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.code())]
pub enum TokenRefused {
    /// The provider does not answer in time.
    Unavailable,
    /// The provider says of itself what cannot be: another issuer, no document.
    Provider,
    /// The provider refuses the code.
    Code,
    /// It is no ID token.
    Malformed,
    /// By another issuer.
    Issuer,
    /// For another client.
    Audience,
    /// Its time is over.
    Expired,
    /// It was made in the future.
    Future,
    /// Made for another login.
    Nonce,
    /// Not signed by an algorithm that is taken.
    Algorithm,
    /// Not signed by a key of the provider.
    Signature,
    /// It is right, but its owner belongs to no agency here.
    Member,
    /// It was logged out.
    LoggedOut,
}

impl TokenRefused {
    /// Stable, for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unavailable => "provider_unavailable",
            Self::Provider => "provider_invalid",
            Self::Code => "login_code",
            Self::Malformed => "token_malformed",
            Self::Issuer => "token_issuer",
            Self::Audience => "token_audience",
            Self::Expired => "token_expired",
            Self::Future => "token_future",
            Self::Nonce => "token_nonce",
            Self::Algorithm => "token_algorithm",
            Self::Signature => "token_signature",
            Self::Member => "not_a_member",
            Self::LoggedOut => "logged_out",
        }
    }
}

/// What a provider vouches for.
pub(super) struct Vouched {
    pub(super) account: Account,
    /// As the person is called.
    pub(super) name: Option<String>,
    pub(super) is_admin: bool,
    /// Unix seconds.
    pub(super) expires: i64,
}

/// A provider as clients see it.
pub(crate) struct Entrance<'p> {
    pub(crate) id: &'p str,
    /// Whose rules hold for its people.
    pub(crate) agency: &'p str,
    pub(crate) issuer: &'p str,
    /// As which client an app can log in that has no identifier of its own.
    pub(crate) app_client_id: Option<&'p str>,
    /// By which clients devices prove whose they are.
    pub(crate) channel: Option<&'p Channel>,
}

/// Where a browser is sent to log in, and what has to be remembered until it comes back.
pub(super) struct Departure {
    pub(super) url: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
}

pub(super) struct Provider {
    id: String,
    settings: ProviderSettings,
    description: Description,
}

impl Provider {
    pub(super) fn new(id: String, settings: ProviderSettings) -> Result<Self, reqwest::Error> {
        let description = Description::new(id.clone(), settings.issuer.0.clone())?;
        Ok(Self {
            id,
            settings,
            description,
        })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn entrance(&self) -> Entrance<'_> {
        Entrance {
            id: &self.id,
            agency: self.agency(),
            issuer: self.issuer(),
            app_client_id: self.settings.app_client_ids.first().map(String::as_str),
            channel: self.settings.channel.as_ref(),
        }
    }

    pub(super) fn issuer(&self) -> &str {
        &self.settings.issuer.0
    }

    /// Whose rules hold for its people.
    pub(super) fn agency(&self) -> &str {
        self.settings.agency.as_deref().unwrap_or(&self.id)
    }

    /// Origins where a page gets its tokens and keys.
    pub(super) async fn asked_by_pages(&self) -> Vec<String> {
        self.description.origins().await
    }

    pub(super) async fn depart(&self, redirect: &str) -> Result<Departure, TokenRefused> {
        let metadata = self.description.read(Wanted::Usual).await?;
        let client = CoreClient::from_provider_metadata(
            (*metadata).clone(),
            ClientId::new(self.settings.client_id.clone()),
            None,
        )
        .set_redirect_uri(redirect_url(redirect)?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(["profile", "email"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        Ok(Departure {
            url: url.into(),
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        })
    }

    /// Takes the code to the provider, and its token apart.
    pub(super) async fn arrive(
        &self,
        code: String,
        nonce: String,
        verifier: String,
        redirect: &str,
    ) -> Result<Vouched, TokenRefused> {
        let metadata = self.description.read(Wanted::Usual).await?;
        let secret = self.settings.client_secret.as_ref();
        let client = CoreClient::from_provider_metadata(
            (*metadata).clone(),
            ClientId::new(self.settings.client_id.clone()),
            secret.map(|secret| ClientSecret::new(secret.0.clone())),
        )
        .set_redirect_uri(redirect_url(redirect)?);
        let http = |request| self.description.send(request);
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| TokenRefused::Provider)?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(&http)
            .await
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(_) => TokenRefused::Code,
                RequestTokenError::Request(_) => TokenRefused::Unavailable,
                // An `alg: none` or an encrypted token is none that can be read.
                RequestTokenError::Parse(..) => TokenRefused::Malformed,
                _ => TokenRefused::Provider,
            })?;
        let token = answer
            .id_token()
            .ok_or(TokenRefused::Malformed)?
            .to_string();
        let expected = Nonce::new(nonce);
        let audience = std::slice::from_ref(&self.settings.client_id);
        let mut verified = self.verify(&token, audience, Some(&expected)).await?;
        // A provider need not put what it knows of a person into the token (OpenID Connect Core, §5.4).
        if let Some(endpoint) = metadata.userinfo_endpoint()
            && self.settings.lacks(&verified.claims)
        {
            let more = self.user_info(endpoint.url(), answer.access_token());
            verified.supplement(more.await?)?;
        }
        self.vouch(verified)
    }

    /// What the provider says of the person beside the token.
    async fn user_info(&self, endpoint: &Url, token: &AccessToken) -> Result<Value, TokenRefused> {
        let mut request = HttpRequest::new(Vec::new());
        *request.uri_mut() = endpoint
            .as_str()
            .parse()
            .map_err(|_| TokenRefused::Provider)?;
        let bearer = format!("Bearer {}", token.secret());
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| TokenRefused::Provider)?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, bearer);
        let answer = self
            .description
            .send(request)
            .await
            .map_err(|_| TokenRefused::Unavailable)?;
        match answer.status().as_u16() {
            200 => serde_json::from_slice(answer.body()).map_err(|_| TokenRefused::Provider),
            500.. => Err(TokenRefused::Unavailable),
            _ => Err(TokenRefused::Provider),
        }
    }

    /// An ID token that an app has got for itself.
    pub(super) async fn bearer(&self, token: &str) -> Result<Vouched, TokenRefused> {
        let verified = self.verify(token, &self.settings.app_client_ids, None);
        self.vouch(verified.await?)
    }

    async fn verify(
        &self,
        token: &str,
        audiences: &[String],
        nonce: Option<&Nonce>,
    ) -> Result<Verified, TokenRefused> {
        let parsed: CoreIdToken = token.parse().map_err(|_| TokenRefused::Malformed)?;
        let metadata = self.description.read(Wanted::Usual).await?;
        let mut verified = self.check(&parsed, &metadata, audiences, nonce);
        if verified == Err(Unverified::UnknownKey) {
            let metadata = self.description.read(Wanted::NewKeys).await?;
            verified = self.check(&parsed, &metadata, audiences, nonce);
        }
        let expires = verified.map_err(|unverified| match unverified {
            Unverified::UnknownKey => TokenRefused::Signature,
            Unverified::Refused(refused) => refused,
        })?;
        let claims = payload(token).ok_or(TokenRefused::Malformed)?;
        Ok(Verified { claims, expires })
    }

    /// Lets in whom the verified claims belong to, or nobody.
    fn vouch(&self, Verified { claims, expires }: Verified) -> Result<Vouched, TokenRefused> {
        if !self.settings.takes(&claims) {
            return Err(TokenRefused::Member);
        }
        let text = |name| claims.get(name).and_then(Value::as_str);
        let subject = text("sub").ok_or(TokenRefused::Malformed)?;
        Ok(Vouched {
            account: Account::of(self.issuer(), subject),
            name: text("name").or(text("email")).map(|name| {
                name.chars()
                    .filter(|it| !it.is_control())
                    .take(64)
                    .collect()
            }),
            is_admin: self.settings.is_admin(&claims),
            expires,
        })
    }

    /// When the token's time is over, in Unix seconds.
    fn check(
        &self,
        token: &CoreIdToken,
        metadata: &CoreProviderMetadata,
        audiences: &[String],
        nonce: Option<&Nonce>,
    ) -> Result<i64, Unverified> {
        let mut result = Err(Unverified::Refused(TokenRefused::Audience));
        for audience in audiences {
            // Never with the client's secret: HMAC is no signature.
            let verifier = CoreIdTokenVerifier::new_public_client(
                ClientId::new(audience.clone()),
                metadata.issuer().clone(),
                metadata.jwks().clone(),
            )
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(|| Utc::now() - SKEW)
            .set_issue_time_verifier_fn(|issued| match issued > Utc::now() + SKEW {
                true => Err(FUTURE.to_owned()),
                false => Ok(()),
            });
            let claims = match nonce {
                Some(nonce) => token.claims(&verifier, nonce),
                None => token.claims(&verifier, |_: Option<&Nonce>| Ok(())),
            };
            result = claims
                .map(|claims| claims.expiration().timestamp())
                .map_err(|error| Unverified::of(&error));
            if result != Err(Unverified::Refused(TokenRefused::Audience)) {
                break;
            }
        }
        result
    }
}

/// What a provider has signed.
struct Verified {
    claims: Value,
    /// Unix seconds.
    expires: i64,
}

impl Verified {
    /// Adds what the token does not say, of the same person only (OpenID Connect Core, §5.3.2).
    fn supplement(&mut self, more: Value) -> Result<(), TokenRefused> {
        let (Some(claims), Value::Object(more)) = (self.claims.as_object_mut(), more) else {
            return Err(TokenRefused::Provider);
        };
        if more
            .get("sub")
            .is_none_or(|subject| claims.get("sub") != Some(subject))
        {
            return Err(TokenRefused::Provider);
        }
        for (name, value) in more {
            claims.entry(name).or_insert(value);
        }
        Ok(())
    }
}

const FUTURE: &str = "made in the future";

#[derive(Debug, PartialEq, Eq)]
enum Unverified {
    /// A provider that has changed its keys may know it.
    UnknownKey,
    Refused(TokenRefused),
}

impl Unverified {
    fn of(error: &ClaimsVerificationError) -> Self {
        use ClaimsVerificationError as Claims;
        use SignatureVerificationError as Signature;
        Self::Refused(match error {
            Claims::SignatureVerification(Signature::NoMatchingKey) => return Self::UnknownKey,
            Claims::SignatureVerification(
                Signature::DisallowedAlg(_) | Signature::NoSignature | Signature::UnsupportedAlg(_),
            ) => TokenRefused::Algorithm,
            Claims::SignatureVerification(_) => TokenRefused::Signature,
            Claims::Expired(reason) if reason == FUTURE => TokenRefused::Future,
            Claims::Expired(_) => TokenRefused::Expired,
            Claims::InvalidAudience(_) => TokenRefused::Audience,
            Claims::InvalidIssuer(_) => TokenRefused::Issuer,
            Claims::InvalidNonce(_) => TokenRefused::Nonce,
            _ => TokenRefused::Malformed,
        })
    }
}

fn redirect_url(text: &str) -> Result<RedirectUrl, TokenRefused> {
    RedirectUrl::new(text.to_owned()).map_err(|_| TokenRefused::Provider)
}

/// The issuer that a token names, which is believed only to find out whom to ask.
pub(super) fn claimed_issuer(token: &str) -> Option<String> {
    payload(token)?.get("iss")?.as_str().map(str::to_owned)
}

/// What a token says, verified or not.
fn payload(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    let bytes = Base64UrlUnpadded::decode_vec(payload).ok()?;
    serde_json::from_slice(&bytes).ok()
}
