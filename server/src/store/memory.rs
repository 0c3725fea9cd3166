//! The store inside the process: forgets everything when the relay stops.

mod ends;
mod mailbox;

use std::{
    collections::HashMap,
    sync::{
        MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use naru_core::mailbox::{FrameNumber, Join, MailboxId, Open, TokenHash};
use tokio::time::Instant;

use self::{
    ends::Ends,
    mailbox::{Mailbox, Phase, Side},
};
use super::{
    Accepted, Capacity, Change, Changed, Lifetimes, Outcome, Store, StoreError, Unread, Wakers,
    Watch, shards::Shards,
};

/// Mailboxes in maps, and their ends in order.
pub struct Memory {
    shards: Shards<Shard>,
    held: Held,
    wakers: Wakers,
    capacity: Capacity,
}

impl Memory {
    /// An empty store.
    pub fn new(capacity: Capacity) -> Self {
        Self {
            shards: Shards::default(),
            held: Held::default(),
            wakers: Wakers::default(),
            capacity,
        }
    }

    /// Lets go of what has ended.
    pub fn tidy(&self) {
        let now = Instant::now();
        for mut shard in self.shards.each() {
            self.forget(&mut shard, now);
        }
    }

    /// Wakes everyone who waits for a mailbox.
    pub fn wake_all(&self) {
        self.wakers.wake_all();
    }

    /// What belongs to the mailbox's shard, without what has ended.
    fn current(&self, id: &MailboxId, now: Instant) -> MutexGuard<'_, Shard> {
        let mut shard = self.shards.of(id);
        self.forget(&mut shard, now);
        shard
    }

    /// Whoever waited for what has ended is woken.
    fn forget(&self, shard: &mut Shard, now: Instant) {
        while let Some(id) = shard.ends.take(now) {
            shard.pass(id, now, &self.capacity, &self.held);
            self.wakers.wake(&id);
        }
    }

    /// [`Store::change`], which waits for nothing here.
    pub fn apply(&self, id: MailboxId, change: &Change, after: u16) -> Result<Changed, StoreError> {
        match self.try_change(id, change, after) {
            // What has ended in other shards leaves room.
            Err(StoreError::Full) => {
                self.tidy();
                self.try_change(id, change, after)
            }
            tried => tried,
        }
    }

    fn try_change(
        &self,
        id: MailboxId,
        change: &Change,
        after: u16,
    ) -> Result<Changed, StoreError> {
        let now = Instant::now();
        let mut shard = self.current(&id, now);
        let outcome = match change {
            Change::Open { open, lifetimes } => {
                self.open_for(&mut shard, now, *lifetimes, id, open)
            }
            Change::Join {
                by,
                join,
                lifetimes,
            } => self.join_for(&mut shard, now, *lifetimes, id, *by, join),
            Change::Write { by, number, frame } => self.write(&mut shard, id, *by, *number, frame),
        }?;
        let read = shard.read(&id, change.reader(), after, now, &self.held);
        drop(shard);
        let expires_in = read.as_ref().ok().map(|unread| unread.expires_in);
        self.wakers.tell(&id, change, outcome.accepted, expires_in);
        Ok((outcome, read))
    }

    /// [`Change::Open`].
    fn open_for(
        &self,
        shard: &mut Shard,
        now: Instant,
        lifetimes: Lifetimes,
        id: MailboxId,
        open: &Open,
    ) -> Result<Outcome, StoreError> {
        let outcome = |accepted| Outcome {
            accepted,
            is_deposit: open.deposit.is_some(),
            by_scanner: false,
        };
        if let Some(mailbox) = shard.mailboxes.get(&id) {
            return match mailbox.open == *open {
                true => mailbox.live().map(|()| outcome(Accepted::Again)),
                false => Err(StoreError::Exists),
            };
        }
        Held::take(&self.held.mailboxes, 1, self.capacity.mailboxes)?;
        let ends = now + self.capacity.waits(open, lifetimes);
        shard.mailboxes.insert(id, Mailbox::new(open.clone(), ends));
        shard.ends.insert(ends, id);
        Ok(outcome(Accepted::New))
    }

    /// [`Change::Join`].
    fn join_for(
        &self,
        shard: &mut Shard,
        now: Instant,
        lifetimes: Lifetimes,
        id: MailboxId,
        by: TokenHash,
        join: &Join,
    ) -> Result<Outcome, StoreError> {
        let mailbox = shard.mailboxes.get_mut(&id).ok_or(StoreError::Unknown)?;
        if mailbox.open.join != by {
            return Err(StoreError::Unknown);
        }
        mailbox.live()?;
        if let Some(scanner) = mailbox.scanner {
            if scanner == join.token && mailbox.scanner_lane.holds(0, &join.m1) {
                return Ok(mailbox.outcome(Accepted::Again, Side::Scanner));
            }
            if !mailbox.is_abandoned(now) {
                return Err(StoreError::AlreadyJoined);
            }
            self.held.give_back(mailbox.give_back());
        }
        if join.m1.len() > self.capacity.mailbox_bytes {
            return Err(StoreError::MailboxFull);
        }
        Held::take(&self.held.bytes, join.m1.len(), self.capacity.total_bytes)?;
        let until = now + self.capacity.transfer_ttl.min(lifetimes.transfer);
        if mailbox.is_deposit() {
            mailbox.lease = Some(until);
        } else {
            shard.ends.remove(mailbox.ends, id);
            shard.ends.insert(until, id);
            mailbox.ends = until;
        }
        mailbox.scanner = Some(join.token);
        let frame = Bytes::copy_from_slice(&join.m1);
        mailbox.scanner_lane.push(frame);
        Ok(mailbox.outcome(Accepted::New, Side::Scanner))
    }

    /// [`Change::Write`].
    fn write(
        &self,
        shard: &mut Shard,
        id: MailboxId,
        by: TokenHash,
        number: FrameNumber,
        frame: &Bytes,
    ) -> Result<Outcome, StoreError> {
        let mailbox = shard.mailboxes.get_mut(&id).ok_or(StoreError::Unknown)?;
        let side = mailbox.side(by)?;
        mailbox.live()?;
        if mailbox.scanner.is_none() && !mailbox.is_deposit() {
            return Err(StoreError::NotJoined);
        }
        let change = |accepted| mailbox.outcome(accepted, side);
        let (new, again) = (change(Accepted::New), change(Accepted::Again));
        let held = mailbox.displayer_lane.bytes + mailbox.scanner_lane.bytes;
        let lane = mailbox.lane(side);
        let index = usize::from(number.get()) - 1;
        if index < lane.hashes.len() {
            return match lane.holds(index, frame) {
                true => Ok(again),
                false => Err(StoreError::Conflict),
            };
        }
        if index > lane.hashes.len() {
            return Err(StoreError::Gap {
                expected: lane.hashes.len() as u16 + 1,
            });
        }
        if number.get() > self.capacity.lane_frames
            || held + frame.len() > self.capacity.mailbox_bytes
        {
            return Err(StoreError::MailboxFull);
        }
        Held::take(&self.held.bytes, frame.len(), self.capacity.total_bytes)?;
        lane.push(frame.clone());
        Ok(new)
    }
}

impl Store for Memory {
    async fn change(
        &self,
        id: MailboxId,
        change: Change,
        after: u16,
    ) -> Result<Changed, StoreError> {
        self.apply(id, &change, after)
    }

    async fn read(&self, id: MailboxId, by: TokenHash, after: u16) -> Result<Unread, StoreError> {
        let now = Instant::now();
        let mut shard = self.current(&id, now);
        shard.read(&id, by, after, now, &self.held)
    }

    async fn close(&self, id: MailboxId, by: TokenHash) -> Result<Outcome, StoreError> {
        let mut shard = self.current(&id, Instant::now());
        let mailbox = shard.mailboxes.get_mut(&id).ok_or(StoreError::Unknown)?;
        let side = mailbox.side(by)?;
        mailbox.live()?;
        let change = mailbox.outcome(Accepted::New, side);
        self.held.give_back(match side {
            Side::Scanner if mailbox.awaits_receipt() => mailbox.give_back(),
            // A receipt cannot be taken back.
            Side::Scanner if mailbox.is_deposit() => 0,
            _ => mailbox.clear(Phase::Ended),
        });
        drop(shard);
        self.wakers.wake(&id);
        Ok(change)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn watch(&self, id: MailboxId, reader: TokenHash) -> Watch {
        self.wakers.watch(id, reader)
    }
}

/// What all shards hold together.
#[derive(Default)]
struct Held {
    mailboxes: AtomicUsize,
    bytes: AtomicUsize,
}

impl Held {
    /// Makes room for more, where that is not more than `most`.
    fn take(held: &AtomicUsize, more: usize, most: usize) -> Result<(), StoreError> {
        let sum = |held: usize| held.checked_add(more).filter(|sum| *sum <= most);
        held.try_update(Ordering::Relaxed, Ordering::Relaxed, sum)
            .map_or(Err(StoreError::Full), |_| Ok(()))
    }

    fn give_back(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[derive(Default)]
struct Shard {
    mailboxes: HashMap<MailboxId, Mailbox>,
    ends: Ends,
}

impl Shard {
    /// A live mailbox leaves a tombstone, so that its sides hear what became of it; a tombstone
    /// goes.
    fn pass(&mut self, id: MailboxId, now: Instant, capacity: &Capacity, held: &Held) {
        let Some(mailbox) = self.mailboxes.get_mut(&id) else {
            return;
        };
        if mailbox.buried {
            self.mailboxes.remove(&id);
            held.mailboxes.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        if mailbox.phase == Phase::Live {
            held.give_back(mailbox.clear(Phase::Expired));
        }
        mailbox.buried = true;
        mailbox.ends = now + capacity.transfer_ttl;
        self.ends.insert(mailbox.ends, id);
    }

    fn read(
        &mut self,
        id: &MailboxId,
        by: TokenHash,
        after: u16,
        now: Instant,
        held: &Held,
    ) -> Result<Unread, StoreError> {
        let mailbox = self.mailboxes.get_mut(id).ok_or(StoreError::Unknown)?;
        let side = mailbox.side(by)?;
        mailbox.live()?;
        let expires_in = mailbox.ends - now;
        let keeps = matches!(side, Side::Scanner) && mailbox.awaits_receipt();
        let written = mailbox.lane(side).hashes.len() as u16;
        let (freed, frames) = mailbox.lane(side.other()).read(usize::from(after), keeps)?;
        held.give_back(freed);
        Ok(Unread {
            frames,
            written,
            expires_in,
        })
    }
}
