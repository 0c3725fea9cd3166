//! Receiving: from the pairing to what the giver says of the original.
use std::time::Duration;

use futures_channel::mpsc::UnboundedReceiver;
use rand_core::CryptoRng;

use super::{Connection, Driver, Input, Party, TransferError, Transport, open, pair};
use crate::{
    device::Device,
    giver::Conclusion,
    handshake::SecurityCode,
    identity::Identity,
    message::{CancelReason, Message},
    pairing::Pairing,
    receiver::{Arrival, AwaitsBundle, AwaitsConclusion, AwaitsDecision, StoredSet},
    recognition::Recognised,
    session::{Paired, ProtocolViolation},
};

/// What the host tells a receiver's driver.
#[derive(Debug)]
pub enum ReceiverCommand {
    /// Every set of the arrival is stored, read back and checked.
    Stored(Vec<StoredSet>),
    /// The person does not recognise what came, or it could not be stored.
    Refuse,
    /// The person stops.
    Cancel,
}

/// What a receiver's driver tells the host.
pub enum ReceiverEvent {
    /// The mailbox is open and waits for the scanner.
    Open {
        /// How long it waits.
        expires_in: Duration,
    },
    /// The other device is there: show the code, large, for the person to type there.
    ShowCode {
        /// Six digits.
        code: SecurityCode,
        /// Who the other device says it is; a displayer says so only with the certificate.
        peer: Option<Device>,
        /// How long the whole transfer may still take.
        expires_in: Duration,
    },
    /// A certificate has come: show whose, and store it once the person agrees.
    Arrived(Arrival),
    /// The receipt is with the relay: this side is done, whatever becomes of the original.
    Acknowledged,
    /// The relay does not answer; the driver goes on trying.
    Reconnecting,
    /// The relay answers again.
    Reconnected,
}

impl From<Connection> for ReceiverEvent {
    fn from(connection: Connection) -> Self {
        match connection {
            Connection::Lost => Self::Reconnecting,
            Connection::Regained => Self::Reconnected,
        }
    }
}

/// Receives over `pairing`; `party` is this [`Device`], or a [`Party`] that proves who is logged in on it and takes
/// from nobody else. Resolves with what the giver says of the original, or `None` where it
/// never said; an error after [`ReceiverEvent::Arrived`] means that the giver may not know of what
/// has been stored, and keeps the original.
pub async fn receive<T: Transport>(
    transport: &T,
    pairing: Pairing,
    party: impl Into<Party>,
    rng: &mut impl CryptoRng,
    commands: UnboundedReceiver<ReceiverCommand>,
    on_event: impl FnMut(ReceiverEvent),
) -> Result<Option<Conclusion>, TransferError> {
    if pairing.gives() {
        return Err(TransferError::WrongDirection);
    }
    let opened = |expires_in| ReceiverEvent::Open { expires_in };
    let party = party.into();
    let (mut driver, mut paired) =
        pair(transport, pairing, &party, rng, commands, on_event, opened).await?;
    driver.line.post(paired.hello(party.identity.as_ref())?);
    let recognised = driver.giver(&mut paired, party.identity.as_ref()).await?;
    let state = AwaitsBundle::new(paired, recognised);
    let (mut state, arrival) = driver.bundle(state).await?;
    driver.emit(ReceiverEvent::Arrived(arrival));
    match driver.decision(&mut state).await {
        Ok(stored) => {
            let (mut state, receipt) = state.stored(stored)?;
            driver.line.post(receipt);
            driver.flush().await?;
            driver.emit(ReceiverEvent::Acknowledged);
            driver.conclusion(&mut state).await
        }
        Err(error) => Err(driver.fail(Some(state.channel()), error).await),
    }
}

impl<T, F> Driver<'_, T, ReceiverCommand, ReceiverEvent, F>
where
    T: Transport,
    F: FnMut(ReceiverEvent),
{
    /// Waits until the giver has proved who is there, where that is asked.
    async fn giver(
        &mut self,
        paired: &mut Paired,
        asking: Option<&Identity>,
    ) -> Result<Recognised, TransferError> {
        let said = match asking {
            Some(_) => self.said(paired).await,
            None => Ok(None),
        };
        let proof = match said {
            Ok(Some(Message::Identity { proof })) => Some(proof),
            Ok(Some(Message::Bundle { .. }) | None) => None,
            Ok(Some(_)) => {
                let error = ProtocolViolation.into();
                return Err(self.fail(Some(&mut paired.channel), error).await);
            }
            Err(error) => return Err(self.fail(Some(&mut paired.channel), error).await),
        };
        match paired.recognise_giver(asking, proof.as_ref()) {
            Ok(recognised) => Ok(recognised),
            Err(refused) => Err(self.mistrust(&mut paired.channel, refused).await),
        }
    }

    /// The giver's next message.
    async fn said(&mut self, paired: &mut Paired) -> Result<Option<Message>, TransferError> {
        loop {
            let frame = self.frame().await?;
            if let Some((message, _)) = open(&mut paired.channel, &frame)? {
                return Ok(Some(message));
            }
        }
    }

    /// Shows the code and waits until it has been typed on the giver.
    async fn bundle(
        &mut self,
        mut state: AwaitsBundle,
    ) -> Result<(AwaitsDecision, Arrival), TransferError> {
        let delivered = self.flush().await;
        let expires_in = self.line.expires_in();
        if delivered.is_ok() {
            let (code, peer) = (state.code().clone(), state.peer().cloned());
            self.emit(ReceiverEvent::ShowCode {
                code,
                peer,
                expires_in,
            });
        }
        let mut error = delivered.err();
        loop {
            if let Some(error) = error {
                return Err(self.fail(Some(state.channel()), error).await);
            }
            error = match self
                .frame()
                .await
                .and_then(|frame| open(state.channel(), &frame))
            {
                Ok(None) => None,
                Ok(Some((Message::Bundle { device, sets }, bytes))) => {
                    return Ok(state.read(&bytes, device, sets)?);
                }
                Ok(Some(_)) => Some(ProtocolViolation.into()),
                Err(error) => Some(error),
            };
        }
    }

    /// Waits until the host has stored everything, and hears meanwhile that the giver has gone.
    async fn decision(
        &mut self,
        state: &mut AwaitsDecision,
    ) -> Result<Vec<StoredSet>, TransferError> {
        loop {
            match self.next().await? {
                Input::Command(ReceiverCommand::Stored(stored)) => return Ok(stored),
                Input::Command(ReceiverCommand::Cancel) => return Err(TransferError::Cancelled),
                Input::Command(ReceiverCommand::Refuse) => {
                    self.stop(state.channel(), CancelReason::Refused).await;
                    return Err(TransferError::Refused);
                }
                Input::Frame(frame) => {
                    if open(state.channel(), &frame)?.is_some() {
                        return Err(TransferError::Tampered);
                    }
                }
            }
        }
    }

    async fn conclusion(
        &mut self,
        state: &mut AwaitsConclusion,
    ) -> Result<Option<Conclusion>, TransferError> {
        loop {
            let frame = match self.next().await {
                Ok(Input::Frame(frame)) => frame,
                Ok(Input::Command(ReceiverCommand::Stored(_))) => continue,
                Ok(Input::Command(_)) => return Ok(None),
                // The receipt is delivered: the giver has nothing more to say that matters here.
                Err(_) => return Ok(None),
            };
            let conclusion = match open(state.channel(), &frame) {
                Ok(None) => continue,
                Ok(Some((Message::Deleted, _))) => Ok(Some(Conclusion::Deleted)),
                Ok(Some((Message::Kept, _))) => Ok(Some(Conclusion::Kept)),
                Ok(Some(_)) => Err(TransferError::Tampered),
                Err(error) => Err(error),
            };
            self.line.end().await;
            return conclusion;
        }
    }
}
