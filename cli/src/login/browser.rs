//! The authorization code with PKCE in a browser of this machine (RFC 8252): for providers without a grant for
//! devices, and for tokens that have to name a key.

use std::{borrow::Cow, time::Duration};

use openidconnect::{
    AuthenticationFlow, AuthorizationCode, CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, core::CoreResponseType,
};
use zeroize::Zeroizing;

use super::{
    error::LoginError,
    loopback::{Loopback, Returned},
    provider::{Provider, Tokens, is_safe},
};
use crate::text::Language;

/// How long the person may take, as with the codes of most providers' device grants.
const LOGIN_WITHIN: Duration = Duration::from_secs(600);

/// A login that has been begun and waits for the person's browser.
pub(super) struct Visit {
    address: String,
    loopback: Loopback,
    redirect: RedirectUrl,
    state: Zeroizing<String>,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

impl Visit {
    /// Where the person's browser has to go.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Shows the person's browser the address, where there is a program for that.
    pub(super) fn open(&self) {
        // The address has been printed as well.
        let _ = open::that_detached(&self.address);
    }
}

impl Provider {
    /// Begins a login whose ID token will carry `nonce`.
    pub(super) async fn invite(&self, nonce: Nonce, scopes: &[&str]) -> Result<Visit, LoginError> {
        if !is_safe(self.authorization_endpoint().as_str()) {
            return Err(LoginError::Invalid);
        }
        let loopback = Loopback::open().await?;
        let redirect = RedirectUrl::new(loopback.address()).map_err(|_| LoginError::NoLoopback)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let given = nonce.clone();
        let client = self.client();
        let (address, state, _) = client
            .authorize_url(flow, CsrfToken::new_random, move || given)
            .set_redirect_uri(Cow::Borrowed(&redirect))
            .set_pkce_challenge(challenge)
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .url();
        Ok(Visit {
            address: address.into(),
            loopback,
            redirect,
            state: Zeroizing::new(state.into_secret()),
            nonce,
            verifier,
        })
    }

    /// Waits until the person has come back from there.
    pub(super) async fn welcome(
        &self,
        visit: Visit,
        language: Language,
    ) -> Result<Tokens, LoginError> {
        let waiting = visit.loopback.wait(visit.state, LOGIN_WITHIN, language);
        let code = match waiting.await? {
            Returned::Code { code, issuer } if self.is_own(issuer.as_deref()) => code,
            Returned::Code { .. } => return Err(LoginError::Invalid),
            Returned::Error(error) => return Err(refused(&error)),
        };
        let http = |request| self.send(request);
        let answer = self
            .client()
            .exchange_code(AuthorizationCode::new(code.to_string()))
            .map_err(|_| LoginError::Invalid)?
            .set_pkce_verifier(visit.verifier)
            .set_redirect_uri(Cow::Owned(visit.redirect))
            .request_async(&http)
            .await
            .map_err(|error| match error {
                RequestTokenError::Request(_) => LoginError::Unavailable,
                RequestTokenError::ServerResponse(answer) => refused(answer.error().as_ref()),
                _ => LoginError::Invalid,
            })?;
        self.tokens(&answer, &visit.nonce)
    }

    /// Whether a code is this provider's and no other's (RFC 9207).
    fn is_own(&self, named: Option<&str>) -> bool {
        match named {
            Some(issuer) => issuer == self.issuer(),
            None => !self.names_itself(),
        }
    }
}

/// What a provider's error is to the person (RFC 6749 §4.1.2.1).
fn refused(error: &str) -> LoginError {
    match error {
        "server_error" | "temporarily_unavailable" => LoginError::Unavailable,
        _ => {
            let named = error.chars().filter(char::is_ascii_graphic).take(60);
            LoginError::Denied(Some(named.collect()))
        }
    }
}
