//! The driver: carries a role's frames over the relay while the person decides. The same code runs
//! in the app, in the page, in the command line and in the tests.

mod depositing;
mod giving;
mod line;
mod numbering;
mod party;
mod patient;
mod receiving;
#[cfg(feature = "remark")]
mod remark;
mod transport;

use std::{marker::PhantomData, pin::pin, time::Duration};

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

#[cfg(feature = "remark")]
pub use self::remark::{Desk, Localised, Refusal, Remark};
pub use self::{
    depositing::{
        Deposit, DepositCommand, DepositEvent, DepositStatus, claim, deposit, deposit_status,
        withdraw,
    },
    giving::{GiverCommand, GiverEvent, give},
    numbering::{NumberEvent, announce, look_up},
    party::Party,
    receiving::{ReceiverCommand, ReceiverEvent, receive},
    transport::{Method, Request, Response, Transport, TransportError},
};
use self::{line::Line, patient::Connection};
use crate::{
    channel::Channel,
    identity::{Identity, ProofRefused},
    message::{CancelReason, Message},
    pairing::{Derived, Pairing, Role, draw_token},
    session::{AwaitsM1, Paired, ProtocolViolation, ScannerAwaitsM2},
};

/// How long a device that stops waits for its peer to hear why, before it ends the mailbox.
const FAREWELL: Duration = Duration::from_secs(5);

/// Why a transfer ended without success. Whatever the cause, the original is where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    /// Nobody scanned the code in time.
    #[error("nobody joined before the pairing code expired")]
    ExpiredBeforeJoin,
    /// The time for the whole transfer is over.
    #[error("the transfer took too long and was closed")]
    Expired,
    /// The other device or the relay closed the mailbox without a reason.
    #[error("the other device has closed the transfer")]
    Ended,
    /// The person on the other device stopped it.
    #[error("the other device has cancelled the transfer")]
    CancelledByPeer,
    /// The person on the other device did not accept what came, or it could not be stored there.
    #[error("the other device has refused the certificate")]
    RefusedByPeer,
    /// The security code was wrong three times.
    #[error("the security code was wrong too often")]
    TooManyWrongCodes,
    /// Another device has used the same pairing code first.
    #[error("another device has joined with this pairing code")]
    AlreadyJoined,
    /// The relay knows nothing of the mailbox: it was restarted, or the code is long past.
    #[error("the relay does not know this transfer")]
    RelayLost,
    /// No answer came from the relay.
    #[error("the relay cannot be reached")]
    RelayUnreachable,
    /// The relay had no room or no time for the transfer.
    #[error("the relay is busy")]
    RelayBusy,
    /// The relay does not take what this version sends.
    #[error("the relay has refused the request")]
    RelayRefused,
    /// The relay has lost frames that it had accepted, and could not be given them again.
    #[error("the relay has lost a part of the transfer")]
    FrameGap,
    /// The receipt does not fit what was sent.
    #[error("the receipt does not match what was sent")]
    ReceiptMismatch,
    /// The peer's messages were altered or make no sense.
    #[error("the messages of the other device were altered")]
    Tampered,
    /// The person on this device stopped it.
    #[error("the transfer was cancelled")]
    Cancelled,
    /// The person on this device did not accept what came.
    #[error("the certificate was refused")]
    Refused,
    /// The pairing was made for the other role.
    #[error("this pairing code is for the other direction")]
    WrongDirection,
    /// Nobody shows this connection number, or its secret digits are wrong.
    #[error("the connection number is wrong")]
    WrongNumber,
    /// Somebody else has a mailbox of this name.
    #[error("the mailbox is taken")]
    MailboxTaken,
    /// The agency does not let the relay keep deposits.
    #[error("this relay takes no deposits")]
    DepositsOff,
    /// A rule of the person's agency does not allow it: [`Transport`]'s answer says which, whose, and whom
    /// to ask.
    #[error("a rule of the agency does not allow it")]
    NotAllowed,
    /// The person has to log in, or to log in again.
    #[error("the person has to log in")]
    LoginRequired,
    /// The two devices are two people's: the mailbox belongs to another account, or another person is logged in
    /// on the other device.
    #[error("the other device belongs to another person")]
    OtherPerson,
    /// The other device's proof of who is logged in there does not hold, or this one's does not hold there.
    #[error("the other device could not prove who is logged in")]
    IdentityInvalid,
    /// One of the two devices asks for such a proof, and the other gives none.
    #[error("only one of the two devices says who is logged in")]
    IdentityMissing,
    /// The relay does not take this device: it was revoked, is not known, or there are enough others.
    #[error("the device is not registered")]
    DeviceRefused,
    /// Nothing is deposited under this code: it was fetched, withdrawn or has expired, or the code is
    /// another's.
    #[error("nothing is deposited under this code")]
    DepositGone,
    /// Another device is fetching the deposit, or has fetched it.
    #[error("another device has claimed the deposit")]
    DepositHeld,
    /// This device took too long, and another has fetched the deposit: what was stored here has to go.
    #[error("another device has fetched the deposit meanwhile")]
    TakenByAnother,
}

impl TransferError {
    /// A stable name of the cause.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ExpiredBeforeJoin => "expired_before_join",
            Self::Expired => "expired",
            Self::Ended => "ended",
            Self::CancelledByPeer => "cancelled_by_peer",
            Self::RefusedByPeer => "refused_by_peer",
            Self::TooManyWrongCodes => "too_many_wrong_codes",
            Self::AlreadyJoined => "already_joined",
            Self::RelayLost => "relay_lost",
            Self::RelayUnreachable => "relay_unreachable",
            Self::RelayBusy => "relay_busy",
            Self::RelayRefused => "relay_refused",
            Self::FrameGap => "frame_gap",
            Self::ReceiptMismatch => "receipt_mismatch",
            Self::Tampered => "tampered",
            Self::Cancelled => "cancelled",
            Self::Refused => "refused",
            Self::WrongDirection => "wrong_direction",
            Self::WrongNumber => "wrong_number",
            Self::MailboxTaken => "mailbox_taken",
            Self::DepositsOff => "deposits_off",
            Self::NotAllowed => "not_allowed",
            Self::LoginRequired => "login_required",
            Self::OtherPerson => "other_person",
            Self::IdentityInvalid => "identity_invalid",
            Self::IdentityMissing => "identity_missing",
            Self::DeviceRefused => "device_refused",
            Self::DepositGone => "deposit_gone",
            Self::DepositHeld => "deposit_held",
            Self::TakenByAnother => "taken_by_another",
        }
    }
}

impl From<ProtocolViolation> for TransferError {
    fn from(_: ProtocolViolation) -> Self {
        Self::Tampered
    }
}

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
        let mut notify = |connection: Connection| (self.on_event)(connection.into());
        let frame = pin!(self.line.frame(&mut notify));
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
        let mut notify = |connection: Connection| (self.on_event)(connection.into());
        self.line.flush(&mut notify).await
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
        let mut notify = |_: Connection| {};
        let heard = {
            let ended = pin!(async { while self.line.frame(&mut notify).await.is_ok() {} });
            let patience = pin!(self.transport.pause(FAREWELL));
            matches!(select(ended, patience).await, Either::Left(_))
        };
        if !heard {
            self.line.end().await;
        }
    }
}

impl From<CancelReason> for TransferError {
    fn from(reason: CancelReason) -> Self {
        match reason {
            CancelReason::User => Self::CancelledByPeer,
            CancelReason::Refused => Self::RefusedByPeer,
            CancelReason::WrongCode => Self::TooManyWrongCodes,
            CancelReason::Protocol => Self::Tampered,
            CancelReason::OtherPerson => Self::OtherPerson,
            CancelReason::IdentityInvalid => Self::IdentityInvalid,
            CancelReason::IdentityMissing => Self::IdentityMissing,
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
