//! The device authorization grant (RFC 8628), which needs no browser on this machine.

use openidconnect::{
    DeviceCodeErrorResponseType, Nonce, RequestTokenError, Scope,
    core::CoreDeviceAuthorizationResponse,
};

use super::{
    error::LoginError,
    provider::{Provider, SCOPES, Tokens, is_safe, plain},
};

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

impl Provider {
    /// Asks for a code with which the person logs in, on whatever device they like; `None` where the provider
    /// knows no grant for devices, or not for this client.
    pub(super) async fn begin(&self) -> Result<Option<Grant>, LoginError> {
        let Some(endpoint) = self.device_endpoint() else {
            return Ok(None);
        };
        if !is_safe(endpoint.as_str()) {
            return Err(LoginError::Invalid);
        }
        let client = self.client().set_device_authorization_url(endpoint.clone());
        let http = |request| self.send(request);
        let answer = client
            .exchange_device_code()
            .add_scopes(SCOPES.map(|scope| Scope::new(scope.to_owned())))
            .request_async(&http)
            .await;
        match answer {
            Ok(grant) => Ok(Some(Grant(grant))),
            Err(RequestTokenError::ServerResponse(_)) => Ok(None),
            Err(RequestTokenError::Request(_)) => Err(LoginError::Unavailable),
            Err(_) => Err(LoginError::Invalid),
        }
    }

    /// Waits until the person has logged in.
    pub(super) async fn wait(&self, Grant(grant): Grant) -> Result<Tokens, LoginError> {
        let http = |request| self.send(request);
        let answer = self
            .client()
            .exchange_device_access_token(&grant)
            .map_err(|_| LoginError::Invalid)?
            .request_async(&http, tokio::time::sleep, None)
            .await
            .map_err(|error| match error {
                RequestTokenError::Request(_) => LoginError::Unavailable,
                RequestTokenError::ServerResponse(answer) => match answer.error() {
                    DeviceCodeErrorResponseType::ExpiredToken => LoginError::Expired,
                    _ => LoginError::Denied(None),
                },
                _ => LoginError::Invalid,
            })?;
        // Nobody but the provider can have answered: there is no nonce in this grant.
        self.tokens(&answer, |_: Option<&Nonce>| Ok(()))
    }
}
