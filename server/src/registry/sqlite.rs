//! The registry in one file of this machine.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::{Registry, RegistryError};

const BUSY_WITHIN: Duration = Duration::from_secs(5);

/// `ends` is in Unix milliseconds.
const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS value (key TEXT PRIMARY KEY, bytes BLOB NOT NULL, ends INTEGER) STRICT;
CREATE INDEX IF NOT EXISTS value_ends ON value (ends) WHERE ends IS NOT NULL;
";

const LIVE: &str = "SELECT bytes FROM value WHERE key = ?1 AND (ends IS NULL OR ends > ?2)";

/// A SQLite database.
pub struct Sqlite(Arc<Mutex<Connection>>);

impl Sqlite {
    /// Opens the file, or makes it.
    pub fn open(path: &Path) -> Result<Self, RegistryError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_WITHIN)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Runs a piece of work where it may wait for the disk.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, RegistryError> {
        let connection = Arc::clone(&self.0);
        let work = move || {
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut connection)
        };
        let done = tokio::task::spawn_blocking(work).await;
        Ok(done.map_err(|_| RegistryError::Busy)??)
    }
}

fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

impl Registry for Sqlite {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RegistryError> {
        let key = key.to_owned();
        self.run(move |connection| {
            let mut live = connection.prepare_cached(LIVE)?;
            live.query_row(params![key, now()], |row| row.get(0))
                .optional()
        })
        .await
    }

    async fn swap(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: Option<&[u8]>,
        ttl: Option<Duration>,
    ) -> Result<bool, RegistryError> {
        let key = key.to_owned();
        let expected = expected.map(<[u8]>::to_vec);
        let new = new.map(<[u8]>::to_vec);
        self.run(move |connection| {
            let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let now = now();
            let there: Option<Vec<u8>> = change
                .query_row(LIVE, params![key, now], |row| row.get(0))
                .optional()?;
            if there != expected {
                return Ok(false);
            }
            change.execute(
                "DELETE FROM value WHERE key = ?1 OR ends <= ?2",
                params![key, now],
            )?;
            if let Some(bytes) = new {
                let ends = ttl.map(|ttl| {
                    now.saturating_add(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX))
                });
                change.execute(
                    "INSERT INTO value VALUES (?1, ?2, ?3)",
                    params![key, bytes, ends],
                )?;
            }
            change.commit()?;
            Ok(true)
        })
        .await
    }
}
