//! The driver: carries a role's frames over the relay while the person decides. The same code runs
//! in the app, in the page, in the command line and in the tests.

mod depositing;
mod error;
mod giving;
mod line;
mod numbering;
mod party;
mod patient;
mod receiving;
#[cfg(feature = "remark")]
mod remark;
mod rules;
mod transport;

use std::{marker::PhantomData, pin::pin, time::Duration};

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use self::line::Line;
#[cfg(feature = "remark")]
pub use self::remark::{Desk, Localised, Refusal, Remark};
pub use self::{
    depositing::{
        Deposit, DepositCommand, DepositEvent, DepositStatus, claim, deposit, deposit_status,
        withdraw,
    },
    error::TransferError,
    giving::{GiverCommand, GiverEvent, give},
    numbering::{NumberEvent, announce, look_up},
    party::Party,
    patient::Connection,
    receiving::{ReceiverCommand, ReceiverEvent, receive},
    rules::ask_rules,
    transport::{Method, Request, Response, Transport, TransportError},
};
use crate::{
    channel::Channel,
    identity::{Identity, ProofRefused},
    message::{CancelReason, Message},
    pairing::{Derived, Pairing, Role, draw_token},
    session::{AwaitsM1, Paired, ProtocolViolation, ScannerAwaitsM2},
};

/// How long a device that stops waits for its peer to hear why, before it ends the mailbox.
const FAREWELL: Duration = Duration::from_secs(5);

/// What the driver awaits from outside.
enum Input<C> {
    Command(C),
    Frame(Vec<u8>),
}

/// A line, the person's commands, and the host's ear.
struct Driver<'t, T, C, E, F> {
    line: Line<'t, T>,
    transport: &'t T,
    commands: UnboundedReceiver<C>,
    on_event: F,
    events: PhantomData<fn(E)>,
}

impl<'t, T, C, E, F> Driver<'t, T, C, E, F>
where
    T: Transport,
    E: From<Connection>,
    F: FnMut(E),
{
    fn emit(&mut self, event: E) {
        (self.on_event)(event);
    }

    /// The person's next command or the peer's next frame, whichever is first. A host that drops
    /// its end of the commands has gone away, which counts as stopping.
    async fn next(&mut self) -> Result<Input<C>, TransferError> {
        let (changes, on_event) = (self.line.changes(), &mut self.on_event);
        let frame = self.line.frame();
        let frame = pin!(changes.tell(frame, |change| on_event(change.into())));
        match select(self.commands.next(), frame).await {
            Either::Left((command, _)) => {
                command.map(Input::Command).ok_or(TransferError::Cancelled)
            }
            Either::Right((frame, _)) => frame.map(Input::Frame),
        }
    }

    /// The peer's next frame while there is nothing to decide but to stop.
    async fn frame(&mut self) -> Result<Vec<u8>, TransferError> {
        match self.next().await? {
            Input::Frame(frame) => Ok(frame),
            Input::Command(_) => Err(TransferError::Cancelled),
        }
    }

    async fn flush(&mut self) -> Result<(), TransferError> {
        let (changes, on_event) = (self.line.changes(), &mut self.on_event);
        let delivered = self.line.flush();
        changes
            .tell(delivered, |change| on_event(change.into()))
            .await
    }

    /// Opens the mailbox, shows that it is open, and answers the scanner.
    async fn answer(
        &mut self,
        state: AwaitsM1,
        rng: &mut impl CryptoRng,
        opened: impl FnOnce(Duration) -> E,
    ) -> Result<Paired, TransferError> {
        self.flush().await?;
        let expires_in = self.line.expires_in();
        self.emit(opened(expires_in));
        let m1 = self.frame().await.map_err(|error| match error {
            TransferError::Expired => TransferError::ExpiredBeforeJoin,
            error => error,
        })?;
        let (state, m2) = state.read(&m1, rng)?;
        self.line.post(vec![m2]);
        Ok(state.read(&self.frame().await?)?)
    }

    /// Joins the mailbox and reveals this device, and who receives on it where that is to be proved.
    async fn join(
        &mut self,
        state: ScannerAwaitsM2,
        receiver: Option<&Identity>,
    ) -> Result<Paired, TransferError> {
        let (paired, reveal) = state.read(&self.frame().await?, receiver)?;
        self.line.post(reveal);
        Ok(paired)
    }

    /// Ends after a failure: tells the peer where it can still hear, and leaves nothing behind.
    async fn fail(&mut self, channel: Option<&mut Channel>, error: TransferError) -> TransferError {
        let reason = match error {
            TransferError::Cancelled => CancelReason::User,
            TransferError::Tampered | TransferError::ReceiptMismatch => CancelReason::Protocol,
            // The peer has said so and waits for the mailbox to end.
            TransferError::CancelledByPeer
            | TransferError::RefusedByPeer
            | TransferError::TooManyWrongCodes
            | TransferError::IdentityInvalid
            | TransferError::IdentityMissing => {
                self.line.end().await;
                return error;
            }
            // Where there is a channel, the peer has said so, else the relay.
            TransferError::OtherPerson if channel.is_some() => {
                self.line.end().await;
                return error;
            }
            // The peer knows already, or nothing can reach it.
            _ => return error,
        };
        match channel {
            Some(channel) => self.stop(channel, reason).await,
            None => self.line.end().await,
        }
        error
    }

    /// Ends because the peer is not known to be the same person's, and says so.
    async fn mistrust(&mut self, channel: &mut Channel, refused: ProofRefused) -> TransferError {
        let reason = match refused {
            ProofRefused::Missing => CancelReason::IdentityMissing,
            ProofRefused::Token(_) | ProofRefused::Signature => CancelReason::IdentityInvalid,
            ProofRefused::OtherPerson => CancelReason::OtherPerson,
        };
        self.stop(channel, reason).await;
        reason.into()
    }

    /// Tells the peer why this device stops, and leaves nothing in the relay.
    async fn stop(&mut self, channel: &mut Channel, reason: CancelReason) {
        if let Ok(frames) = channel.seal(&Message::Cancel { reason }.to_cbor()) {
            self.line.post(frames);
        }
        self.leave().await;
    }

    /// Delivers what is queued and waits a little until the peer, having heard it, has ended the
    /// mailbox; else ends it.
    async fn leave(&mut self) {
        let heard = {
            let ended = pin!(async { while self.line.frame().await.is_ok() {} });
            let patience = pin!(self.transport.pause(FAREWELL));
            matches!(select(ended, patience).await, Either::Left(_))
        };
        if !heard {
            self.line.end().await;
        }
    }
}

/// Opens or joins the mailbox and runs the handshake.
async fn pair<'t, T, C, E, F>(
    transport: &'t T,
    pairing: Pairing,
    party: &Party,
    rng: &mut impl CryptoRng,
    commands: UnboundedReceiver<C>,
    on_event: F,
    opened: impl FnOnce(Duration) -> E,
) -> Result<(Driver<'t, T, C, E, F>, Paired), TransferError>
where
    T: Transport,
    E: From<Connection>,
    F: FnMut(E),
{
    let Derived { mailbox, join, psk } = pairing.derive();
    let prologue = pairing.prologue();
    let device = party.device.clone();
    let receiver = party.identity.as_ref().filter(|_| !pairing.gives());
    let events = PhantomData;
    let (mut driver, paired) = match pairing.role {
        Role::Displayer { static_key, token } => {
            let line = Line::displayer(transport, mailbox, &token, &join);
            let mut driver = Driver {
                line,
                transport,
                commands,
                on_event,
                events,
            };
            let state = AwaitsM1::new(prologue, psk, static_key, device);
            let paired = driver.answer(state, rng, opened).await;
            (driver, paired)
        }
        Role::Scanner => {
            let responder = pairing.code.static_key();
            let (state, m1) = ScannerAwaitsM2::new(&prologue, &responder, &psk, device, rng)?;
            let line = Line::scanner(transport, mailbox, &draw_token(rng), &join, m1);
            let mut driver = Driver {
                line,
                transport,
                commands,
                on_event,
                events,
            };
            let paired = driver.join(state, receiver).await;
            (driver, paired)
        }
    };
    match paired {
        Ok(paired) => Ok((driver, paired)),
        Err(error) => Err(driver.fail(None, error).await),
    }
}

/// A message with the bytes that carried it.
type Opened = (Message, Zeroizing<Vec<u8>>);

/// Opens a frame; yields the message when it is whole. A peer's
/// `cancel` is an error.
fn open(channel: &mut Channel, frame: &[u8]) -> Result<Option<Opened>, TransferError> {
    let Some(bytes) = channel.open(frame).map_err(ProtocolViolation::from)? else {
        return Ok(None);
    };
    match Message::from_cbor(&bytes).map_err(ProtocolViolation::from)? {
        Message::Cancel { reason } => Err(reason.into()),
        message => Ok(Some((message, bytes))),
    }
}
