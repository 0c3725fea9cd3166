//! Wakes the clients that wait on this node.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use naru_core::mailbox::MailboxId;
use tokio::sync::Notify;

/// The waiting clients, by mailbox.
#[derive(Clone, Default)]
pub struct Wakers(Arc<Mutex<HashMap<MailboxId, Arc<Notify>>>>);

impl Wakers {
    /// Registers for the mailbox's changes: what happens after this call is not missed.
    pub fn watch(&self, id: MailboxId) -> Watch {
        let notify = Arc::clone(self.lock().entry(id).or_default());
        Watch {
            wakers: self.clone(),
            id,
            notify,
        }
    }

    /// Whether anyone waits for the mailbox.
    pub fn is_watched(&self, id: &MailboxId) -> bool {
        self.lock().contains_key(id)
    }

    /// Wakes everyone who waits for the mailbox.
    pub fn wake(&self, id: &MailboxId) {
        if let Some(notify) = self.lock().get(id) {
            notify.notify_waiters();
        }
    }

    /// Wakes everyone, after changes that could have been missed.
    pub fn wake_all(&self) {
        self.lock()
            .values()
            .for_each(|notify| notify.notify_waiters());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MailboxId, Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One client's ear for one mailbox.
pub struct Watch {
    wakers: Wakers,
    id: MailboxId,
    notify: Arc<Notify>,
}

impl Watch {
    /// Resolves at the next change after this call; take it before reading the mailbox.
    pub fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.notify.notified()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut waiting = self.wakers.lock();
        // The map's own and this one's: nobody else waits.
        if Arc::strong_count(&self.notify) == 2 {
            waiting.remove(&self.id);
        }
    }
}
