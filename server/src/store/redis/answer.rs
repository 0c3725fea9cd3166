//! What the scripts answer.

use std::time::Duration;

use bytes::Bytes;
use redis::{FromRedisValue, Value};

use super::frame::FEW_BYTES;
use crate::store::{Accepted, Outcome, StoreError, Stored};

/// Bytes of the digest that names a frame in its mailbox.
pub(super) const DIGEST: usize = 16;

/// What a script says: what `answer.lua` packs, or the word of a refusal, a line's end, and what belongs to it.
pub(super) struct Answer(Vec<u8>);

/// What a reader may have.
pub(super) struct Read {
    pub(super) expires_in: Duration,
    /// How many frames the reader has written.
    pub(super) written: u16,
    /// The peer's: `Here` are those of few bytes.
    pub(super) frames: Vec<Stored>,
}

impl Answer {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What has become of a change, and what has been read after it.
    pub(super) fn change(&self) -> Result<(Outcome, Result<Read, StoreError>), StoreError> {
        let (outcome, mut rest) = self.succeeded()?;
        Ok((outcome, Read::take(&mut rest)))
    }

    /// What has become of a change after which nothing is read.
    pub(super) fn outcome(&self) -> Result<Outcome, StoreError> {
        self.succeeded().map(|(outcome, _)| outcome)
    }

    pub(super) fn read(&self) -> Result<Read, StoreError> {
        self.succeeded()
            .and_then(|(_, mut rest)| Read::take(&mut rest))
    }

    fn succeeded(&self) -> Result<(Outcome, Packed<'_>), StoreError> {
        let mut rest = Packed(&self.0);
        // A word has other bytes.
        let Some([is_new @ ..=1, is_deposit, is_scanner]) = rest.take() else {
            return Err(self.refusal());
        };
        let accepted = match is_new {
            1 => Accepted::New,
            _ => Accepted::Again,
        };
        let outcome = Outcome {
            accepted,
            is_deposit: is_deposit == 1,
            by_scanner: is_scanner == 1,
        };
        Ok((outcome, rest))
    }

    fn refusal(&self) -> StoreError {
        let end = self.0.iter().position(|byte| *byte == b'\n');
        let Some((word, [_, rest @ ..])) = end.and_then(|end| self.0.split_at_checked(end)) else {
            return strange();
        };
        match word {
            b"unknown" => StoreError::Unknown,
            b"expired" => StoreError::Expired,
            b"ended" => StoreError::Ended,
            b"exists" => StoreError::Exists,
            b"already_joined" => StoreError::AlreadyJoined,
            b"not_joined" => StoreError::NotJoined,
            b"conflict" => StoreError::Conflict,
            b"mailbox_full" => StoreError::MailboxFull,
            b"full" => StoreError::Full,
            b"gap" => match Packed(rest).take().map(u16::from_le_bytes) {
                Some(expected) => StoreError::Gap { expected },
                None => strange(),
            },
            _ => strange(),
        }
    }
}

impl Read {
    /// Takes all that is left.
    fn take(packed: &mut Packed<'_>) -> Result<Self, StoreError> {
        if packed.0.is_empty() {
            return Err(StoreError::Acknowledged);
        }
        let left = packed.take().map(u64::from_le_bytes);
        let written = packed.take().map(u16::from_le_bytes);
        let (Some(left), Some(written)) = (left, written) else {
            return Err(strange());
        };
        let mut frames = Vec::new();
        while let Some(digest) = packed.take() {
            let length = packed.take().map(u32::from_le_bytes).ok_or_else(strange)? as usize;
            frames.push(match length {
                0..=FEW_BYTES => Stored::Here(packed.take_bytes(length).ok_or_else(strange)?),
                _ => Stored::Beside(digest),
            });
        }
        Ok(Self {
            expires_in: Duration::from_millis(left),
            written,
            frames,
        })
    }
}

/// Fields that follow each other.
pub(super) struct Packed<'b>(pub(super) &'b [u8]);

impl Packed<'_> {
    fn take_bytes(&mut self, length: usize) -> Option<Bytes> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(Bytes::copy_from_slice(bytes))
    }

    pub(super) fn take<const BYTES: usize>(&mut self) -> Option<[u8; BYTES]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }
}

pub(super) fn parse<T: FromRedisValue>(value: Value) -> Option<T> {
    T::from_redis_value(value).ok()
}

/// An answer that no script of ours gives.
pub(super) fn strange() -> StoreError {
    tracing::error!("the store's answer makes no sense");
    StoreError::Unavailable
}
