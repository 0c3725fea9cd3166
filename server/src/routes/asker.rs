//! What every mailbox call is answered with: the peer's next frames (`docs/protocol.md` §5).

use std::time::Duration;

use actix_web::{
    HttpResponse,
    body::BoxBody,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use naru_core::mailbox::{self, CBOR_SEQUENCE, TokenHash};
use tokio::time::{Instant, timeout_at};

use super::{call::Call, gate::Caller, spare_headers};
use crate::{
    audit::Kind,
    problem::Problem,
    store::{Accepted, Change, Outcome, Store, StoreError, Unread, Watch},
};

static EXPIRES_IN: HeaderName = HeaderName::from_static(mailbox::EXPIRES_IN);
static WRITTEN: HeaderName = HeaderName::from_static(mailbox::WRITTEN);
/// A waiter reads again after this long, whatever it has heard.
const RECHECK: Duration = Duration::from_secs(5);

/// Somebody who reads a lane, after a change or without one.
pub(super) struct Asker<'c, 'r> {
    call: &'c mut Call<'r>,
    caller: Option<&'c Caller>,
    reader: TokenHash,
}

impl<'c, 'r> Asker<'c, 'r> {
    pub(super) fn new(
        call: &'c mut Call<'r>,
        caller: Option<&'c Caller>,
        reader: TokenHash,
    ) -> Self {
        Self {
            call,
            caller,
            reader,
        }
    }

    /// Makes a change, notes it as `kind` says, and answers. What was accepted stays accepted: a failure to
    /// read is reported, and the client's repetition is answered alike.
    pub(super) async fn change(
        mut self,
        change: Change,
        kind: impl FnOnce(Outcome) -> Option<Kind>,
    ) -> Result<HttpResponse, Problem> {
        let Call {
            relay,
            id,
            client,
            reference,
            reading,
            ..
        } = *self.call;
        let watch = self.watch();
        let (outcome, unread) = relay.store.change(id, change, reading.after).await?;
        if let Some(kind) = kind(outcome) {
            relay.note(outcome.accepted, kind, client, self.caller, reference);
        }
        let unread = self.last(unread?, watch).await?;
        Ok(answer(outcome.accepted, &unread))
    }

    /// Answers a call that changes nothing.
    pub(super) async fn read(mut self) -> Result<HttpResponse, Problem> {
        let watch = self.watch();
        let unread = self.unread().await?;
        let unread = self.last(unread, watch).await?;
        Ok(answer(Accepted::Again, &unread))
    }

    async fn unread(&self) -> Result<Unread, StoreError> {
        let Call { relay, id, .. } = *self.call;
        let after = self.call.reading.after;
        relay.store.read(id, self.reader, after).await
    }

    /// For those who wait; before the mailbox is read, so that no change falls between the two.
    fn watch(&self) -> Option<Watch> {
        let Call { relay, id, .. } = *self.call;
        (self.call.reading.wait > 0).then(|| relay.store.watch(id, self.reader))
    }

    fn is_answer(&self, unread: &Unread) -> bool {
        !unread.frames.is_empty() || unread.written < self.call.reading.written
    }

    /// What the caller is answered with, when it has been there or has been waited for.
    async fn last(&mut self, mut unread: Unread, watch: Option<Watch>) -> Result<Unread, Problem> {
        let Some(watch) = watch else {
            return Ok(unread);
        };
        if !self.is_answer(&unread) {
            // Those that do not wait need no room for it.
            spare_headers::take_from(self.call.request);
            let waited = Box::pin(self.wait(unread, watch)).await;
            spare_headers::give_to(self.call.request);
            unread = waited?;
        }
        self.call.relay.still(self.caller).await?;
        Ok(unread)
    }

    async fn wait(&self, mut unread: Unread, watch: Watch) -> Result<Unread, Problem> {
        let relay = self.call.relay;
        let wait = Duration::from_secs(self.call.reading.wait).min(mailbox::MAX_WAIT);
        let mut now = Instant::now();
        let deadline = now + wait;
        let _place = relay.waiters.enter(self.call.client.network())?;
        while !self.is_answer(&unread) && now < deadline {
            // Whoever stops the relay says so before it wakes those who wait.
            relay.goes_on()?;
            let again = deadline.min(now + unread.expires_in).min(now + RECHECK);
            // Which of the two it was does not matter.
            let _ = timeout_at(again, watch.changed()).await;
            if let Some(handed) = watch.take(self.call.reading.after)
                && let Some(frame) = relay.store.fetch(self.call.id, handed.frame).await
            {
                return Ok(Unread {
                    frames: vec![frame],
                    written: unread.written,
                    expires_in: handed.expires_in,
                });
            }
            // A store that does not answer keeps nobody then.
            relay.goes_on()?;
            unread = self.unread().await?;
            now = Instant::now();
        }
        Ok(unread)
    }
}

fn answer(accepted: Accepted, unread: &Unread) -> HttpResponse {
    let status = match accepted {
        Accepted::New => StatusCode::CREATED,
        Accepted::Again => StatusCode::OK,
    };
    let frames = mailbox::frames_to_cbor(&unread.frames);
    let mut response = HttpResponse::with_body(status, BoxBody::new(frames));
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(CBOR_SEQUENCE),
        ),
        (EXPIRES_IN.clone(), number(unread.expires_in.as_secs())),
        (WRITTEN.clone(), number(unread.written)),
    ] {
        headers.insert(name, value);
    }
    response
}

/// Conversions of the header's own allocate twice.
fn number(number: impl itoa::Integer) -> HeaderValue {
    let mut text = itoa::Buffer::new();
    // Digits are a header's value.
    HeaderValue::from_str(text.format(number)).unwrap_or(HeaderValue::from_static(""))
}
