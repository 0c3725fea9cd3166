//! Deposits: stored now under a code, fetched later by whoever has it (`docs/protocol.md` §9).

use std::{num::NonZeroU32, pin::pin, time::Duration};

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use rand_core::CryptoRng;

use super::{Connection, Line, ReceiverCommand, ReceiverEvent, TransferError, Transport, open};
use crate::{
    channel::{Channel, Frame, Side},
    deposit::{DepositNonce, RecoveryCode, WithdrawCode},
    device::Device,
    giver::{AwaitsReceipt, Offer, VerifiedReceipt},
    mailbox::{self, FrameNumber},
    message::Message,
    pairing::{Origin, draw_token},
    receiver::{Arrival, AwaitsDecision, StoredSet},
    session::ProtocolViolation,
};

/// How often a depositor looks while somebody is fetching.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// What the host tells a depositor's driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DepositCommand {
    /// The person takes the deposit back.
    Withdraw,
}

/// What a depositor's driver tells the host.
#[derive(Debug)]
pub enum DepositEvent {
    /// The relay keeps the deposit: show the codes, once.
    Stored {
        /// Opens the deposit.
        recovery: RecoveryCode,
        /// Looks after it later.
        withdraw: WithdrawCode,
        /// How long the relay keeps it, which may be less than what was asked for.
        expires_in: Duration,
    },
    /// Somebody with the recovery code is fetching it.
    Claimed,
    /// Whoever was fetching it has given it back.
    Released,
    /// It has been stored and checked elsewhere: ask what to do with the original.
    Fetched(VerifiedReceipt),
    /// The relay does not answer; the driver goes on trying.
    Reconnecting,
    /// The relay answers again.
    Reconnected,
}

impl From<Connection> for DepositEvent {
    fn from(connection: Connection) -> Self {
        match connection {
            Connection::Lost => Self::Reconnecting,
            Connection::Regained => Self::Reconnected,
        }
    }
}

/// Where a deposit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DepositStatus {
    /// Nobody has come yet.
    Waiting {
        /// How long the relay keeps it.
        expires_in: Duration,
    },
    /// Somebody is fetching it.
    Claimed {
        /// How long the relay keeps it.
        expires_in: Duration,
    },
    /// It has been fetched, and its receipt has come.
    Fetched,
}

/// What a person wants to deposit.
pub struct Deposit {
    /// The certificates.
    pub offer: Offer,
    /// For how many seconds; the relay may keep it for less.
    pub keep: NonZeroU32,
}

/// Stores a deposit with the relay, sealed under a fresh code, and watches over it. Resolves when it has
/// been fetched or withdrawn, or when the host drops its end of the commands, which leaves the
/// deposit where it is.
pub async fn deposit(
    transport: &impl Transport,
    origin: &Origin,
    deposit: Deposit,
    device: Device,
    rng: &mut impl CryptoRng,
    mut commands: UnboundedReceiver<DepositCommand>,
    mut on_event: impl FnMut(DepositEvent),
) -> Result<(), TransferError> {
    let recovery = RecoveryCode::draw(rng);
    let withdraw = recovery.withdraw_code();
    let nonce = draw_nonce(rng);
    let sealing = recovery.sealing(origin, &nonce);
    let (mut state, bundle) = AwaitsReceipt::send(sealing, deposit.offer, Some(device))?;
    let mut line = Line::depositor(
        transport,
        withdraw.mailbox(origin),
        &withdraw.token(origin),
        &recovery.join_token(origin),
        deposit.keep,
    );
    line.post(vec![first_frame(&nonce)]);
    line.post(bundle);
    let changes = line.changes();
    let delivered = changes.tell(line.flush(), |change| on_event(change.into()));
    if let Err(error) = delivered.await {
        // Half a deposit is none.
        line.end().await;
        return Err(error);
    }
    on_event(DepositEvent::Stored {
        recovery: recovery.clone(),
        withdraw,
        expires_in: line.expires_in(),
    });
    let mut watched = Watched::Waiting;
    loop {
        let look = async {
            if watched == Watched::Claimed {
                transport.pause(LOOK_EVERY).await;
            }
            let wait = match watched {
                Watched::Waiting => mailbox::MAX_WAIT,
                Watched::Claimed => Duration::ZERO,
            };
            let lane = line.peek(wait);
            changes.tell(lane, |change| on_event(change.into())).await
        };
        let lane = {
            let look = pin!(look);
            match select(commands.next(), look).await {
                Either::Left((None, _)) => return Ok(()),
                Either::Left((Some(DepositCommand::Withdraw), _)) => None,
                // A deposit waits for days: a relay that cannot be reached now may be later.
                Either::Right((
                    Err(TransferError::RelayUnreachable | TransferError::RelayBusy),
                    _,
                )) => continue,
                Either::Right((lane, _)) => Some(lane?),
            }
        };
        let Some(lane) = lane else {
            let closed = line.close();
            return changes.tell(closed, |change| on_event(change.into())).await;
        };
        let now = match lane.split_first() {
            None => Watched::Waiting,
            Some((claimant, frames)) => {
                let claimant = nonce_of(claimant)?;
                state.over(recovery.channel(origin, &nonce, &claimant, Side::Responder));
                if let Some(receipt) = read_receipt(&mut state, frames)? {
                    // The receipt stays: a claimant that has heard no answer writes it again, and an
                    // ended mailbox would tell it that the deposit was withdrawn.
                    on_event(DepositEvent::Fetched(receipt));
                    return Ok(());
                }
                Watched::Claimed
            }
        };
        if now != watched {
            on_event(match now {
                Watched::Waiting => DepositEvent::Released,
                Watched::Claimed => DepositEvent::Claimed,
            });
            watched = now;
        }
    }
}

/// Fetches a deposit. The relay holds it for this device while the person decides; nobody else gets
/// it meanwhile, and a failure gives it back. [`TransferError::TakenByAnother`] means that this
/// device took too long and another has fetched it: what has been stored here has to go.
pub async fn claim(
    transport: &impl Transport,
    origin: &Origin,
    code: &RecoveryCode,
    rng: &mut impl CryptoRng,
    mut commands: UnboundedReceiver<ReceiverCommand>,
    mut on_event: impl FnMut(ReceiverEvent),
) -> Result<(), TransferError> {
    let nonce = draw_nonce(rng);
    let mut line = Line::claimant(
        transport,
        code.withdraw_code().mailbox(origin),
        &draw_token(rng),
        &code.join_token(origin),
        nonce.to_vec(),
    );
    let changes = line.changes();
    let entered = changes.tell(line.flush(), |change| on_event(change.into()));
    entered.await.map_err(gone)?;
    let lane = line.arrived();
    let (state, arrival) = match open_bundle(code, origin, &nonce, &lane) {
        Ok(opened) => opened,
        Err(error) => {
            line.end().await;
            return Err(error);
        }
    };
    on_event(ReceiverEvent::Arrived(arrival));
    let stored = match decision(&mut commands).await {
        Ok(stored) => stored,
        Err(error) => {
            // Gives the deposit back.
            line.end().await;
            return Err(error);
        }
    };
    let (_, receipt) = state.stored(stored)?;
    line.post(receipt);
    let delivered = changes.tell(line.flush(), |change| on_event(change.into()));
    match delivered.await {
        // The hold is over. Where nobody else has come, it is renewed.
        Err(TransferError::RelayLost) => {
            line.enter_again();
            let delivered = changes.tell(line.flush(), |change| on_event(change.into()));
            delivered.await.map_err(|error| match error {
                TransferError::AlreadyJoined => TransferError::TakenByAnother,
                error => error,
            })?;
        }
        delivered => delivered?,
    }
    on_event(ReceiverEvent::Acknowledged);
    Ok(())
}

/// Where the deposit of a withdraw code stands.
pub async fn deposit_status(
    transport: &impl Transport,
    origin: &Origin,
    code: &WithdrawCode,
) -> Result<DepositStatus, TransferError> {
    let mut line = Line::resumed(transport, code.mailbox(origin), &code.token(origin));
    let lane = line.peek(Duration::ZERO).await.map_err(gone)?;
    let expires_in = line.expires_in();
    Ok(match lane.len() {
        0 => DepositStatus::Waiting { expires_in },
        1 => DepositStatus::Claimed { expires_in },
        _ => DepositStatus::Fetched,
    })
}

/// Takes the deposit of a withdraw code back: nobody can fetch it from then on.
pub async fn withdraw(
    transport: &impl Transport,
    origin: &Origin,
    code: &WithdrawCode,
) -> Result<(), TransferError> {
    let mut line = Line::resumed(transport, code.mailbox(origin), &code.token(origin));
    line.close().await.map_err(gone)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Watched {
    Waiting,
    Claimed,
}

/// The relay does not say why it has nothing under this code.
fn gone(error: TransferError) -> TransferError {
    match error {
        TransferError::RelayLost | TransferError::Ended | TransferError::Expired => {
            TransferError::DepositGone
        }
        TransferError::AlreadyJoined => TransferError::DepositHeld,
        error => error,
    }
}

async fn decision(
    commands: &mut UnboundedReceiver<ReceiverCommand>,
) -> Result<Vec<StoredSet>, TransferError> {
    match commands.next().await {
        Some(ReceiverCommand::Stored(stored)) => Ok(stored),
        Some(ReceiverCommand::Refuse) => Err(TransferError::Refused),
        Some(ReceiverCommand::Cancel) | None => Err(TransferError::Cancelled),
    }
}

fn open_bundle(
    code: &RecoveryCode,
    origin: &Origin,
    claimant: &DepositNonce,
    lane: &[Vec<u8>],
) -> Result<(AwaitsDecision, Arrival), TransferError> {
    let (depositor, frames) = lane.split_first().ok_or(TransferError::DepositGone)?;
    let mut channel = code.channel(origin, &nonce_of(depositor)?, claimant, Side::Initiator);
    match whole_message(&mut channel, frames)? {
        Some((Message::Bundle { device, sets }, bytes)) => {
            Ok(AwaitsDecision::new(channel, &bytes, device, sets)?)
        }
        Some(_) => Err(TransferError::Tampered),
        // The relay has lost a part.
        None => Err(TransferError::FrameGap),
    }
}

fn read_receipt(
    state: &mut AwaitsReceipt,
    frames: &[Vec<u8>],
) -> Result<Option<VerifiedReceipt>, TransferError> {
    match whole_message(state.channel(), frames)? {
        Some((Message::Receipt { bundle, sets }, _)) => state
            .check(&bundle, sets)
            .map(Some)
            .map_err(|_| TransferError::ReceiptMismatch),
        Some(_) => Err(TransferError::Tampered),
        None => Ok(None),
    }
}

fn whole_message(
    channel: &mut Channel,
    frames: &[Vec<u8>],
) -> Result<Option<super::Opened>, TransferError> {
    for frame in frames {
        if let Some(opened) = open(channel, frame)? {
            return Ok(Some(opened));
        }
    }
    Ok(None)
}

fn nonce_of(frame: &[u8]) -> Result<DepositNonce, ProtocolViolation> {
    frame.try_into().map_err(|_| ProtocolViolation)
}

fn first_frame(nonce: &DepositNonce) -> Frame {
    Frame {
        number: FrameNumber::FIRST,
        bytes: nonce.to_vec(),
    }
}

fn draw_nonce(rng: &mut impl CryptoRng) -> DepositNonce {
    let mut nonce = [0; _];
    rng.fill_bytes(&mut nonce);
    nonce
}
