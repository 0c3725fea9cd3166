//! The store that the operator has chosen.

use std::{fmt, str::FromStr};

use bytes::Bytes;
use naru_core::mailbox::{MailboxId, TokenHash};
use rustls::crypto::ring;

use super::{
    Capacity, Change, Changed, Outcome, Store, StoreError, Unread, Watch,
    memory::Memory,
    redis::{ConnectError, Deployment, NoRedisUrl, Redis},
};

/// Where mailboxes live.
#[derive(Clone, Default)]
pub enum StoreUrl {
    /// In the process.
    #[default]
    Memory,
    /// In this Redis.
    Redis(Box<Deployment>),
}

/// The text is neither `memory` nor the URL of a Redis. It is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither `memory` nor the URL of a Redis")]
pub struct UnknownStore;

impl FromStr for StoreUrl {
    type Err = UnknownStore;

    fn from_str(text: &str) -> Result<Self, UnknownStore> {
        if text == "memory" {
            return Ok(Self::Memory);
        }
        text.parse()
            .map(|deployment| Self::Redis(Box::new(deployment)))
            .map_err(|NoRedisUrl| UnknownStore)
    }
}

/// Without a password.
impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Redis(deployment) => deployment.fmt(f),
        }
    }
}

/// One of the stores. What Redis needs for a call is large, and is kept out of the calls' own futures.
pub enum Backend {
    /// In the process.
    Memory(Box<Memory>),
    /// In Redis.
    Redis(Box<Redis>),
}

/// Passes a call on.
macro_rules! on {
    ($backend:expr, $store:ident => $call:expr) => {
        match $backend {
            Backend::Memory($store) => $call,
            Backend::Redis($store) => $call,
        }
    };
}

impl Backend {
    /// Makes the store, and connects to it.
    pub async fn open(url: &StoreUrl, capacity: Capacity) -> Result<Self, ConnectError> {
        Ok(match url {
            StoreUrl::Memory => Self::Memory(Box::new(Memory::new(capacity))),
            StoreUrl::Redis(deployment) => {
                // TLS to Redis takes the process's provider; a host that has chosen one keeps it.
                let _ = ring::default_provider().install_default();
                Self::Redis(Box::new(Redis::connect(deployment, capacity).await?))
            }
        })
    }

    /// Lets go of what has ended, where that does not happen by itself.
    pub fn tidy(&self) {
        match self {
            Self::Memory(memory) => memory.tidy(),
            Self::Redis(_) => {}
        }
    }

    /// Wakes everyone who waits for a mailbox on this node.
    pub fn wake_all(&self) {
        on!(self, store => store.wake_all());
    }
}

impl Store for Backend {
    async fn read(&self, id: MailboxId, by: TokenHash, after: u16) -> Result<Unread, StoreError> {
        match self {
            Self::Memory(memory) => memory.read(id, by, after).await,
            Self::Redis(redis) => Box::pin(redis.read(id, by, after)).await,
        }
    }

    async fn change(
        &self,
        id: MailboxId,
        change: Change,
        after: u16,
    ) -> Result<Changed, StoreError> {
        match self {
            Self::Memory(memory) => memory.apply(id, &change, after),
            Self::Redis(redis) => Box::pin(redis.change(id, change, after)).await,
        }
    }

    async fn close(&self, id: MailboxId, by: TokenHash) -> Result<Outcome, StoreError> {
        match self {
            Self::Memory(memory) => memory.close(id, by).await,
            Self::Redis(redis) => Box::pin(redis.close(id, by)).await,
        }
    }

    async fn ready(&self) -> Result<(), StoreError> {
        on!(self, store => store.ready().await)
    }

    async fn fetch_named(&self, id: MailboxId, name: [u8; 16]) -> Option<Bytes> {
        match self {
            Self::Memory(memory) => memory.fetch_named(id, name).await,
            Self::Redis(redis) => Box::pin(redis.fetch_named(id, name)).await,
        }
    }

    fn watch(&self, id: MailboxId, reader: TokenHash) -> Watch {
        on!(self, store => store.watch(id, reader))
    }
}
