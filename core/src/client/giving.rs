//! Giving: from the pairing to the conclusion about the original.

use std::time::Duration;

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use rand_core::CryptoRng;

use super::{Connection, Driver, Input, Party, TransferError, Transport, open, pair};
use crate::{
    device::Device,
    giver::{AwaitsCode, AwaitsReceipt, CodeOutcome, Conclusion, Offer, VerifiedReceipt},
    handshake::SecurityCode,
    message::Message,
    pairing::{Direction, Pairing},
    session::{Paired, ProtocolViolation},
};

/// What the host tells a giver's driver.
#[derive(Debug)]
pub enum GiverCommand {
    /// The person has typed the receiver's security code.
    EnterCode(SecurityCode),
    /// What became of the original, after [`GiverEvent::Received`].
    Conclude(Conclusion),
    /// The person stops.
    Cancel,
}

/// What a giver's driver tells the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GiverEvent {
    /// The mailbox is open and waits for the scanner.
    Open {
        /// How long it waits.
        expires_in: Duration,
    },
    /// The other device is there: ask for the security code that it shows.
    Joined {
        /// Who it says it is.
        peer: Option<Device>,
        /// How long the whole transfer may still take.
        expires_in: Duration,
    },
    /// The code was wrong; ask again.
    WrongCode {
        /// How often the person may still try.
        tries_left: u8,
    },
    /// The code was right, and the certificate is on its way.
    Sending,
    /// The other device has stored and checked everything: ask what to do with the original.
    Received(VerifiedReceipt),
    /// The relay does not answer; the driver goes on trying.
    Reconnecting,
    /// The relay answers again.
    Reconnected,
}

impl From<Connection> for GiverEvent {
    fn from(connection: Connection) -> Self {
        match connection {
            Connection::Lost => Self::Reconnecting,
            Connection::Regained => Self::Reconnected,
        }
    }
}

/// Sends `offer` over `pairing`; `party` is this [`Device`], or a [`Party`] that proves who is logged in on it and
/// gives to nobody else. Resolves when the conclusion has been delivered; whatever the
/// error, nothing that the person did not confirm by the security code has left this device.
pub async fn give<T: Transport>(
    transport: &T,
    pairing: Pairing,
    offer: Offer,
    party: impl Into<Party>,
    rng: &mut impl CryptoRng,
    commands: UnboundedReceiver<GiverCommand>,
    on_event: impl FnMut(GiverEvent),
) -> Result<(), TransferError> {
    if !pairing.gives() {
        return Err(TransferError::WrongDirection);
    }
    // Whoever scans to give is told by `hello` who would get the certificate, before the code.
    let awaits_hello = pairing.direction() == Direction::ScannerGives;
    let opened = |expires_in| GiverEvent::Open { expires_in };
    let party = party.into();
    let (mut driver, mut paired) =
        pair(transport, pairing, &party, rng, commands, on_event, opened).await?;
    if awaits_hello && let Err(error) = driver.hello(&mut paired).await {
        return Err(driver.fail(Some(&mut paired.channel), error).await);
    }
    let (recognised, answer) = match paired.recognise_receiver(party.identity.as_ref()) {
        Ok(recognised) => recognised,
        Err(refused) => return Err(driver.mistrust(&mut paired.channel, refused).await),
    };
    if let Some(answer) = answer {
        let frames = paired.channel.seal(&answer.to_cbor());
        driver.line.post(frames.map_err(ProtocolViolation::from)?);
    }
    let state = AwaitsCode::new(paired, offer, recognised);
    let mut state = driver.code(state).await?;
    match driver.receipt(&mut state).await {
        Ok(receipt) => driver.conclusion(state, receipt).await,
        Err(error) => Err(driver.fail(Some(state.channel()), error).await),
    }
}

impl<T, F> Driver<'_, T, GiverCommand, GiverEvent, F>
where
    T: Transport,
    F: FnMut(GiverEvent),
{
    async fn hello(&mut self, paired: &mut Paired) -> Result<(), TransferError> {
        loop {
            let frame = self.frame().await?;
            if let Some((message, _)) = open(&mut paired.channel, &frame)? {
                return Ok(paired.introduce(message)?);
            }
        }
    }

    /// Asks for the code until it is right; sends the bundle then.
    async fn code(&mut self, mut state: AwaitsCode) -> Result<AwaitsReceipt, TransferError> {
        let peer = state.peer().cloned();
        let expires_in = self.line.expires_in();
        self.emit(GiverEvent::Joined { peer, expires_in });
        loop {
            let error = match self.next().await {
                Ok(Input::Command(GiverCommand::EnterCode(code))) => match state.enter(&code)? {
                    CodeOutcome::Right(state, frames) => {
                        self.line.post(frames);
                        self.emit(GiverEvent::Sending);
                        return Ok(state);
                    }
                    CodeOutcome::Wrong(next) => {
                        state = next;
                        self.emit(GiverEvent::WrongCode {
                            tries_left: state.tries_left(),
                        });
                        continue;
                    }
                    CodeOutcome::Stopped(frames) => {
                        self.line.post(frames);
                        self.leave().await;
                        return Err(TransferError::TooManyWrongCodes);
                    }
                },
                Ok(Input::Command(GiverCommand::Conclude(_))) => continue,
                Ok(Input::Command(GiverCommand::Cancel)) => TransferError::Cancelled,
                // A receiver has nothing to say now but `cancel`.
                Ok(Input::Frame(frame)) => match open(state.channel(), &frame) {
                    Ok(None) => continue,
                    Ok(Some(_)) => ProtocolViolation.into(),
                    Err(error) => error,
                },
                Err(error) => error,
            };
            return Err(self.fail(Some(state.channel()), error).await);
        }
    }

    async fn receipt(
        &mut self,
        state: &mut AwaitsReceipt,
    ) -> Result<VerifiedReceipt, TransferError> {
        loop {
            let frame = match self.next().await? {
                Input::Frame(frame) => frame,
                Input::Command(GiverCommand::Cancel) => return Err(TransferError::Cancelled),
                Input::Command(_) => continue,
            };
            match open(state.channel(), &frame)? {
                Some((Message::Receipt { bundle, sets }, _)) => {
                    return state
                        .check(&bundle, sets)
                        .map_err(|_| TransferError::ReceiptMismatch);
                }
                Some(_) => return Err(TransferError::Tampered),
                None => {}
            }
        }
    }

    /// Asks about the original. The certificate has arrived, so that neither an expiry nor a peer
    /// that has gone away is a failure from here on.
    async fn conclusion(
        &mut self,
        state: AwaitsReceipt,
        receipt: VerifiedReceipt,
    ) -> Result<(), TransferError> {
        self.emit(GiverEvent::Received(receipt));
        let conclusion = loop {
            match self.commands.next().await {
                Some(GiverCommand::Conclude(conclusion)) => break conclusion,
                Some(GiverCommand::EnterCode(_)) => {}
                Some(GiverCommand::Cancel) | None => break Conclusion::Kept,
            }
        };
        self.line.post(state.conclude(conclusion)?);
        match self.flush().await {
            Ok(())
            | Err(TransferError::Expired | TransferError::Ended | TransferError::RelayLost) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
