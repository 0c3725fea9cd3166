//! A browser's way to its provider and back.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Identity,
    person::{Person, hashed},
    provider::TokenRefused,
    session::{NotLoggedIn, draw},
};
use crate::registry::{Registry, RegistryError};

/// How long somebody may take to log in.
pub(crate) const LOGIN_WITHIN: Duration = Duration::from_secs(600);

/// A browser that has gone to its provider, under the hash of the state.
#[derive(Serialize, Deserialize)]
struct Pending {
    provider: String,
    nonce: String,
    verifier: String,
    /// Under which key the browser's own cookie would be kept: another browser has another.
    browser: String,
}

/// Why a login came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginFailed {
    /// Nobody went to a provider with this state, or somebody has come back with it already, or from another
    /// browser.
    #[error("login_state")]
    State,
    /// The provider says that the person did not want to, or may not.
    #[error("login_denied")]
    Denied,
    #[error(transparent)]
    Refused(#[from] TokenRefused),
    #[error("store_unavailable")]
    Registry(#[from] RegistryError),
}

impl LoginFailed {
    /// Stable, for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::State => "login_state",
            Self::Denied => "login_denied",
            Self::Refused(refused) => refused.code(),
            Self::Registry(_) => "store_unavailable",
        }
    }
}

impl From<NotLoggedIn> for LoginFailed {
    fn from(error: NotLoggedIn) -> Self {
        match error {
            NotLoggedIn::Missing => Self::State,
            NotLoggedIn::Refused(refused) => Self::Refused(refused),
            NotLoggedIn::Registry(error) => Self::Registry(error),
        }
    }
}

/// What a provider sends a browser back with.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Callback {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

impl Identity {
    fn redirect(&self) -> String {
        format!("{}/login/callback", self.origin.0)
    }

    /// Where relay and page are reached.
    pub(crate) fn origin(&self) -> &str {
        &self.origin.0
    }

    /// Where a browser has to go to log in, and the cookie by which it is known when it comes back. `None`
    /// where there is no such provider.
    pub(crate) async fn depart(
        &self,
        provider: &str,
    ) -> Result<Option<(String, String)>, LoginFailed> {
        let Some(provider) = self.provider(provider) else {
            return Ok(None);
        };
        let departure = provider.depart(&self.redirect()).await?;
        let cookie = draw()?;
        let pending = Pending {
            provider: provider.id().to_owned(),
            nonce: departure.nonce,
            verifier: departure.verifier,
            browser: hashed("browser", cookie.as_bytes()),
        };
        let bytes = serde_json::to_vec(&pending).map_err(|_| RegistryError::Busy)?;
        let key = hashed("login", departure.state.as_bytes());
        self.registry
            .swap(&key, None, Some(&bytes), Some(LOGIN_WITHIN))
            .await?;
        Ok(Some((departure.url, cookie)))
    }

    /// Lets somebody in who comes back, and yields the cookie of the new session.
    pub(crate) async fn arrive(
        &self,
        callback: Callback,
        cookie: Option<&str>,
    ) -> Result<(String, Person), LoginFailed> {
        let state = callback.state.ok_or(LoginFailed::State)?;
        let cookie = cookie.ok_or(LoginFailed::State)?;
        let key = hashed("login", state.as_bytes());
        let bytes = self.registry.get(&key).await?.ok_or(LoginFailed::State)?;
        let pending: Pending = serde_json::from_slice(&bytes).map_err(|_| LoginFailed::State)?;
        // Another browser does not even use the state up.
        if pending.browser != hashed("browser", cookie.as_bytes()) {
            return Err(LoginFailed::State);
        }
        if !self.registry.swap(&key, Some(&bytes), None, None).await? {
            return Err(LoginFailed::State);
        }
        let provider = self.provider(&pending.provider).ok_or(LoginFailed::State)?;
        // RFC 9207: another provider's answer.
        if callback
            .iss
            .is_some_and(|issuer| issuer != provider.issuer())
        {
            return Err(TokenRefused::Issuer.into());
        }
        if callback.error.is_some() {
            return Err(LoginFailed::Denied);
        }
        let code = callback.code.ok_or(LoginFailed::Denied)?;
        let vouched = provider
            .arrive(code, pending.nonce, pending.verifier, &self.redirect())
            .await?;
        Ok(self.begin_session(provider, vouched).await?)
    }
}
