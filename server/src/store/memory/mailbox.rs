//! One mailbox, and its lanes.

use std::{collections::VecDeque, hash::BuildHasher, sync::LazyLock};

use bytes::Bytes;
use foldhash::quality::RandomState;
use naru_core::mailbox::{Open, TokenHash};
use tokio::time::Instant;

use crate::store::{Accepted, Outcome, StoreError};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Live,
    Ended,
    Expired,
}

#[derive(Clone, Copy)]
pub(super) enum Side {
    Displayer,
    Scanner,
    /// Whoever has only the join token.
    Outsider,
}

impl Side {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Displayer => Self::Scanner,
            Self::Scanner | Self::Outsider => Self::Displayer,
        }
    }
}

pub(super) struct Mailbox {
    pub(super) open: Open,
    pub(super) scanner: Option<TokenHash>,
    /// Until when nobody but its scanner can have a deposit.
    pub(super) lease: Option<Instant>,
    pub(super) displayer_lane: Lane,
    pub(super) scanner_lane: Lane,
    pub(super) phase: Phase,
    pub(super) ends: Instant,
    /// Past its own time, and kept as a tombstone until `ends`.
    pub(super) buried: bool,
}

impl Mailbox {
    pub(super) fn new(open: Open, ends: Instant) -> Self {
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

    pub(super) fn is_deposit(&self) -> bool {
        self.open.deposit.is_some()
    }

    pub(super) fn outcome(&self, accepted: Accepted, side: Side) -> Outcome {
        Outcome {
            accepted,
            is_deposit: self.is_deposit(),
            by_scanner: matches!(side, Side::Scanner),
        }
    }

    /// Whether a deposit has been claimed, and no receipt has come.
    pub(super) fn awaits_receipt(&self) -> bool {
        self.is_deposit() && self.scanner_lane.hashes.len() == 1
    }

    pub(super) fn is_abandoned(&self, now: Instant) -> bool {
        self.awaits_receipt() && self.lease.is_some_and(|lease| lease <= now)
    }

    /// Forgets a deposit's scanner; yields how many bytes that frees.
    pub(super) fn give_back(&mut self) -> usize {
        self.scanner = None;
        self.lease = None;
        std::mem::take(&mut self.scanner_lane).bytes
    }

    pub(super) fn live(&self) -> Result<(), StoreError> {
        match self.phase {
            Phase::Live => Ok(()),
            Phase::Ended => Err(StoreError::Ended),
            Phase::Expired => Err(StoreError::Expired),
        }
    }

    /// Whose the token is. The join token opens nothing here, but its holder is told of an end.
    pub(super) fn side(&self, by: TokenHash) -> Result<Side, StoreError> {
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

    pub(super) fn lane(&mut self, side: Side) -> &mut Lane {
        match side {
            Side::Displayer => &mut self.displayer_lane,
            Side::Scanner | Side::Outsider => &mut self.scanner_lane,
        }
    }

    /// Forgets the frames; yields how many bytes that frees.
    pub(super) fn clear(&mut self, phase: Phase) -> usize {
        self.phase = phase;
        let freed = self.displayer_lane.bytes + self.scanner_lane.bytes;
        self.displayer_lane = Lane::default();
        self.scanner_lane = Lane::default();
        freed
    }
}

/// One side's frames. The hashes of acknowledged ones stay, to know a repetition.
#[derive(Default)]
pub(super) struct Lane {
    unread: VecDeque<Bytes>,
    pub(super) hashes: Vec<u64>,
    pub(super) bytes: usize,
}

/// Frames of one lane are one client's: those that it makes to have the same hash harm only itself.
fn hash(frame: &[u8]) -> u64 {
    static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    STATE.hash_one(frame)
}

impl Lane {
    pub(super) fn push(&mut self, frame: Bytes) {
        self.hashes.push(hash(&frame));
        self.bytes += frame.len();
        self.unread.push_back(frame);
    }

    pub(super) fn holds(&self, index: usize, frame: &[u8]) -> bool {
        self.hashes.get(index) == Some(&hash(frame))
    }

    /// The frames after `after`, and how many bytes were freed by forgetting those up to it.
    pub(super) fn read(
        &mut self,
        after: usize,
        keeps: bool,
    ) -> Result<(usize, Vec<Bytes>), StoreError> {
        let acknowledged = self.hashes.len() - self.unread.len();
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
