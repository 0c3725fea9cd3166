//! This relay, as others reach it.

use std::{sync::Arc, time::Duration};

use base64ct::{Base64UrlUnpadded, Encoding};
use bytes::Bytes;
use naru_core::mailbox::FrameNumber;

use super::{answer::Packed, token::Token};
use crate::store::{Handed, Stored, Wakers};

/// What channels begin with: `mailbox.lua` has it too.
const CHANNELS: &str = "naru:node:";
/// Of randomness in a relay's name, which has eight characters of base64url: the scripts have it too.
const NAME_BYTES: usize = 6;

/// A relay and the clients that wait there. A mailbox names the worker where its reader waits, or the relay, and others
/// publish what has changed on the channel of that name.
#[derive(Clone)]
pub(super) struct Node {
    name: Arc<str>,
    wakers: Wakers,
}

impl Node {
    /// A relay with a name that no other has.
    pub(super) fn draw(wakers: Wakers) -> Result<Self, getrandom::Error> {
        let mut name = [0; NAME_BYTES];
        getrandom::fill(&mut name)?;
        Ok(Self {
            name: Base64UrlUnpadded::encode_string(&name).into(),
            wakers,
        })
    }

    /// Eight characters.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// That of one of its threads, which begins with the relay's.
    pub(super) fn name_of(&self, thread: u64) -> Arc<str> {
        format!("{}:{thread}", self.name).into()
    }

    /// Wakes everyone: what changed while nobody listened was not heard, and what a failover forgot has changed too.
    pub(super) fn wake_all(&self) {
        self.wakers.wake_all();
    }

    /// Passes on what `wake.lua` publishes; a beat is empty.
    pub(super) fn hear(&self, message: &[u8]) {
        let Some((name, handed)) = message.split_at_checked(MAILBOX_NAME) else {
            return;
        };
        let Some(id) = std::str::from_utf8(name)
            .ok()
            .and_then(|it| it.parse().ok())
        else {
            return;
        };
        match Addressed::parse(handed) {
            Some(Addressed { reader, handed }) => {
                let is_for = |waiting| reader.is_of(waiting);
                self.wakers.leave(&id, is_for, Some(&handed));
            }
            None => self.wakers.wake(&id),
        }
    }
}

/// Characters of a mailbox's name.
const MAILBOX_NAME: usize = 22;

/// Where a relay or one of its workers hears what is published for it.
pub(super) fn channel(name: &str) -> String {
    [CHANNELS, name].concat()
}

/// A frame, and who has waited for it.
struct Addressed {
    reader: Token,
    handed: Handed,
}

impl Addressed {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut packed = Packed(bytes);
        let reader = Token(packed.take()?);
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
