//! Where the log lives.

use std::{fmt, future::Future, path::PathBuf, str::FromStr, sync::Arc};

use jiff::Timestamp;

use super::{
    chain::{Break, Entry, Link},
    event::{Event, Kind},
    memory::MemoryAudit,
    redis::RedisAudit,
    sqlite::SqliteAudit,
};
use crate::{
    reference::Reference,
    store::{
        StoreUrl,
        redis::{ConnectError, Deployment},
    },
};

/// How many entries are read at a time.
const PAGE: usize = 1_000;

/// The log cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The database says no.
    #[error("the audit's database: {0}")]
    Database(#[from] rusqlite::Error),
    /// Redis says no. Its words may quote a command, and are left out.
    #[error("the audit's Redis does not answer ({0:?})")]
    Redis(redis::ErrorKind),
    /// Redis cannot be used from the start.
    #[error("the audit's Redis: {0}")]
    Connect(#[from] ConnectError),
    /// The store has given something that is no entry.
    #[error("the audit's store gives what nobody has written")]
    Strange,
    /// The log has to be exported to a file that cannot be written.
    #[error("cannot write the audit to {path}: {error}")]
    Export {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The process is ending.
    #[error("the audit has stopped")]
    Stopped,
}

impl From<redis::RedisError> for AuditError {
    fn from(error: redis::RedisError) -> Self {
        Self::Redis(error.kind())
    }
}

/// Keeps entries in the order in which they were appended.
pub trait AuditStore {
    /// Appends events behind the last entry, whoever wrote that.
    fn append(
        &self,
        events: &[Event],
    ) -> impl Future<Output = Result<Vec<Arc<Entry>>, AuditError>> + Send;

    /// The lines of at most `most` entries behind the one with this number.
    fn lines(
        &self,
        after: u64,
        most: usize,
    ) -> impl Future<Output = Result<Vec<String>, AuditError>> + Send;

    /// The lines of the entries with this reference number, oldest first.
    fn find(
        &self,
        reference: Reference,
    ) -> impl Future<Output = Result<Vec<String>, AuditError>> + Send;

    /// Where the chain begins, behind what was removed, and where it ends.
    fn ends(&self) -> impl Future<Output = Result<(Link, Link), AuditError>> + Send;

    /// Forgets the entries up to the one that `link` stands for.
    fn forget(&self, link: &Link) -> impl Future<Output = Result<(), AuditError>> + Send;
}

/// Where the log is to live.
#[derive(Clone, Default)]
pub enum AuditUrl {
    /// In the process.
    #[default]
    Memory,
    /// In this SQLite file.
    Sqlite(PathBuf),
    /// In this Redis.
    Redis(Box<Deployment>),
}

/// The text names no place for a log. It is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither `memory`, `sqlite:FILE` nor the URL of a Redis")]
pub struct UnknownAudit;

impl FromStr for AuditUrl {
    type Err = UnknownAudit;

    fn from_str(text: &str) -> Result<Self, UnknownAudit> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return match path.is_empty() {
                true => Err(UnknownAudit),
                false => Ok(Self::Sqlite(path.into())),
            };
        }
        match text.parse().map_err(|_| UnknownAudit)? {
            StoreUrl::Memory => Ok(Self::Memory),
            StoreUrl::Redis(deployment) => Ok(Self::Redis(deployment)),
        }
    }
}

/// Without a password.
impl fmt::Debug for AuditUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Redis(deployment) => deployment.fmt(f),
        }
    }
}

/// One of the stores.
pub enum Trail {
    /// In the process.
    Memory(MemoryAudit),
    /// In a file.
    Sqlite(SqliteAudit),
    /// In Redis.
    Redis(RedisAudit),
}

impl Trail {
    /// Makes the store, and connects to it.
    pub async fn open(url: &AuditUrl) -> Result<Self, AuditError> {
        Ok(match url {
            AuditUrl::Memory => Self::Memory(MemoryAudit::default()),
            AuditUrl::Sqlite(path) => Self::Sqlite(SqliteAudit::open(path)?),
            AuditUrl::Redis(deployment) => Self::Redis(RedisAudit::connect(deployment).await?),
        })
    }

    /// Whether its entries end with the process.
    pub fn is_forgetful(&self) -> bool {
        matches!(self, Self::Memory(_))
    }

    /// Removes entries from before `time`, and says so in the log; yields how many.
    pub async fn remove_before(&self, time: Timestamp) -> Result<u64, AuditError> {
        let (anchor, _) = self.ends().await?;
        let mut link = anchor.clone();
        'all: loop {
            let lines = self.lines(link.sequence, PAGE).await?;
            if lines.is_empty() {
                break;
            }
            for line in lines {
                let entry: Entry = serde_json::from_str(&line).map_err(|_| AuditError::Strange)?;
                if entry.event.at >= time {
                    break 'all;
                }
                link = entry.link();
            }
        }
        if link == anchor {
            return Ok(0);
        }
        let said = Event {
            note: Some(removed(&link)),
            ..Event::now(Kind::Retention)
        };
        self.append(&[said]).await?;
        self.forget(&link).await?;
        Ok(link.sequence - anchor.sequence)
    }
}

/// What the log says of its own beginning.
fn removed(link: &Link) -> String {
    format!("up to {} {}", link.sequence, link.hash)
}

/// Reads the whole log; yields how many entries it has, or where it is broken first.
pub async fn verify(store: &impl AuditStore) -> Result<Result<u64, Break>, AuditError> {
    let (anchor, head) = store.ends().await?;
    let mut link = anchor.clone();
    let mut is_explained = anchor.sequence == 0;
    while link.sequence < head.sequence {
        let lines = store.lines(link.sequence, PAGE).await?;
        if lines.is_empty() {
            let expected = link.sequence + 1;
            return Ok(Err(Break::Missing { expected }));
        }
        for line in lines {
            let entry = match Entry::read(&line, &link) {
                Ok(entry) => entry,
                Err(broken) => return Ok(Err(broken)),
            };
            is_explained |= entry.event.kind == Kind::Retention
                && entry.event.note.as_deref() == Some(&removed(&anchor));
            link = entry.link();
            if link.sequence == head.sequence {
                break;
            }
        }
    }
    Ok(match (link == head, is_explained) {
        (false, _) => Err(Break::Changed {
            sequence: head.sequence,
        }),
        (true, false) => Err(Break::RemovedEarly {
            sequence: anchor.sequence,
        }),
        (true, true) => Ok(head.sequence - anchor.sequence),
    })
}

/// Passes a call on.
macro_rules! on {
    ($trail:expr, $store:ident => $call:expr) => {
        match $trail {
            Trail::Memory($store) => $call,
            Trail::Sqlite($store) => $call,
            Trail::Redis($store) => $call,
        }
    };
}

impl AuditStore for Trail {
    async fn append(&self, events: &[Event]) -> Result<Vec<Arc<Entry>>, AuditError> {
        on!(self, store => store.append(events).await)
    }

    async fn lines(&self, after: u64, most: usize) -> Result<Vec<String>, AuditError> {
        on!(self, store => store.lines(after, most).await)
    }

    async fn find(&self, reference: Reference) -> Result<Vec<String>, AuditError> {
        on!(self, store => store.find(reference).await)
    }

    async fn ends(&self) -> Result<(Link, Link), AuditError> {
        on!(self, store => store.ends().await)
    }

    async fn forget(&self, link: &Link) -> Result<(), AuditError> {
        on!(self, store => store.forget(link).await)
    }
}
