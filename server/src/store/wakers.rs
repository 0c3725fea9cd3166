//! Wakes the clients that wait on this node.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use naru_core::mailbox::{FrameNumber, MailboxId, TokenHash};
use tokio::sync::Notify;

/// The waiting clients, by mailbox.
#[derive(Clone, Default)]
pub struct Wakers(Arc<Mutex<HashMap<MailboxId, Arc<Waiting>>>>);

#[derive(Default)]
struct Waiting {
    notify: Notify,
    handed: Mutex<Option<Handed>>,
}

/// A frame that has just been stored, for the one who waits for it: it need not be fetched.
pub struct Handed {
    /// The hash of its writer's token.
    pub writer: TokenHash,
    /// Its number in the lane.
    pub number: FrameNumber,
    /// Its bytes.
    pub frame: Vec<u8>,
    /// What is left of the mailbox's life.
    pub expires_in: Duration,
}

impl Wakers {
    /// Registers for the mailbox's changes: what happens after this call is not missed.
    pub fn watch(&self, id: MailboxId) -> Watch {
        let waiting = Arc::clone(lock(&self.0).entry(id).or_default());
        Watch {
            wakers: self.clone(),
            id,
            waiting,
        }
    }

    /// Whether anyone waits for the mailbox.
    pub fn is_watched(&self, id: &MailboxId) -> bool {
        lock(&self.0).contains_key(id)
    }

    /// Wakes everyone who waits for the mailbox.
    pub fn wake(&self, id: &MailboxId) {
        if let Some(waiting) = lock(&self.0).get(id) {
            waiting.notify.notify_waiters();
        }
    }

    /// Wakes everyone who waits for the mailbox, and leaves them what they have waited for.
    pub fn hand(&self, id: &MailboxId, handed: impl FnOnce() -> Handed) {
        if let Some(waiting) = lock(&self.0).get(id) {
            *lock(&waiting.handed) = Some(handed());
            waiting.notify.notify_waiters();
        }
    }

    /// Wakes everyone, after changes that could have been missed.
    pub fn wake_all(&self) {
        lock(&self.0)
            .values()
            .for_each(|waiting| waiting.notify.notify_waiters());
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One client's ear for one mailbox.
pub struct Watch {
    wakers: Wakers,
    id: MailboxId,
    waiting: Arc<Waiting>,
}

impl Watch {
    /// Resolves at the next change after this call; take it before reading the mailbox.
    pub fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.waiting.notify.notified()
    }

    /// The frame after `after`, where it has been handed over; not to its own writer.
    pub fn take(&self, reader: TokenHash, after: u16) -> Option<Handed> {
        lock(&self.waiting.handed).take_if(|handed| {
            handed.writer != reader && Some(handed.number.get()) == after.checked_add(1)
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut waiting = lock(&self.wakers.0);
        // The map's own and this one's: nobody else waits.
        if Arc::strong_count(&self.waiting) == 2 {
            waiting.remove(&self.id);
        }
    }
}
