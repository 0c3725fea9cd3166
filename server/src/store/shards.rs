//! What is kept for each mailbox, behind several locks.

use std::sync::{Mutex, MutexGuard, PoisonError};

use naru_core::mailbox::MailboxId;

const COUNT: usize = 64;

/// Parts that are locked one by one, so that calls about different mailboxes seldom wait for each other.
pub(super) struct Shards<T>([Mutex<T>; COUNT]);

impl<T: Default> Default for Shards<T> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl<T> Shards<T> {
    /// The part that a mailbox belongs to.
    pub(super) fn of(&self, id: &MailboxId) -> MutexGuard<'_, T> {
        let bytes = id.as_bytes().iter();
        let place = bytes.fold(0, |folded, byte| folded ^ usize::from(*byte));
        lock(&self.0[place % COUNT])
    }

    /// One part after the other.
    pub(super) fn each(&self) -> impl Iterator<Item = MutexGuard<'_, T>> {
        self.0.iter().map(lock)
    }
}

/// A panic elsewhere has left nothing half done.
pub(super) fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
