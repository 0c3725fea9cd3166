//! Sessions of browsers, and tokens that were logged out.

use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Identity,
    person::{Account, By, Person, hashed},
    provider::{Provider, TokenRefused, Vouched, claimed_issuer},
};
use crate::registry::{Registry, RegistryError};

/// A session ends when nothing came for so long.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// A session ends after so long, whatever came.
const LONGEST: Duration = Duration::from_secs(10 * 3_600);
/// How exactly it is known when something came last.
const SEEN_EVERY: i64 = 60_000;

/// What is kept of a session, under the hash of its cookie.
#[derive(Serialize, Deserialize, Clone)]
struct Session {
    provider: String,
    account: Account,
    name: Option<String>,
    is_admin: bool,
    /// Unix milliseconds.
    begun: i64,
    /// Unix milliseconds.
    seen: i64,
}

impl Session {
    /// How long it lives on from a call at this time; `None` where it is over.
    fn left(&self, now: i64) -> Option<Duration> {
        let since = |time: i64| u64::try_from(now - time).ok().map(Duration::from_millis);
        // Another relay's clock may be a little ahead.
        let is_idle = since(self.seen).is_some_and(|unused| unused >= IDLE);
        let left = LONGEST.checked_sub(since(self.begun).unwrap_or_default())?;
        (!is_idle && !left.is_zero()).then_some(left.min(IDLE))
    }

    fn person(self, provider: &Provider, key: String) -> Person {
        Person {
            account: self.account,
            provider: provider.id().to_owned(),
            name: self.name,
            agency: provider.agency().to_owned(),
            is_admin: self.is_admin,
            by: By::Session(key),
        }
    }
}

/// Why a token or a cookie opens nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotLoggedIn {
    #[error("no login")]
    Missing,
    #[error(transparent)]
    Refused(#[from] TokenRefused),
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl Identity {
    /// Begins a session with a cookie that nobody had before; yields the cookie's value.
    pub(super) async fn begin_session(
        &self,
        provider: &Provider,
        vouched: Vouched,
    ) -> Result<(String, Person), NotLoggedIn> {
        let cookie = draw()?;
        let key = hashed("session", cookie.as_bytes());
        let now = (self.clock)().as_millisecond();
        let session = Session {
            provider: provider.id().to_owned(),
            account: vouched.account,
            name: vouched.name,
            is_admin: vouched.is_admin,
            begun: now,
            seen: now,
        };
        let bytes = serde_json::to_vec(&session).map_err(|_| RegistryError::Busy)?;
        match self
            .registry
            .swap(&key, None, Some(&bytes), Some(IDLE))
            .await?
        {
            true => Ok((cookie, session.person(provider, key))),
            false => Err(RegistryError::Busy.into()),
        }
    }

    /// Whose session a cookie belongs to.
    pub(crate) async fn by_cookie(&self, cookie: &str) -> Result<Person, NotLoggedIn> {
        let key = hashed("session", cookie.as_bytes());
        let bytes = self.registry.get(&key).await?.ok_or(NotLoggedIn::Missing)?;
        let session: Session = serde_json::from_slice(&bytes).map_err(|_| NotLoggedIn::Missing)?;
        let now = (self.clock)().as_millisecond();
        let left = session.left(now).ok_or(NotLoggedIn::Missing)?;
        let provider = self
            .provider(&session.provider)
            .ok_or(NotLoggedIn::Missing)?;
        if now - session.seen >= SEEN_EVERY {
            let seen = Session {
                seen: now,
                ..session.clone()
            };
            let new = serde_json::to_vec(&seen).map_err(|_| RegistryError::Busy)?;
            // Where somebody else was faster, that is as good; a logout wins.
            self.registry
                .swap(&key, Some(&bytes), Some(&new), Some(left))
                .await?;
        }
        Ok(session.person(provider, key))
    }

    /// Whose token an app has handed in.
    pub(crate) async fn by_token(&self, token: &str) -> Result<Person, NotLoggedIn> {
        let issuer = claimed_issuer(token).ok_or(TokenRefused::Malformed)?;
        let mut refused = TokenRefused::Issuer;
        let providers = self.providers.iter().filter(|it| it.issuer() == issuer);
        for provider in providers {
            match provider.bearer(token).await {
                Err(error) => refused = error,
                Ok(vouched) => {
                    let logged_out = hashed("logged-out", token.as_bytes());
                    if self.registry.get(&logged_out).await?.is_some() {
                        return Err(TokenRefused::LoggedOut.into());
                    }
                    return Ok(Person {
                        account: vouched.account,
                        provider: provider.id().to_owned(),
                        name: vouched.name,
                        agency: provider.agency().to_owned(),
                        is_admin: vouched.is_admin,
                        by: By::Token {
                            logged_out,
                            expires: vouched.expires,
                        },
                    });
                }
            }
        }
        Err(refused.into())
    }

    /// Whether somebody who was logged in still is.
    pub(crate) async fn is_logged_in(&self, person: &Person) -> Result<bool, RegistryError> {
        match &person.by {
            By::Session(key) => Ok(self.registry.get(key).await?.is_some()),
            By::Token {
                logged_out,
                expires,
            } => {
                let is_over = Timestamp::now().as_second() > expires + 60;
                Ok(!is_over && self.registry.get(logged_out).await?.is_none())
            }
        }
    }

    /// Ends a session, or the use of a token, on all relays at once.
    pub(crate) async fn log_out(&self, person: &Person) -> Result<(), RegistryError> {
        match &person.by {
            By::Session(key) => {
                for _ in 0..super::ATTEMPTS {
                    let Some(there) = self.registry.get(key).await? else {
                        return Ok(());
                    };
                    if self.registry.swap(key, Some(&there), None, None).await? {
                        return Ok(());
                    }
                }
                Err(RegistryError::Busy)
            }
            By::Token {
                logged_out,
                expires,
            } => {
                let left = expires.saturating_sub(Timestamp::now().as_second());
                let left = Duration::from_secs(u64::try_from(left).unwrap_or(0) + 120);
                self.registry
                    .swap(logged_out, None, Some(b"1"), Some(left))
                    .await
                    .map(drop)
            }
        }
    }
}

/// 256 bits that nobody can guess, in base64url.
pub(super) fn draw() -> Result<String, RegistryError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| RegistryError::Busy)?;
    Ok(Base64UrlUnpadded::encode_string(&bytes))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::{
        identity::IdentitySettings,
        registry::{AnyRegistry, RegistryUrl},
    };

    const BEGIN: i64 = 1_800_000_000;
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;

    thread_local! {
        /// The chosen time of one test.
        static NOW: AtomicI64 = const { AtomicI64::new(BEGIN) };
    }

    fn at(seconds: i64) {
        NOW.with(|now| now.store(BEGIN + seconds, Ordering::Relaxed));
    }

    async fn logged_in() -> (Identity, String) {
        let text = "origin = \"https://relay.example\"\n[provider.x]\nissuer = \"https://login.example\"\nclient_id = \"x\"";
        let settings: IdentitySettings = toml::from_str(text).unwrap();
        let registry = AnyRegistry::open(&RegistryUrl::Memory).await.unwrap();
        let mut identity = Identity::new(settings, registry).unwrap();
        identity.clock = || {
            let now = NOW.with(|now| now.load(Ordering::Relaxed));
            Timestamp::from_second(now).unwrap()
        };
        at(0);
        let vouched = Vouched {
            account: Account::of("https://login.example", "hong"),
            name: None,
            is_admin: false,
            expires: BEGIN + 300,
        };
        let provider = identity.provider("x").unwrap();
        let (cookie, _) = identity.begin_session(provider, vouched).await.unwrap();
        (identity, cookie)
    }

    #[tokio::test]
    async fn ends_half_an_hour_after_the_last_call() {
        let (identity, cookie) = logged_in().await;
        for minutes in [1, 30, 58, 80] {
            at(minutes * MINUTE);
            assert!(identity.by_cookie(&cookie).await.is_ok(), "{minutes}");
        }
        at(109 * MINUTE + 59);
        assert!(identity.by_cookie(&cookie).await.is_ok());
        at((109 + 30) * MINUTE + 59);
        let over = identity.by_cookie(&cookie).await;
        assert!(matches!(over, Err(NotLoggedIn::Missing)));
    }

    #[tokio::test]
    async fn ends_ten_hours_after_the_login_however_busy() {
        let (identity, cookie) = logged_in().await;
        for minutes in (0..600).step_by(10) {
            at(minutes * MINUTE);
            assert!(identity.by_cookie(&cookie).await.is_ok(), "{minutes}");
        }
        at(10 * HOUR - 1);
        assert!(identity.by_cookie(&cookie).await.is_ok());
        at(10 * HOUR);
        let over = identity.by_cookie(&cookie).await;
        assert!(matches!(over, Err(NotLoggedIn::Missing)));
    }

    #[tokio::test]
    async fn does_not_come_back_after_a_logout() {
        let (identity, cookie) = logged_in().await;
        let person = identity.by_cookie(&cookie).await.unwrap();
        identity.log_out(&person).await.unwrap();
        at(5 * MINUTE);
        let over = identity.by_cookie(&cookie).await;
        assert!(matches!(over, Err(NotLoggedIn::Missing)));
        assert!(!identity.is_logged_in(&person).await.unwrap());
    }
}
