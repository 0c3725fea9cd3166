//! One request at a time to a relay that may not answer, sent again until it has.

use std::{
    future::poll_fn,
    mem,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{
    TransferError,
    transport::{Request, Response, Transport, TransportError},
};
use crate::mailbox;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long the line goes on trying without an answer: before the relay's first answer, and later.
const PATIENCE_AT_FIRST: Duration = Duration::from_secs(15);
const PATIENCE: Duration = Duration::from_secs(120);

/// Whether the relay answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// It does not; what was to be sent is sent again.
    Lost,
    /// It does again.
    Regained,
}

/// What became of the connection. Calls note it rather than to take a closure: the compiler would write
/// every one of them anew for each of their callers.
#[derive(Debug, Clone, Default)]
pub(super) struct Changes(Arc<Mutex<Vec<Connection>>>);

impl Changes {
    fn note(&self, change: Connection) {
        let mut changes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        changes.push(change);
    }

    /// Makes a call, and hands on each change as it comes.
    pub(super) async fn tell<F: Future>(
        &self,
        call: F,
        mut notify: impl FnMut(Connection),
    ) -> F::Output {
        let mut call = pin!(call);
        poll_fn(|context| {
            let polled = call.as_mut().poll(context);
            let mut changes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let noted = mem::take(&mut *changes);
            drop(changes);
            noted.into_iter().for_each(&mut notify);
            polled
        })
        .await
    }
}

/// A transport that does not give up at once.
pub(super) struct Patient<'t, T> {
    transport: &'t T,
    answered: bool,
    changes: Changes,
}

impl<'t, T: Transport> Patient<'t, T> {
    pub(super) fn new(transport: &'t T) -> Self {
        Self {
            transport,
            answered: false,
            changes: Changes::default(),
        }
    }

    /// What becomes of the connection from here on.
    pub(super) fn changes(&self) -> Changes {
        self.changes.clone()
    }

    /// Whether the relay has ever answered.
    pub(super) fn has_answered(&self) -> bool {
        self.answered
    }

    /// Sends without a second try.
    pub(super) async fn send_once(&self, request: Request) -> Result<Response, TransportError> {
        self.transport.send(request).await
    }

    /// Sends again while the mailbox is not there yet.
    pub(super) async fn call_until_open(
        &mut self,
        request: Request,
        patience: Duration,
    ) -> Result<Response, TransferError> {
        let mut paused = Duration::ZERO;
        loop {
            match self.call(request.clone()).await {
                Err(TransferError::RelayLost) if paused < patience => {
                    self.transport.pause(FIRST_PAUSE).await;
                    paused += FIRST_PAUSE;
                }
                answer => return answer,
            }
        }
    }

    /// Sends until an answer comes that another try would not change.
    pub(super) async fn call(&mut self, request: Request) -> Result<Response, TransferError> {
        let mut pause = FIRST_PAUSE;
        let mut paused = Duration::ZERO;
        loop {
            let (unanswered, demanded) = match self.transport.send(request.clone()).await {
                Ok(response) if !is_passing(&response) => {
                    self.answered = true;
                    if !paused.is_zero() {
                        self.changes.note(Connection::Regained);
                    }
                    return refusal(&response).map_or(Ok(response), Err);
                }
                Ok(response) => (TransferError::RelayBusy, retry_after(&response)),
                Err(_) => (TransferError::RelayUnreachable, None),
            };
            let patience = if self.answered {
                PATIENCE
            } else {
                PATIENCE_AT_FIRST
            };
            if paused >= patience {
                return Err(unanswered);
            }
            if paused.is_zero() {
                self.changes.note(Connection::Lost);
            }
            let next = demanded.unwrap_or(pause).clamp(FIRST_PAUSE, LONGEST_PAUSE);
            self.transport.pause(next).await;
            paused += next;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// The relay or something before it is busy, or has forgotten a join that is going to be made again: the
/// same request may succeed later.
fn is_passing(response: &Response) -> bool {
    match response.status {
        408 | 425 | 429 | 500 | 502 | 503 | 504 => true,
        409 => response.header(mailbox::PROBLEM_CODE) == Some("not_joined"),
        _ => false,
    }
}

fn retry_after(response: &Response) -> Option<Duration> {
    response
        .header("retry-after")?
        .parse()
        .ok()
        .map(Duration::from_secs)
}

/// What an answer that is no success means to the transfer.
fn refusal(response: &Response) -> Option<TransferError> {
    let code = response.header(mailbox::PROBLEM_CODE).unwrap_or_default();
    match response.status {
        200 | 201 | 204 => None,
        410 if code == "mailbox_expired" => Some(TransferError::Expired),
        410 => Some(TransferError::Ended),
        409 if code == "already_joined" => Some(TransferError::AlreadyJoined),
        409 if code == "mailbox_exists" => Some(TransferError::MailboxTaken),
        403 if code == "deposits_off" => Some(TransferError::DepositsOff),
        403 if matches!(code, "not_allowed" | "not_a_member") => Some(TransferError::NotAllowed),
        401 if code != "token_required" => Some(TransferError::LoginRequired),
        403 if code == "other_person" => Some(TransferError::OtherPerson),
        403 if matches!(
            code,
            "device_required" | "device_revoked" | "too_many_devices"
        ) =>
        {
            Some(TransferError::DeviceRefused)
        }
        409 if code == "frame_gap" => Some(TransferError::FrameGap),
        404 => Some(TransferError::RelayLost),
        _ => Some(TransferError::RelayRefused),
    }
}
