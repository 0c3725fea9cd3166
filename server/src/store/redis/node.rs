//! This relay, as others reach it.

use std::{fmt::Write, sync::Arc, time::Duration};

use bytes::Bytes;
use naru_core::mailbox::{FrameNumber, TokenHash};

use super::answer::Packed;
use crate::store::{Handed, Stored, Wakers};

/// A relay and the clients that wait there. Others publish what has changed for these on the channel that the mailbox
/// names: the relay's own, or one whose name begins with that one's.
#[derive(Clone)]
pub(super) struct Node {
    channel: Arc<str>,
    wakers: Wakers,
}

impl Node {
    /// A relay with a name that no other has.
    pub(super) fn draw(wakers: Wakers) -> Result<Self, getrandom::Error> {
        let mut name = [0; 8];
        getrandom::fill(&mut name)?;
        let mut channel = String::from("naru:node:");
        for byte in name {
            // Writing to a `String` cannot fail.
            let _ = write!(channel, "{byte:02x}");
        }
        Ok(Self {
            channel: channel.into(),
            wakers,
        })
    }

    pub(super) fn channel(&self) -> &str {
        &self.channel
    }

    /// That of one of its threads.
    pub(super) fn channel_of(&self, thread: u64) -> Arc<str> {
        format!("{}:{thread}", self.channel).into()
    }

    /// Wakes everyone: what changed while nobody listened was not heard, and what a failover forgot has changed too.
    pub(super) fn wake_all(&self) {
        self.wakers.wake_all();
    }

    /// Passes on what `wake.lua` publishes; a beat is empty.
    pub(super) fn hear(&self, message: &[u8]) {
        let Some((name, handed)) = message.split_at_checked(NAME) else {
            return;
        };
        let Some(id) = std::str::from_utf8(name)
            .ok()
            .and_then(|it| it.parse().ok())
        else {
            return;
        };
        match Addressed::parse(handed) {
            Some(Addressed { reader, handed }) => self.wakers.hand(&id, reader, &handed),
            None => self.wakers.wake(&id),
        }
    }
}

/// Characters of a mailbox's name.
const NAME: usize = 22;

/// A frame, and who has waited for it.
struct Addressed {
    reader: TokenHash,
    handed: Handed,
}

impl Addressed {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut packed = Packed(bytes);
        let reader = packed.take().map(TokenHash::from_bytes)?;
        let number = packed.take().map(u16::from_le_bytes)?;
        let left = packed.take().map(u64::from_le_bytes)?;
        // There is no frame 0: a name follows, and its number before.
        let (number, frame) = match FrameNumber::new(number) {
            Some(number) => (number, Stored::Here(Bytes::copy_from_slice(packed.0))),
            None => {
                let number = packed.take().map(u16::from_le_bytes)?;
                let name = packed.0.try_into().ok()?;
                (FrameNumber::new(number)?, Stored::Beside(name))
            }
        };
        Some(Self {
            reader,
            handed: Handed {
                number,
                frame,
                expires_in: Duration::from_millis(left),
            },
        })
    }
}
