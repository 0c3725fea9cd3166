//! Who people are: login by OpenID Connect, sessions and devices (`docs/identity.md`).

mod description;
mod device;
mod devices;
mod login;
mod ownership;
mod person;
mod provider;
mod session;
mod settings;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::future::join_all;
use jiff::Timestamp;

pub(crate) use self::{
    device::{Proven, ProvenDevice},
    devices::{Admission, Changed, Device, Introduction},
    login::{Callback, LOGIN_WITHIN, LoginFailed},
    ownership::Owner,
    person::{Account, By, Person},
    provider::Entrance,
    session::NotLoggedIn,
    settings::Channel,
};
use self::{provider::Provider, settings::HttpsOrigin};
pub use self::{
    provider::TokenRefused,
    settings::{IdentityError, IdentitySettings},
};
use crate::registry::{AnyRegistry, Registry, RegistryError};

/// How often a value that others change too is tried to be changed.
const ATTEMPTS: usize = 200;

/// Everything that the relay knows of people.
pub(crate) struct Identity {
    origin: HttpsOrigin,
    providers: Vec<Arc<Provider>>,
    registry: AnyRegistry,
    /// What time it is.
    clock: fn() -> Timestamp,
}

impl Identity {
    /// Asks no provider before somebody logs in.
    pub(crate) fn new(
        settings: IdentitySettings,
        registry: AnyRegistry,
    ) -> Result<Self, reqwest::Error> {
        let providers = settings.providers.into_iter();
        let providers = providers.map(|(id, it)| Provider::new(id, it).map(Arc::new));
        Ok(Self {
            origin: settings.origin,
            providers: providers.collect::<Result<_, _>>()?,
            registry,
            clock: Timestamp::now,
        })
    }

    /// The providers by which one can log in.
    pub(crate) fn entrances(&self) -> impl Iterator<Item = Entrance<'_>> {
        self.providers.iter().map(|provider| provider.entrance())
    }

    /// Whether devices prove to each other whose they are.
    pub(crate) fn has_channel(&self) -> bool {
        self.entrances().any(|it| it.channel.is_some())
    }

    /// What the page has to ask for that: where the providers and their tokens and keys are.
    pub(crate) async fn channel_origins(&self) -> Vec<String> {
        let providers = self.providers.iter();
        let providers = providers.filter(|it| it.entrance().channel.is_some());
        let origins = join_all(providers.map(|it| it.asked_by_pages())).await;
        let origins: BTreeSet<_> = origins.into_iter().flatten().collect();
        origins.into_iter().collect()
    }

    fn provider(&self, id: &str) -> Option<&Arc<Provider>> {
        self.providers.iter().find(|provider| provider.id() == id)
    }

    /// Changes a value by what it is, however many others do so meanwhile. `None` from `change` leaves it.
    async fn change<T>(
        &self,
        key: &str,
        ttl: Option<Duration>,
        mut change: impl FnMut(Option<&[u8]>) -> (Option<Vec<u8>>, T),
    ) -> Result<T, RegistryError> {
        for _ in 0..ATTEMPTS {
            let there = self.registry.get(key).await?;
            let (new, outcome) = change(there.as_deref());
            let Some(new) = new else {
                return Ok(outcome);
            };
            let done = self
                .registry
                .swap(key, there.as_deref(), Some(&new), ttl)
                .await?;
            if done {
                return Ok(outcome);
            }
        }
        Err(RegistryError::Busy)
    }
}
