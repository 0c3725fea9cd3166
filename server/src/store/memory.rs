//! The store inside the process: forgets everything when the relay stops.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use naru_core::mailbox::{FrameNumber, Join, MailboxId, Open, TokenHash};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{
    Accepted, Capacity, Change, Changed, Handed, Lifetimes, Outcome, Store, StoreError, Unread,
    Wakers, Watch,
};

/// Mailboxes in a map, and their ends in order.
pub struct Memory {
    state: Mutex<State>,
    wakers: Wakers,
    capacity: Capacity,
}

impl Memory {
    /// An empty store.
    pub fn new(capacity: Capacity) -> Self {
        Self {
            state: Mutex::default(),
            wakers: Wakers::default(),
            capacity,
        }
    }

    /// Lets go of what has ended.
    pub fn tidy(&self) {
        drop(self.current());
    }

    /// The state without what has ended; whoever waited for that is woken.
    fn current(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while let Some((ends, id)) = state.ends.first().copied().filter(|(ends, _)| *ends <= now) {
            state.ends.remove(&(ends, id));
            state.pass(id, now, &self.capacity);
            self.wakers.wake(&id);
        }
        state
    }
}

impl Memory {
    /// [`Change::Open`].
    fn open_for(
        &self,
        lifetimes: Lifetimes,
        id: MailboxId,
        open: Open,
    ) -> Result<Accepted, StoreError> {
        let mut state = self.current();
        if let Some(mailbox) = state.mailboxes.get(&id) {
            return match mailbox.open == open {
                true => mailbox.live().map(|()| Accepted::Again),
                false => Err(StoreError::Exists),
            };
        }
        if state.mailboxes.len() >= self.capacity.mailboxes {
            return Err(StoreError::Full);
        }
        let ends = Instant::now() + self.capacity.waits(&open, lifetimes);
        state.mailboxes.insert(id, Mailbox::new(open, ends));
        state.ends.insert((ends, id));
        Ok(Accepted::New)
    }

    /// [`Change::Join`].
    fn join_for(
        &self,
        lifetimes: Lifetimes,
        id: MailboxId,
        by: TokenHash,
        join: Join,
    ) -> Result<Outcome, StoreError> {
        let mut guard = self.current();
        let state = &mut *guard;
        let mailbox = state.mailboxes.get_mut(&id).ok_or(StoreError::Unknown)?;
        if mailbox.open.join != by {
            return Err(StoreError::Unknown);
        }
        mailbox.live()?;
        let now = Instant::now();
        if let Some(scanner) = mailbox.scanner {
            if scanner == join.token && mailbox.scanner_lane.holds(0, &join.m1) {
                return Ok(mailbox.outcome(Accepted::Again, Side::Scanner));
            }
            if !mailbox.is_abandoned(now) {
                return Err(StoreError::AlreadyJoined);
            }
            state.bytes -= mailbox.give_back();
        }
        if join.m1.len() > self.capacity.mailbox_bytes {
            return Err(StoreError::MailboxFull);
        }
        if state.bytes + join.m1.len() > self.capacity.total_bytes {
            return Err(StoreError::Full);
        }
        let until = now + self.capacity.transfer_ttl.min(lifetimes.transfer);
        if mailbox.is_deposit() {
            mailbox.lease = Some(until);
        } else {
            state.ends.remove(&(mailbox.ends, id));
            state.ends.insert((until, id));
            mailbox.ends = until;
        }
        state.bytes += join.m1.len();
        let reader = join.token;
        mailbox.scanner = Some(reader);
        let m1 = Bytes::from(join.m1);
        mailbox.scanner_lane.push(m1.clone());
        let change = mailbox.outcome(Accepted::New, Side::Scanner);
        let handed = Handed {
            number: FrameNumber::FIRST,
            frame: m1,
            expires_in: mailbox.ends - now,
        };
        drop(guard);
        self.wakers.tell(&id, reader, Some(handed));
        Ok(change)
    }

    /// [`Change::Write`].
    fn write(
        &self,
        id: MailboxId,
        by: TokenHash,
        number: FrameNumber,
        frame: Bytes,
    ) -> Result<Outcome, StoreError> {
        let mut guard = self.current();
        let state = &mut *guard;
        let mailbox = state.mailboxes.get_mut(&id).ok_or(StoreError::Unknown)?;
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
        if index < lane.digests.len() {
            let same = lane.holds(index, &frame);
            return if same {
                Ok(again)
            } else {
                Err(StoreError::Conflict)
            };
        }
        if index > lane.digests.len() {
            return Err(StoreError::Gap {
                expected: lane.digests.len() as u16 + 1,
            });
        }
        if number.get() > self.capacity.lane_frames
            || held + frame.len() > self.capacity.mailbox_bytes
        {
            return Err(StoreError::MailboxFull);
        }
        if state.bytes + frame.len() > self.capacity.total_bytes {
            return Err(StoreError::Full);
        }
        state.bytes += frame.len();
        lane.push(frame.clone());
        let handed = Handed {
            number,
            frame,
            expires_in: mailbox.ends - Instant::now(),
        };
        drop(guard);
        self.wakers.tell(&id, by, Some(handed));
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
        let reader = change.reader();
        let outcome = match change {
            Change::Open { open, lifetimes } => Outcome {
                is_deposit: open.deposit.is_some(),
                accepted: self.open_for(lifetimes, id, open)?,
                by_scanner: false,
            },
            Change::Join {
                by,
                join,
                lifetimes,
            } => self.join_for(lifetimes, id, by, join)?,
            Change::Write { by, number, frame } => self.write(id, by, number, frame)?,
        };
        Ok((outcome, self.read(id, reader, after).await))
    }

    async fn read(&self, id: MailboxId, by: TokenHash, after: u16) -> Result<Unread, StoreError> {
        let mut guard = self.current();
        let state = &mut *guard;
        let mailbox = state.mailboxes.get_mut(&id).ok_or(StoreError::Unknown)?;
        let side = mailbox.side(by)?;
        mailbox.live()?;
        let expires_in = mailbox.ends - Instant::now();
        let keeps = matches!(side, Side::Scanner) && mailbox.awaits_receipt();
        let written = mailbox.lane(side).digests.len() as u16;
        let (freed, frames) = mailbox.lane(side.other()).read(usize::from(after), keeps)?;
        state.bytes -= freed;
        Ok(Unread {
            frames,
            written,
            expires_in,
        })
    }

    async fn close(&self, id: MailboxId, by: TokenHash) -> Result<Outcome, StoreError> {
        let mut guard = self.current();
        let state = &mut *guard;
        let mailbox = state.mailboxes.get_mut(&id).ok_or(StoreError::Unknown)?;
        let side = mailbox.side(by)?;
        mailbox.live()?;
        let change = mailbox.outcome(Accepted::New, side);
        state.bytes -= match side {
            Side::Scanner if mailbox.awaits_receipt() => mailbox.give_back(),
            // A receipt cannot be taken back.
            Side::Scanner if mailbox.is_deposit() => 0,
            _ => mailbox.clear(Phase::Ended),
        };
        drop(guard);
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

#[derive(Default)]
struct State {
    mailboxes: HashMap<MailboxId, Mailbox>,
    ends: BTreeSet<(Instant, MailboxId)>,
    bytes: usize,
}

impl State {
    /// A live mailbox leaves a tombstone, so that its sides hear what became of it; a tombstone
    /// goes.
    fn pass(&mut self, id: MailboxId, now: Instant, capacity: &Capacity) {
        let Some(mailbox) = self.mailboxes.get_mut(&id) else {
            return;
        };
        if mailbox.buried {
            self.mailboxes.remove(&id);
            return;
        }
        if mailbox.phase == Phase::Live {
            self.bytes -= mailbox.clear(Phase::Expired);
        }
        mailbox.buried = true;
        mailbox.ends = now + capacity.transfer_ttl;
        self.ends.insert((mailbox.ends, id));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Live,
    Ended,
    Expired,
}

#[derive(Clone, Copy)]
enum Side {
    Displayer,
    Scanner,
    /// Whoever has only the join token.
    Outsider,
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Displayer => Self::Scanner,
            Self::Scanner | Self::Outsider => Self::Displayer,
        }
    }
}

struct Mailbox {
    open: Open,
    scanner: Option<TokenHash>,
    /// Until when nobody but its scanner can have a deposit.
    lease: Option<Instant>,
    displayer_lane: Lane,
    scanner_lane: Lane,
    phase: Phase,
    ends: Instant,
    /// Past its own time, and kept as a tombstone until `ends`.
    buried: bool,
}

impl Mailbox {
    fn new(open: Open, ends: Instant) -> Self {
        Self {
            open,
            scanner: None,
            lease: None,
            displayer_lane: Lane::default(),
            scanner_lane: Lane::default(),
            phase: Phase::Live,
            ends,
            buried: false,
        }
    }

    fn is_deposit(&self) -> bool {
        self.open.deposit.is_some()
    }

    fn outcome(&self, accepted: Accepted, side: Side) -> Outcome {
        Outcome {
            accepted,
            is_deposit: self.is_deposit(),
            by_scanner: matches!(side, Side::Scanner),
        }
    }

    /// Whether a deposit has been claimed, and no receipt has come.
    fn awaits_receipt(&self) -> bool {
        self.is_deposit() && self.scanner_lane.digests.len() == 1
    }

    fn is_abandoned(&self, now: Instant) -> bool {
        self.awaits_receipt() && self.lease.is_some_and(|lease| lease <= now)
    }

    /// Forgets a deposit's scanner; yields how many bytes that frees.
    fn give_back(&mut self) -> usize {
        self.scanner = None;
        self.lease = None;
        std::mem::take(&mut self.scanner_lane).bytes
    }

    fn live(&self) -> Result<(), StoreError> {
        match self.phase {
            Phase::Live => Ok(()),
            Phase::Ended => Err(StoreError::Ended),
            Phase::Expired => Err(StoreError::Expired),
        }
    }

    /// Whose the token is. The join token opens nothing here, but its holder is told of an end.
    fn side(&self, by: TokenHash) -> Result<Side, StoreError> {
        if self.open.token == by {
            Ok(Side::Displayer)
        } else if self.scanner == Some(by) {
            Ok(Side::Scanner)
        } else if self.open.join == by && self.phase != Phase::Live {
            Ok(Side::Outsider)
        } else {
            Err(StoreError::Unknown)
        }
    }

    fn lane(&mut self, side: Side) -> &mut Lane {
        match side {
            Side::Displayer => &mut self.displayer_lane,
            Side::Scanner | Side::Outsider => &mut self.scanner_lane,
        }
    }

    /// Forgets the frames; yields how many bytes that frees.
    fn clear(&mut self, phase: Phase) -> usize {
        self.phase = phase;
        let freed = self.displayer_lane.bytes + self.scanner_lane.bytes;
        self.displayer_lane = Lane::default();
        self.scanner_lane = Lane::default();
        freed
    }
}

/// One side's frames. The digests of acknowledged ones stay, to know a repetition.
#[derive(Default)]
struct Lane {
    unread: VecDeque<Bytes>,
    digests: Vec<[u8; 32]>,
    bytes: usize,
}

impl Lane {
    fn push(&mut self, frame: Bytes) {
        self.digests.push(Sha256::digest(&frame).into());
        self.bytes += frame.len();
        self.unread.push_back(frame);
    }

    fn holds(&self, index: usize, frame: &[u8]) -> bool {
        self.digests.get(index) == Some(&Sha256::digest(frame).into())
    }

    /// The frames after `after`, and how many bytes were freed by forgetting those up to it.
    fn read(&mut self, after: usize, keeps: bool) -> Result<(usize, Vec<Bytes>), StoreError> {
        let acknowledged = self.digests.len() - self.unread.len();
        let forget = after
            .checked_sub(acknowledged)
            .ok_or(StoreError::Acknowledged)?;
        if keeps {
            return Ok((0, self.unread.iter().skip(forget).cloned().collect()));
        }
        let mut freed = 0;
        for frame in self.unread.drain(..forget.min(self.unread.len())) {
            freed += frame.len();
        }
        self.bytes -= freed;
        Ok((freed, self.unread.iter().cloned().collect()))
    }
}
