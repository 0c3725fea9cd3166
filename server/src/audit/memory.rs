//! The log inside the process: the latest entries, until the relay stops.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    chain::{Entry, Link},
    event::Event,
    store::{AuditError, AuditStore},
};
use crate::reference::Reference;

/// Some 20 MB.
const MOST: usize = 50_000;

/// The latest 50,000 entries.
pub struct MemoryAudit(Mutex<State>);

struct State {
    entries: VecDeque<Arc<Entry>>,
    anchor: Link,
}

impl Default for MemoryAudit {
    fn default() -> Self {
        Self(Mutex::new(State {
            entries: VecDeque::new(),
            anchor: Link::start(),
        }))
    }
}

impl State {
    fn head(&self) -> Link {
        let last = self.entries.back();
        last.map_or_else(|| self.anchor.clone(), |last| last.link())
    }

    fn forget_first(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.anchor = entry.link();
        }
    }
}

impl MemoryAudit {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AuditStore for MemoryAudit {
    async fn append(&self, events: &[Event]) -> Result<Vec<Arc<Entry>>, AuditError> {
        let mut state = self.state();
        let entries = Entry::chain(&state.head(), events);
        state.entries.extend(entries.iter().cloned());
        while state.entries.len() > MOST {
            state.forget_first();
        }
        Ok(entries)
    }

    async fn lines(&self, after: u64, most: usize) -> Result<Vec<String>, AuditError> {
        let state = self.state();
        let later = state.entries.iter().filter(|entry| entry.sequence > after);
        Ok(later.take(most).map(|entry| entry.line()).collect())
    }

    async fn find(&self, reference: Reference) -> Result<Vec<String>, AuditError> {
        let state = self.state();
        let found = state.entries.iter();
        let found = found.filter(|entry| entry.event.reference == Some(reference));
        Ok(found.map(|entry| entry.line()).collect())
    }

    async fn ends(&self) -> Result<(Link, Link), AuditError> {
        let state = self.state();
        Ok((state.anchor.clone(), state.head()))
    }

    async fn forget(&self, link: &Link) -> Result<(), AuditError> {
        let mut state = self.state();
        let is_old = |entry: &Arc<Entry>| entry.sequence <= link.sequence;
        while state.entries.front().is_some_and(is_old) {
            state.forget_first();
        }
        Ok(())
    }
}
