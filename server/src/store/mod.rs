//! Where mailboxes live. Knows no HTTP.

mod backend;
pub mod memory;
pub mod redis;
mod shards;
mod wakers;

use std::{future::Future, time::Duration};

use bytes::Bytes;
use naru_core::mailbox::{FrameNumber, Join, MailboxId, Open, TokenHash};

pub use self::{
    backend::{Backend, StoreUrl, UnknownStore},
    wakers::{Handed, Wakers, Watch},
};

/// What a mailbox may hold, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Capacity {
    /// How long a mailbox waits for the scanner.
    pub join_ttl: Duration,
    /// How long it lives from the join on. A deposit is held for one who fetches it for as long.
    pub transfer_ttl: Duration,
    /// How long a deposit is kept at most.
    pub deposit_ttl: Duration,
    /// Most frames of a lane.
    pub lane_frames: u16,
    /// Most bytes of a mailbox.
    pub mailbox_bytes: usize,
    /// Most mailboxes at once.
    pub mailboxes: usize,
    /// Most bytes of all mailboxes together.
    pub total_bytes: usize,
}

impl Capacity {
    /// How long a mailbox is kept from its opening on, while nobody has joined it.
    pub(crate) fn waits(&self, open: &Open, lifetimes: Lifetimes) -> Duration {
        open.deposit
            .map_or(self.join_ttl.min(lifetimes.join), |seconds| {
                Duration::from_secs(seconds.get().into()).min(self.deposit_ttl)
            })
    }
}

/// How long one mailbox lives; never longer than the capacity has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// While it waits for the scanner.
    pub join: Duration,
    /// From the join on.
    pub transfer: Duration,
}

impl Lifetimes {
    /// As long as the capacity has it.
    pub const LONGEST: Self = Self {
        join: Duration::MAX,
        transfer: Duration::MAX,
    };

    /// Those of the capacity.
    pub const fn of(capacity: &Capacity) -> Self {
        Self {
            join: capacity.join_ttl,
            transfer: capacity.transfer_ttl,
        }
    }
}

/// A call that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It changed the mailbox.
    New,
    /// The same call had been made before.
    Again,
}

/// A call that succeeded, and what it was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it changed the mailbox.
    pub accepted: Accepted,
    /// Whether the mailbox is a deposit.
    pub is_deposit: bool,
    /// Whether the scanner made it, and not the displayer.
    pub by_scanner: bool,
}

/// What a client does to a mailbox.
#[derive(Debug)]
pub enum Change {
    /// Opens a mailbox.
    Open {
        /// What is opened.
        open: Open,
        /// How long it lives.
        lifetimes: Lifetimes,
    },
    /// Lets the first scanner in. A deposit lets another in when the first has held it for the length of a
    /// transfer, or has given it back, and has left no receipt.
    Join {
        /// The hash of the token that the scanner presents.
        by: TokenHash,
        /// Its own token and its first frame.
        join: Join,
        /// How long the mailbox lives from then on.
        lifetimes: Lifetimes,
    },
    /// Appends a frame to the lane of whoever presents the token: the displayer of a deposit also before anybody
    /// has joined.
    Write {
        /// The hash of the writer's token.
        by: TokenHash,
        /// The frame's place in the lane.
        number: FrameNumber,
        /// Its bytes.
        frame: Bytes,
    },
}

impl Change {
    /// The hash of the token by which whoever makes it reads.
    pub fn reader(&self) -> TokenHash {
        match self {
            Self::Open { open, .. } => open.token,
            Self::Join { join, .. } => join.token,
            Self::Write { by, .. } => *by,
        }
    }
}

/// A change that was accepted, and what whoever has made it reads then.
pub type Changed = (Outcome, Result<Unread, StoreError>);

/// The peer's frames that a reader has not seen yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// In the order of the lane.
    pub frames: Vec<Bytes>,
    /// How many frames the reader's own lane has: fewer than it has written when the store has forgotten
    /// some.
    pub written: u16,
    /// What is left of the mailbox's life.
    pub expires_in: Duration,
}

/// A frame as a store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// Its bytes, which have come with what tells of it.
    Here(Bytes),
    /// The name of its bytes among those of its mailbox.
    Beside([u8; 16]),
}

/// Why a call was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no such mailbox, or the token opens it no door.
    #[error("no such mailbox")]
    Unknown,
    /// Its time is over.
    #[error("the mailbox has expired")]
    Expired,
    /// One of its two sides has ended it.
    #[error("the mailbox has been ended")]
    Ended,
    /// It is open for other tokens.
    #[error("the mailbox is taken")]
    Exists,
    /// Another scanner was first.
    #[error("another device has joined")]
    AlreadyJoined,
    /// The displayer cannot write before somebody can read.
    #[error("nobody has joined yet")]
    NotJoined,
    /// The frame's number carries other bytes already.
    #[error("the frame has other bytes")]
    Conflict,
    /// The frame is not the lane's next.
    #[error("the lane continues with frame {expected}")]
    Gap {
        /// The number that comes next.
        expected: u16,
    },
    /// The reader asks for frames that it has acknowledged.
    #[error("the frames were acknowledged")]
    Acknowledged,
    /// The lane or the mailbox holds no more.
    #[error("the mailbox is full")]
    MailboxFull,
    /// The store holds no more mailboxes or bytes.
    #[error("the store is full")]
    Full,
    /// The store does not answer.
    #[error("the store does not answer")]
    Unavailable,
}

/// Keeps mailboxes. Every method may be called again with the same arguments to the same effect.
pub trait Store: Sync {
    /// Makes a change, and reads for whoever has made it as [`Self::read`] does after it. What was accepted stays
    /// accepted when the reading is refused.
    fn change(
        &self,
        id: MailboxId,
        change: Change,
        after: u16,
    ) -> impl Future<Output = Result<Changed, StoreError>> + Send;

    /// [`Change::Open`] as long as the capacity has it.
    fn open(
        &self,
        id: MailboxId,
        open: Open,
    ) -> impl Future<Output = Result<Accepted, StoreError>> + Send {
        self.accept(
            id,
            Change::Open {
                open,
                lifetimes: Lifetimes::LONGEST,
            },
        )
    }

    /// [`Change::Join`] as long as the capacity has it.
    fn join(
        &self,
        id: MailboxId,
        by: TokenHash,
        join: Join,
    ) -> impl Future<Output = Result<Accepted, StoreError>> + Send {
        self.accept(
            id,
            Change::Join {
                by,
                join,
                lifetimes: Lifetimes::LONGEST,
            },
        )
    }

    /// [`Change::Write`].
    fn append(
        &self,
        id: MailboxId,
        by: TokenHash,
        number: FrameNumber,
        frame: impl Into<Bytes>,
    ) -> impl Future<Output = Result<Accepted, StoreError>> + Send {
        let frame = frame.into();
        self.accept(id, Change::Write { by, number, frame })
    }

    /// [`Self::change`] for those who read nothing: a reader that has no frame yet acknowledges none.
    fn accept(
        &self,
        id: MailboxId,
        change: Change,
    ) -> impl Future<Output = Result<Accepted, StoreError>> + Send {
        async move { Ok(self.change(id, change, 0).await?.0.accepted) }
    }

    /// The other lane's frames after `after`, which are acknowledged and forgotten up to it. Those of
    /// a deposit stay until the scanner has written its receipt.
    fn read(
        &self,
        id: MailboxId,
        by: TokenHash,
        after: u16,
    ) -> impl Future<Output = Result<Unread, StoreError>> + Send;

    /// Ends a mailbox and forgets its frames. The scanner of a deposit gives it back instead.
    fn close(
        &self,
        id: MailboxId,
        by: TokenHash,
    ) -> impl Future<Output = Result<Outcome, StoreError>> + Send;

    /// [`Self::close`], for those who know what it is about.
    fn end(
        &self,
        id: MailboxId,
        by: TokenHash,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        async move { self.close(id, by).await.map(drop) }
    }

    /// Whether the store answers.
    fn ready(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The bytes of a frame that a [`Watch`] has been handed; `None` where they are not to be had, or no longer.
    fn fetch(&self, id: MailboxId, frame: Stored) -> impl Future<Output = Option<Bytes>> + Send {
        async move {
            match frame {
                Stored::Here(bytes) => Some(bytes),
                Stored::Beside(name) => self.fetch_named(id, name).await,
            }
        }
    }

    /// [`Self::fetch`] of a [`Stored::Beside`], which not every store hands over.
    fn fetch_named(
        &self,
        _id: MailboxId,
        _name: [u8; 16],
    ) -> impl Future<Output = Option<Bytes>> + Send {
        async { None }
    }

    /// Hears from now on of what others than the reader do to the mailbox: at other relays after the reader's next
    /// [`Self::read`].
    fn watch(&self, id: MailboxId, reader: TokenHash) -> Watch;
}
