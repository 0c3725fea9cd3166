//! The connection number's two sides: a displayer offers its pairing code under a number, and a
//! scanner fetches it by one.

use std::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use rand_core::CryptoRng;

use super::{Line, TransferError, Transport};
use crate::{
    channel::Frame,
    connection_number::{ConnectionNumber, Rendezvous, WrongNumber},
    mailbox::FrameNumber,
    pairing::{Origin, Pairing, PairingCode, draw_token},
};

/// How often a displayer draws again when a number's rendezvous is taken by another.
const DRAWS: u8 = 8;
/// How long whoever has been answered may take to turn up in the mailbox of the pairing code.
const ARRIVAL: Duration = Duration::from_secs(10);

/// What becomes of a connection number.
#[derive(Debug)]
pub enum NumberEvent {
    /// Show it.
    Ready {
        /// Twelve digits.
        number: ConnectionNumber,
        /// How long it can be used.
        expires_in: Duration,
    },
    /// Somebody has used it, and did not come: it was typed wrongly, or guessed. Another number
    /// has to be asked for.
    Used,
}

/// Offers a displayer's pairing code under a number while the code itself is on the screen. A number
/// takes one try. Resolves when it has been used or has expired; the host drops the future when the
/// other device has joined.
pub async fn announce(
    transport: &impl Transport,
    origin: &Origin,
    code: &PairingCode,
    rng: &mut impl CryptoRng,
    mut on_event: impl FnMut(NumberEvent),
) -> Result<(), TransferError> {
    let (number, mut line) = rendezvous(transport, origin, rng).await?;
    on_event(NumberEvent::Ready {
        number: number.clone(),
        expires_in: line.expires_in(),
    });
    let asked = line.frame().await?;
    if let Ok(bytes) = number.answer(origin, &asked, code, rng) {
        line.post(vec![Frame {
            number: FrameNumber::FIRST,
            bytes,
        }]);
        match line.flush().await {
            // A scanner that has read the answer may leave before the relay has said that it has it.
            Ok(()) | Err(TransferError::Ended) => {}
            Err(error) => return Err(error),
        }
        // A scanner that could open the answer leaves here and joins there.
        let left = pin!(line.frame());
        let patience = pin!(transport.pause(ARRIVAL));
        if let Either::Left((_, patience)) = select(left, patience).await {
            patience.await;
        }
    }
    on_event(NumberEvent::Used);
    line.end().await;
    Ok(())
}

/// Fetches the pairing code that stands behind a number that the person has typed.
pub async fn look_up(
    transport: &impl Transport,
    origin: &Origin,
    number: &ConnectionNumber,
    rng: &mut impl CryptoRng,
) -> Result<Pairing, TransferError> {
    let Rendezvous { mailbox, join } = number.rendezvous(origin);
    let (state, message) = number.ask(origin, rng);
    let mut line = Line::scanner(transport, mailbox, &draw_token(rng), &join, message);
    let answer = line.frame().await.map_err(|error| match error {
        // Nobody shows a number of this beginning.
        TransferError::RelayLost | TransferError::Expired | TransferError::Ended => {
            TransferError::WrongNumber
        }
        error => error,
    })?;
    line.end().await;
    let code = state
        .read(&answer)
        .map_err(|WrongNumber| TransferError::WrongNumber)?;
    Pairing::take(code, std::slice::from_ref(origin)).map_err(|_| TransferError::Tampered)
}

/// Draws numbers until one's rendezvous is free, and opens it.
async fn rendezvous<'t, T: Transport>(
    transport: &'t T,
    origin: &Origin,
    rng: &mut impl CryptoRng,
) -> Result<(ConnectionNumber, Line<'t, T>), TransferError> {
    let mut draws = 0;
    loop {
        let number = ConnectionNumber::draw(rng);
        let Rendezvous { mailbox, join } = number.rendezvous(origin);
        let mut line = Line::displayer(transport, mailbox, &draw_token(rng), &join);
        draws += 1;
        match line.flush().await {
            Ok(()) => return Ok((number, line)),
            Err(TransferError::MailboxTaken) if draws < DRAWS => {}
            Err(error) => return Err(error),
        }
    }
}
