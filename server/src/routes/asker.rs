//! What every mailbox call is answered with: the peer's next frames (`docs/protocol.md` §5).

use std::time::Duration;

use actix_web::{HttpResponse, http::StatusCode};
use naru_core::mailbox::{self, CBOR_SEQUENCE, EXPIRES_IN, MailboxId, TokenHash, WRITTEN};
use tokio::time::{Instant, sleep_until};

use super::{
    gate::Caller,
    mailboxes::{Reading, Relay},
};
use crate::{
    audit::Kind,
    client_network::ClientAddress,
    problem::Problem,
    store::{Accepted, Change, Outcome, Store, StoreError, Unread},
};

/// A waiter reads again after this long, whatever it has heard.
const RECHECK: Duration = Duration::from_secs(5);

/// Somebody who reads a lane, after a change or without one.
pub(super) struct Asker<'c> {
    client: ClientAddress,
    caller: Option<&'c Caller>,
    id: MailboxId,
    reader: TokenHash,
    reading: Reading,
}

type First = Result<(Accepted, Result<Unread, StoreError>), StoreError>;

impl<'c> Asker<'c> {
    pub(super) fn new(
        client: ClientAddress,
        caller: Option<&'c Caller>,
        id: MailboxId,
        reader: TokenHash,
        reading: Reading,
    ) -> Self {
        Self {
            client,
            caller,
            id,
            reader,
            reading,
        }
    }

    /// Makes a change, notes it as `kind` says, and answers. What was accepted stays accepted: a failure to
    /// read is reported, and the client's repetition is answered alike.
    pub(super) async fn change(
        &self,
        relay: &Relay,
        change: Change,
        kind: impl FnOnce(Outcome) -> Option<Kind>,
    ) -> Result<HttpResponse, Problem> {
        let first = async || {
            let change = relay.store.change(self.id, change, self.reading.after);
            let (outcome, unread) = change.await?;
            if let Some(kind) = kind(outcome) {
                relay.note(outcome.accepted, kind, self.client, self.caller, &self.id);
            }
            Ok((outcome.accepted, unread))
        };
        self.answer(relay, first).await
    }

    /// Answers a call that changes nothing.
    pub(super) async fn read(&self, relay: &Relay) -> Result<HttpResponse, Problem> {
        let first = async || {
            let unread = relay.store.read(self.id, self.reader, self.reading.after);
            Ok((Accepted::Again, unread.await))
        };
        self.answer(relay, first).await
    }

    async fn answer(
        &self,
        relay: &Relay,
        first: impl AsyncFnOnce() -> First,
    ) -> Result<HttpResponse, Problem> {
        let wait = Duration::from_secs(self.reading.wait).min(mailbox::MAX_WAIT);
        let (accepted, unread) = match wait.is_zero() {
            true => {
                let (accepted, unread) = first().await?;
                (accepted, unread?)
            }
            false => {
                let answer = self.wait(relay, first, Instant::now() + wait).await?;
                relay.still(self.caller).await?;
                answer
            }
        };
        let status = match accepted {
            Accepted::New => StatusCode::CREATED,
            Accepted::Again => StatusCode::OK,
        };
        Ok(HttpResponse::build(status)
            .content_type(CBOR_SEQUENCE)
            .insert_header((EXPIRES_IN, unread.expires_in.as_secs()))
            .insert_header((WRITTEN, u64::from(unread.written)))
            .body(mailbox::frames_to_cbor(&unread.frames)))
    }

    async fn wait(
        &self,
        relay: &Relay,
        first: impl AsyncFnOnce() -> First,
        deadline: Instant,
    ) -> Result<(Accepted, Unread), Problem> {
        let Reading { after, written, .. } = self.reading;
        let place = relay.waiters.enter(self.client.network());
        // Before the mailbox is read, so that no change falls between the two.
        let watch = relay.store.watch(self.id, self.reader);
        let mut stopping = relay.stopping.clone();
        let (accepted, mut read) = first().await?;
        loop {
            let unread = read?;
            let now = Instant::now();
            let has_forgotten = unread.written < written;
            if !unread.frames.is_empty() || has_forgotten || now >= deadline {
                return Ok((accepted, unread));
            }
            if let Err(full) = &place {
                return Err(full.clone());
            }
            let again = deadline.min(now + unread.expires_in).min(now + RECHECK);
            tokio::select! {
                () = watch.changed() => {}
                () = sleep_until(again) => {}
                _ = stopping.wait_for(|stopping| *stopping) => return Err(Problem::ShuttingDown),
            }
            if let Some(handed) = watch.take(after) {
                let unread = Unread {
                    frames: vec![handed.frame],
                    written: unread.written,
                    expires_in: handed.expires_in,
                };
                return Ok((accepted, unread));
            }
            read = relay.store.read(self.id, self.reader, after).await;
        }
    }
}
