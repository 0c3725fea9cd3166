//! One device's line to its mailbox: sends its own frames, resending identical bytes until the
//! relay has them, and takes the peer's.

use std::{collections::VecDeque, num::NonZeroU32, time::Duration};

use super::{
    TransferError,
    patient::{Changes, Patient},
    transport::{Method, Request, Response, Transport},
};
use crate::{
    channel::Frame,
    mailbox::{self, FrameNumber, Join, MailboxId, Open, Token},
};

/// How long a request may take beyond the relay's own waiting.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a scanner asks again for a mailbox that is not there yet: the code is on the screen
/// before the displayer's first request has been answered.
const PATIENCE_TO_OPEN: Duration = Duration::from_secs(5);

/// The first call, which makes or enters the mailbox; sent again until it has been answered.
enum Entry {
    Open {
        body: Vec<u8>,
    },
    Join {
        body: Vec<u8>,
        authorization: String,
        /// How long a mailbox that is not there may still be opened.
        patience: Duration,
        /// Whether a relay that has forgotten the join hears it again without being asked to.
        again: bool,
    },
}

struct Outgoing {
    frame: Frame,
    delivered: bool,
}

pub(crate) struct Line<'t, T> {
    relay: Patient<'t, T>,
    mailbox: MailboxId,
    authorization: String,
    entry: Option<Entry>,
    entered: bool,
    was_entered: bool,
    outbox: Vec<Outgoing>,
    inbox: VecDeque<Vec<u8>>,
    /// Number of the peer's last frame that has come.
    received: u16,
    expires_in: Option<Duration>,
}

impl<'t, T: Transport> Line<'t, T> {
    pub(crate) fn displayer(
        transport: &'t T,
        mailbox: MailboxId,
        token: &Token,
        join: &Token,
    ) -> Self {
        Self::opening(transport, mailbox, token, join, None)
    }

    /// A displayer whose mailbox is to be kept for `keep` seconds, with nobody there.
    pub(crate) fn depositor(
        transport: &'t T,
        mailbox: MailboxId,
        token: &Token,
        join: &Token,
        keep: NonZeroU32,
    ) -> Self {
        Self::opening(transport, mailbox, token, join, Some(keep))
    }

    fn opening(
        transport: &'t T,
        mailbox: MailboxId,
        token: &Token,
        join: &Token,
        deposit: Option<NonZeroU32>,
    ) -> Self {
        let body = Open {
            token: token.hash(),
            join: join.hash(),
            deposit,
        }
        .to_cbor();
        Self::new(transport, mailbox, token, Some(Entry::Open { body }))
    }

    /// A line to a mailbox that this device has entered before.
    pub(crate) fn resumed(transport: &'t T, mailbox: MailboxId, token: &Token) -> Self {
        Self::new(transport, mailbox, token, None)
    }

    pub(crate) fn scanner(
        transport: &'t T,
        mailbox: MailboxId,
        token: &Token,
        join: &Token,
        m1: Vec<u8>,
    ) -> Self {
        Self::joining(transport, mailbox, token, join, m1, PATIENCE_TO_OPEN, true)
    }

    /// A scanner of a mailbox that has been there for long.
    pub(crate) fn claimant(
        transport: &'t T,
        mailbox: MailboxId,
        token: &Token,
        join: &Token,
        m1: Vec<u8>,
    ) -> Self {
        Self::joining(transport, mailbox, token, join, m1, Duration::ZERO, false)
    }

    fn joining(
        transport: &'t T,
        mailbox: MailboxId,
        token: &Token,
        join: &Token,
        m1: Vec<u8>,
        patience: Duration,
        again: bool,
    ) -> Self {
        let body = Join {
            token: token.hash(),
            m1,
        }
        .to_cbor();
        let authorization = join.authorization();
        let entry = Entry::Join {
            body,
            authorization,
            patience,
            again,
        };
        Self::new(transport, mailbox, token, Some(entry))
    }

    fn new(transport: &'t T, mailbox: MailboxId, token: &Token, entry: Option<Entry>) -> Self {
        Self {
            relay: Patient::new(transport),
            mailbox,
            authorization: token.authorization(),
            entered: entry.is_none(),
            was_entered: false,
            entry,
            outbox: Vec::new(),
            inbox: VecDeque::new(),
            received: 0,
            expires_in: None,
        }
    }

    /// What the relay last said of the time that is left.
    pub(crate) fn expires_in(&self) -> Duration {
        self.expires_in.unwrap_or(mailbox::JOIN_TTL)
    }

    /// What becomes of the connection to the relay during calls.
    pub(super) fn changes(&self) -> Changes {
        self.relay.changes()
    }

    /// Queues frames; they leave with the next [`Self::frame`] or [`Self::flush`].
    pub(crate) fn post(&mut self, frames: Vec<Frame>) {
        self.outbox.extend(frames.into_iter().map(|frame| Outgoing {
            frame,
            delivered: false,
        }));
    }

    /// Enters the mailbox and delivers what is queued, waiting for nothing.
    pub(crate) async fn flush(&mut self) -> Result<(), TransferError> {
        self.deliver(Duration::ZERO).await
    }

    /// The peer's next frame. Dropping the future loses nothing: what had not been answered is sent
    /// again by the next call.
    pub(crate) async fn frame(&mut self) -> Result<Vec<u8>, TransferError> {
        loop {
            if self.inbox.is_empty() {
                self.deliver(mailbox::MAX_WAIT).await?;
            }
            if let Some(frame) = self.inbox.pop_front() {
                return Ok(frame);
            }
            // What the relay has forgotten goes first.
            if !self.has_delivered() {
                continue;
            }
            let request = self.read_request();
            match self.relay.call(request).await {
                Ok(response) => self.take(&response)?,
                Err(error) => self.join_again_after(error)?,
            }
        }
    }

    /// What has come so far, without asking for more.
    pub(crate) fn arrived(&mut self) -> Vec<Vec<u8>> {
        self.inbox.drain(..).collect()
    }

    /// All of the peer's lane, acknowledging nothing; waits for its first frame.
    pub(crate) async fn peek(&mut self, wait: Duration) -> Result<Vec<Vec<u8>>, TransferError> {
        let path = mailbox::frames_path(&self.mailbox) + &mailbox::query(0, 0, wait);
        let request = self.request(Method::Get, path, None, Vec::new(), wait);
        let response = self.relay.call(request).await?;
        self.read(&response)
    }

    /// Enters once more, as at first, and takes what comes as if for the first time.
    pub(crate) fn enter_again(&mut self) {
        self.entered = false;
        self.deliver_again_after(0);
        self.received = 0;
        self.inbox.clear();
    }

    /// Ends the mailbox, and hears whether the relay has done so.
    pub(crate) async fn close(&mut self) -> Result<(), TransferError> {
        let path = mailbox::mailbox_path(&self.mailbox);
        let request = self.request(Method::Delete, path, None, Vec::new(), Duration::ZERO);
        self.relay.call(request).await.map(drop)
    }

    /// Ends the mailbox for both sides; a relay that cannot be reached lets it expire.
    pub(crate) async fn end(&mut self) {
        let path = mailbox::mailbox_path(&self.mailbox);
        let request = self.request(Method::Delete, path, None, Vec::new(), Duration::ZERO);
        // Nothing depends on the answer.
        let _ = self.relay.send_once(request).await;
    }

    async fn deliver(&mut self, wait: Duration) -> Result<(), TransferError> {
        while !self.has_delivered() {
            self.enter(wait).await?;
            let Some(at) = self.outbox.iter().position(|outgoing| !outgoing.delivered) else {
                continue;
            };
            let is_last = at + 1 == self.outbox.len();
            let waiting = if is_last && self.inbox.is_empty() {
                wait
            } else {
                Duration::ZERO
            };
            let request = self.frame_request(at, waiting);
            match self.relay.call(request).await {
                Ok(response) => {
                    if let Some(outgoing) = self.outbox.get_mut(at) {
                        outgoing.delivered = true;
                    }
                    self.take(&response)?;
                }
                // The relay has lost acknowledged frames: it gets all of them again.
                Err(TransferError::FrameGap) if at > 0 => self.deliver_again_after(0),
                Err(error) => self.join_again_after(error)?,
            }
        }
        Ok(())
    }

    fn has_delivered(&self) -> bool {
        self.entered && self.outbox.iter().all(|outgoing| outgoing.delivered)
    }

    /// Makes or enters the mailbox, once.
    async fn enter(&mut self, wait: Duration) -> Result<(), TransferError> {
        let Some(entry) = self.entry.as_ref().filter(|_| !self.entered) else {
            return Ok(());
        };
        let waiting = if self.outbox.is_empty() && self.relay.has_answered() {
            wait
        } else {
            Duration::ZERO
        };
        let request = self.entry_request(entry, waiting);
        let patience = match entry {
            // A mailbox that was there and is not is not opened again.
            Entry::Join { patience, .. } if !self.was_entered => *patience,
            Entry::Join { .. } | Entry::Open { .. } => Duration::ZERO,
        };
        let response = self.relay.call_until_open(request, patience).await?;
        self.entered = true;
        self.was_entered = true;
        self.take(&response)
    }

    /// A store that has failed over may have forgotten the join, and with it everything that was sent
    /// since: both sides still have that. Other errors stay.
    fn join_again_after(&mut self, error: TransferError) -> Result<(), TransferError> {
        let joins_again = matches!(self.entry, Some(Entry::Join { again: true, .. }));
        if error != TransferError::RelayLost || !joins_again || !self.entered {
            return Err(error);
        }
        self.entered = false;
        self.deliver_again_after(0);
        Ok(())
    }

    /// Number of the last frame of this side's lane that the relay has acknowledged.
    fn written(&self) -> u16 {
        let delivered = self.outbox.iter().rev().find(|outgoing| outgoing.delivered);
        match (delivered, &self.entry) {
            (Some(outgoing), _) => outgoing.frame.number.get(),
            // The join has brought the first.
            (None, Some(Entry::Join { .. })) if self.entered => FrameNumber::FIRST.get(),
            (None, _) => 0,
        }
    }

    fn deliver_again_after(&mut self, kept: u16) {
        for outgoing in &mut self.outbox {
            outgoing.delivered &= outgoing.frame.number.get() <= kept;
        }
    }

    fn take(&mut self, response: &Response) -> Result<(), TransferError> {
        let kept = response.header(mailbox::WRITTEN);
        if let Some(kept) = kept.and_then(|value| value.parse().ok())
            && kept < self.written()
        {
            self.deliver_again_after(kept);
        }
        for frame in self.read(response)? {
            self.received = self
                .received
                .checked_add(1)
                .ok_or(TransferError::Tampered)?;
            self.inbox.push_back(frame);
        }
        Ok(())
    }

    fn read(&mut self, response: &Response) -> Result<Vec<Vec<u8>>, TransferError> {
        if let Some(seconds) = response
            .header(mailbox::EXPIRES_IN)
            .and_then(|value| value.parse().ok())
        {
            self.expires_in = Some(Duration::from_secs(seconds));
        }
        mailbox::frames_from_cbor(&response.body).map_err(|_| TransferError::Tampered)
    }

    fn entry_request(&self, entry: &Entry, wait: Duration) -> Request {
        let query = mailbox::query(self.received, self.written(), wait);
        match entry {
            Entry::Open { body } => {
                let path = mailbox::mailbox_path(&self.mailbox) + &query;
                self.request(Method::Put, path, Some(mailbox::CBOR), body.clone(), wait)
            }
            Entry::Join {
                body,
                authorization,
                ..
            } => {
                let path = mailbox::join_path(&self.mailbox) + &query;
                let request =
                    self.request(Method::Post, path, Some(mailbox::CBOR), body.clone(), wait);
                Request {
                    authorization: authorization.clone(),
                    ..request
                }
            }
        }
    }

    fn frame_request(&self, at: usize, wait: Duration) -> Request {
        let (number, bytes) = self
            .outbox
            .get(at)
            .map_or((FrameNumber::FIRST, Vec::new()), |out| {
                (out.frame.number, out.frame.bytes.clone())
            });
        let path = mailbox::frame_path(&self.mailbox, number)
            + &mailbox::query(self.received, self.written(), wait);
        self.request(Method::Put, path, Some(mailbox::OCTET_STREAM), bytes, wait)
    }

    fn read_request(&self) -> Request {
        let wait = mailbox::MAX_WAIT;
        let path = mailbox::frames_path(&self.mailbox)
            + &mailbox::query(self.received, self.written(), wait);
        self.request(Method::Get, path, None, Vec::new(), wait)
    }

    fn request(
        &self,
        method: Method,
        path: String,
        content_type: Option<&'static str>,
        body: Vec<u8>,
        wait: Duration,
    ) -> Request {
        let authorization = self.authorization.clone();
        Request {
            method,
            path,
            authorization,
            content_type,
            body,
            timeout: wait + REQUEST_TIMEOUT,
        }
    }
}
