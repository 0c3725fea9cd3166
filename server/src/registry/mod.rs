//! Where sessions and devices live: values that change only from what was read, and go after a time. Knows
//! neither HTTP nor what the values mean.

mod memory;
mod redis;
mod sqlite;

use std::{fmt, future::Future, path::PathBuf, str::FromStr, time::Duration};

use self::{memory::Memory, redis::RedisRegistry, sqlite::Sqlite};
use crate::store::{
    StoreUrl,
    redis::{ConnectError, Deployment},
};

/// The registry did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The database says no.
    #[error("the registry's database: {0}")]
    Database(#[from] rusqlite::Error),
    /// Redis says no. Its words may quote a command, and are left out.
    #[error("the registry's Redis does not answer ({0:?})")]
    Redis(::redis::ErrorKind),
    /// Redis cannot be used from the start.
    #[error("the registry's Redis: {0}")]
    Connect(#[from] ConnectError),
    /// The value changed under every attempt, or the process is ending.
    #[error("the registry is too busy")]
    Busy,
}

/// Keeps values under keys. Every backend passes the same tests.
pub trait Registry {
    /// The value under a key, unless its time is over.
    fn get(&self, key: &str)
    -> impl Future<Output = Result<Option<Vec<u8>>, RegistryError>> + Send;

    /// Puts `new` in the place of `expected`, at once; `None` stands for no value. `false` when something
    /// else is there. The new value goes after `ttl`.
    fn swap(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: Option<&[u8]>,
        ttl: Option<Duration>,
    ) -> impl Future<Output = Result<bool, RegistryError>> + Send;
}

/// Where sessions and devices are to live.
#[derive(Clone, Default)]
pub enum RegistryUrl {
    /// In the process.
    #[default]
    Memory,
    /// In this SQLite file.
    Sqlite(PathBuf),
    /// In this Redis.
    Redis(Box<Deployment>),
}

/// The text names no place for a registry. It is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither `memory`, `sqlite:FILE` nor the URL of a Redis")]
pub struct UnknownRegistry;

impl FromStr for RegistryUrl {
    type Err = UnknownRegistry;

    fn from_str(text: &str) -> Result<Self, UnknownRegistry> {
        match text.strip_prefix("sqlite:") {
            Some("") => Err(UnknownRegistry),
            Some(path) => Ok(Self::Sqlite(path.into())),
            None => match text.parse().map_err(|_| UnknownRegistry)? {
                StoreUrl::Memory => Ok(Self::Memory),
                StoreUrl::Redis(deployment) => Ok(Self::Redis(deployment)),
            },
        }
    }
}

/// Without a password.
impl fmt::Debug for RegistryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Redis(deployment) => deployment.fmt(f),
        }
    }
}

/// One of the registries.
pub enum AnyRegistry {
    /// In the process.
    Memory(Memory),
    /// In a file.
    Sqlite(Sqlite),
    /// In Redis.
    Redis(RedisRegistry),
}

impl AnyRegistry {
    /// Makes the registry, and connects to it.
    pub async fn open(url: &RegistryUrl) -> Result<Self, RegistryError> {
        Ok(match url {
            RegistryUrl::Memory => Self::Memory(Memory::default()),
            RegistryUrl::Sqlite(path) => Self::Sqlite(Sqlite::open(path)?),
            RegistryUrl::Redis(deployment) => {
                Self::Redis(RedisRegistry::connect(deployment).await?)
            }
        })
    }

    /// Whether its values end with the process.
    pub fn is_forgetful(&self) -> bool {
        matches!(self, Self::Memory(_))
    }
}

/// Passes a call on.
macro_rules! on {
    ($registry:expr, $it:ident => $call:expr) => {
        match $registry {
            AnyRegistry::Memory($it) => $call,
            AnyRegistry::Sqlite($it) => $call,
            AnyRegistry::Redis($it) => $call,
        }
    };
}

impl Registry for AnyRegistry {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RegistryError> {
        on!(self, it => it.get(key).await)
    }

    async fn swap(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: Option<&[u8]>,
        ttl: Option<Duration>,
    ) -> Result<bool, RegistryError> {
        on!(self, it => it.swap(key, expected, new, ttl).await)
    }
}
