//! What the scripts answer.

use std::time::Duration;

use redis::{FromRedisValue, Value};

use crate::store::{Accepted, Outcome, StoreError};

/// What a script says: whether the mailbox is a deposit, a word, and what belongs to it.
pub(super) struct Answer {
    is_of_a_deposit: bool,
    word: String,
    details: Vec<Value>,
}

/// What a reader may have.
pub(super) struct Read {
    pub(super) expires_in: Duration,
    /// How many frames the reader has written.
    pub(super) written: u16,
    /// Where the peer's are.
    pub(super) keys: Vec<Vec<u8>>,
}

impl Answer {
    pub(super) fn parse(values: Vec<Value>) -> Result<Self, StoreError> {
        let mut values = values.into_iter();
        let is_of_a_deposit: u8 = values.next().and_then(parse).ok_or_else(strange)?;
        let word = values.next().and_then(parse).ok_or_else(strange)?;
        Ok(Self {
            is_of_a_deposit: is_of_a_deposit == 1,
            word,
            details: values.collect(),
        })
    }

    /// What has become of a change, and what has been read after it.
    pub(super) fn change(mut self) -> Result<(Outcome, Result<Read, StoreError>), StoreError> {
        let read = (self.details.len() > 1).then(|| self.details.remove(1));
        let outcome = self.outcome()?;
        Ok((outcome, Read::parse(read.ok_or_else(strange)?)))
    }

    /// What has become of a change after which nothing is read.
    pub(super) fn outcome(self) -> Result<Outcome, StoreError> {
        let accepted = match self.word.as_str() {
            "new" => Accepted::New,
            "again" => Accepted::Again,
            _ => return Err(self.refusal()),
        };
        let side = self.details.into_iter().next();
        let side: String = side.and_then(parse).ok_or_else(strange)?;
        Ok(Outcome {
            accepted,
            is_deposit: self.is_of_a_deposit,
            by_scanner: side == "s",
        })
    }

    pub(super) fn read(self) -> Result<Read, StoreError> {
        match self.word.as_str() {
            "read" => Read::parse(self.details.into_iter().nth(1).ok_or_else(strange)?),
            _ => Err(self.refusal()),
        }
    }

    fn refusal(self) -> StoreError {
        match self.word.as_str() {
            "unknown" => StoreError::Unknown,
            "expired" => StoreError::Expired,
            "ended" => StoreError::Ended,
            "exists" => StoreError::Exists,
            "already_joined" => StoreError::AlreadyJoined,
            "not_joined" => StoreError::NotJoined,
            "conflict" => StoreError::Conflict,
            "mailbox_full" => StoreError::MailboxFull,
            "full" => StoreError::Full,
            "gap" => match self.details.into_iter().next().and_then(parse) {
                Some(expected) => StoreError::Gap { expected },
                None => strange(),
            },
            _ => strange(),
        }
    }
}

impl Read {
    fn parse(value: Value) -> Result<Self, StoreError> {
        let mut parts: std::vec::IntoIter<Value> =
            parse(value).map(Vec::into_iter).ok_or_else(strange)?;
        let word: String = parts.next().and_then(parse).ok_or_else(strange)?;
        match word.as_str() {
            "unread" => {}
            "acknowledged" => return Err(StoreError::Acknowledged),
            _ => return Err(strange()),
        }
        let left = parts.next().and_then(parse).ok_or_else(strange)?;
        let written = parts.next().and_then(parse).ok_or_else(strange)?;
        let keys = parts.map(|key| parse(key).ok_or_else(strange));
        Ok(Self {
            expires_in: Duration::from_millis(left),
            written,
            keys: keys.collect::<Result<_, _>>()?,
        })
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
