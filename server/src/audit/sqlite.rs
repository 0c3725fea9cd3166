//! The log in one file, which other processes can read meanwhile.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::{
    chain::{Entry, Link},
    event::Event,
    store::{AuditError, AuditStore},
};
use crate::reference::Reference;

const BUSY_WITHIN: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS entry (
    sequence INTEGER PRIMARY KEY,
    reference TEXT,
    line TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entry_reference ON entry (reference) WHERE reference IS NOT NULL;
CREATE TRIGGER IF NOT EXISTS entry_is_final BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
CREATE TABLE IF NOT EXISTS chain_end (
    name TEXT PRIMARY KEY CHECK (name IN ('anchor', 'head')),
    sequence INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
";

/// A SQLite database.
#[derive(Clone)]
pub struct SqliteAudit(Arc<Mutex<Connection>>);

impl SqliteAudit {
    /// Opens the file, or makes it.
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_WITHIN)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Runs a piece of work where it may wait for the disk.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, AuditError> {
        let connection = Arc::clone(&self.0);
        let work = move || {
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut connection)
        };
        let done = tokio::task::spawn_blocking(work).await;
        Ok(done.map_err(|_| AuditError::Stopped)??)
    }
}

impl AuditStore for SqliteAudit {
    async fn append(&self, events: &[Event]) -> Result<Vec<Arc<Entry>>, AuditError> {
        let events = events.to_vec();
        self.run(move |connection| {
            let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let entries = Entry::chain(&end(&change, "head")?, &events);
            {
                let mut insert = change.prepare_cached(
                    "INSERT INTO entry (sequence, reference, line) VALUES (?1, ?2, ?3)",
                )?;
                for entry in &entries {
                    let reference = entry.event.reference.map(|it| it.to_string());
                    insert.execute(params![entry.sequence, reference, entry.line()])?;
                }
            }
            if let Some(last) = entries.last() {
                set_end(&change, "head", &last.link())?;
            }
            change.commit()?;
            Ok(entries)
        })
        .await
    }

    async fn lines(&self, after: u64, most: usize) -> Result<Vec<String>, AuditError> {
        let most = u64::try_from(most).unwrap_or(u64::MAX >> 1);
        self.run(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT line FROM entry WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
            )?;
            let lines = select.query_map(params![after, most], |row| row.get(0))?;
            lines.collect()
        })
        .await
    }

    async fn find(&self, reference: Reference) -> Result<Vec<String>, AuditError> {
        self.run(move |connection| {
            let mut select = connection
                .prepare_cached("SELECT line FROM entry WHERE reference = ?1 ORDER BY sequence")?;
            let lines = select.query_map(params![reference.to_string()], |row| row.get(0))?;
            lines.collect()
        })
        .await
    }

    async fn ends(&self) -> Result<(Link, Link), AuditError> {
        self.run(|connection| {
            let reading = connection.transaction()?;
            Ok((end(&reading, "anchor")?, end(&reading, "head")?))
        })
        .await
    }

    async fn forget(&self, link: &Link) -> Result<(), AuditError> {
        let link = link.clone();
        self.run(move |connection| {
            let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            change.execute("DELETE FROM entry WHERE sequence <= ?1", [link.sequence])?;
            set_end(&change, "anchor", &link)?;
            change.commit()
        })
        .await
    }
}

fn end(connection: &Connection, name: &str) -> Result<Link, rusqlite::Error> {
    let mut select =
        connection.prepare_cached("SELECT sequence, hash FROM chain_end WHERE name = ?1")?;
    let found = select.query_row([name], |row| {
        Ok(Link {
            sequence: row.get(0)?,
            hash: row.get(1)?,
        })
    });
    Ok(found.optional()?.unwrap_or_else(Link::start))
}

fn set_end(connection: &Connection, name: &str, link: &Link) -> Result<(), rusqlite::Error> {
    let mut set = connection.prepare_cached(
        "INSERT OR REPLACE INTO chain_end (name, sequence, hash) VALUES (?1, ?2, ?3)",
    )?;
    set.execute(params![name, link.sequence, link.hash])?;
    Ok(())
}
