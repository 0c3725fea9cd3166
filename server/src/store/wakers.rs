//! Wakes the clients that wait on this node.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use naru_core::mailbox::{FrameNumber, MailboxId, TokenHash};
use tokio::sync::Notify;

use super::{
    Accepted, Change, Stored,
    shards::{Shards, lock},
};

/// The waiting clients, by mailbox.
#[derive(Clone, Default)]
pub struct Wakers(Arc<Shards<HashMap<MailboxId, Vec<Arc<Waiter>>>>>);

struct Waiter {
    reader: TokenHash,
    notify: Notify,
    handed: Mutex<Option<Handed>>,
}

/// A frame that has just been stored, for the one who waits for it: the mailbox need not be read for it.
#[derive(Clone)]
pub struct Handed {
    /// Its number in the lane.
    pub number: FrameNumber,
    /// The frame itself.
    pub frame: Stored,
    /// What is left of the mailbox's life.
    pub expires_in: Duration,
}

impl Wakers {
    /// Registers a reader for what others do to the mailbox: nothing after this call is missed.
    pub fn watch(&self, id: MailboxId, reader: TokenHash) -> Watch {
        let waiter = Arc::new(Waiter {
            reader,
            notify: Notify::new(),
            handed: Mutex::default(),
        });
        let waiters = &mut *self.0.of(&id);
        waiters.entry(id).or_default().push(Arc::clone(&waiter));
        Watch {
            wakers: self.clone(),
            id,
            waiter,
        }
    }

    /// Whether the reader waits for the mailbox.
    pub fn is_watched(&self, id: &MailboxId, reader: TokenHash) -> bool {
        let waiting = self.0.of(id);
        let waiters = waiting.get(id);
        waiters.is_some_and(|all| all.iter().any(|waiter| waiter.reader == reader))
    }

    /// Wakes everyone who waits for the mailbox.
    pub fn wake(&self, id: &MailboxId) {
        if let Some(waiters) = self.0.of(id).get(id) {
            waiters.iter().for_each(|waiter| waiter.notify.notify_one());
        }
    }

    /// Wakes everyone who waits for the mailbox, but for the one who has changed it, and leaves them the frame
    /// that they may have waited for, where it is known how long the mailbox lives.
    pub(super) fn tell(
        &self,
        id: &MailboxId,
        change: &Change,
        accepted: Accepted,
        expires_in: Option<Duration>,
    ) {
        if accepted == Accepted::Again {
            return;
        }
        let writer = change.reader();
        let (number, frame) = match change {
            Change::Open { .. } => return,
            Change::Join { join, .. } => (FrameNumber::FIRST, Bytes::copy_from_slice(&join.m1)),
            Change::Write { number, frame, .. } => (*number, frame.clone()),
        };
        let handed = expires_in.map(|expires_in| Handed {
            number,
            frame: Stored::Here(frame),
            expires_in,
        });
        self.leave(id, |reader| reader != writer, handed.as_ref());
    }

    /// Leaves a frame to the readers who may have waited for it, where there is one, and wakes them.
    pub(super) fn leave(
        &self,
        id: &MailboxId,
        is_for: impl Fn(TokenHash) -> bool,
        handed: Option<&Handed>,
    ) {
        let waiting = self.0.of(id);
        let waiters = waiting.get(id).into_iter().flatten();
        for waiter in waiters.filter(|waiter| is_for(waiter.reader)) {
            *lock(&waiter.handed) = handed.cloned();
            waiter.notify.notify_one();
        }
    }

    /// Wakes everyone, after changes that could have been missed.
    pub fn wake_all(&self) {
        for waiting in self.0.each() {
            let waiters = waiting.values().flatten();
            waiters.for_each(|waiter| waiter.notify.notify_one());
        }
    }
}

/// One client's ear for one mailbox.
pub struct Watch {
    wakers: Wakers,
    id: MailboxId,
    waiter: Arc<Waiter>,
}

impl Watch {
    /// Resolves when somebody else has changed the mailbox since this was called last, or since the watch began.
    pub async fn changed(&self) {
        self.waiter.notify.notified().await;
    }

    /// The frame after `after`, where it has been handed over.
    pub fn take(&self, after: u16) -> Option<Handed> {
        let next = after.checked_add(1);
        lock(&self.waiter.handed).take_if(|handed| Some(handed.number.get()) == next)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Entry::Occupied(mut entry) = self.wakers.0.of(&self.id).entry(self.id) {
            let waiters = entry.get_mut();
            waiters.retain(|waiter| !Arc::ptr_eq(waiter, &self.waiter));
            if waiters.is_empty() {
                entry.remove();
            }
        }
    }
}
