//! The two devices of a transfer, and what the people at them do.

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use naru::http::HttpTransport;
use naru_core::{
    certificate::{Checked, Password},
    client::{
        GiverCommand, GiverEvent, Party, ReceiverCommand, ReceiverEvent, TransferError, give,
        receive,
    },
    device::Device,
    giver::{Conclusion, Offer, VerifiedReceipt},
    handshake::SecurityCode,
    identity::Identity,
    pairing::Pairing,
    receiver::{Arrival, StoredSet},
};
use naru_samples::PASSWORD;
use tokio::{task::JoinHandle, time::timeout};

use crate::{PATIENCE, rng, transport};

/// The giving device while it runs.
pub struct Giver {
    /// The person's decisions.
    pub commands: UnboundedSender<GiverCommand>,
    /// What the device shows.
    pub events: UnboundedReceiver<GiverEvent>,
    /// How it ends.
    pub end: JoinHandle<Result<(), TransferError>>,
}

/// The receiving device while it runs.
pub struct Receiver {
    /// The person's decisions.
    pub commands: UnboundedSender<ReceiverCommand>,
    /// What the device shows.
    pub events: UnboundedReceiver<ReceiverEvent>,
    /// How it ends.
    pub end: JoinHandle<Result<Option<Conclusion>, TransferError>>,
}

/// Starts a giver with an HTTP client of its own.
pub fn start_giver(pairing: Pairing, offer: Offer, seed: u64) -> Giver {
    start_giver_over(transport(pairing.origin()), pairing, offer, seed)
}

/// Starts a giver.
pub fn start_giver_over(
    transport: HttpTransport,
    pairing: Pairing,
    offer: Offer,
    seed: u64,
) -> Giver {
    start_giver_as(transport, pairing, offer, None, seed)
}

/// Starts a giver that proves who is logged in on it, where somebody is.
pub fn start_giver_as(
    transport: HttpTransport,
    pairing: Pairing,
    offer: Offer,
    identity: Option<Identity>,
    seed: u64,
) -> Giver {
    let (commands, queue) = unbounded();
    let (shown, events) = unbounded();
    let end = tokio::spawn(async move {
        let mut rng = rng(seed);
        let party = Party::new(Device::new("업무용 PC", "Linux"), identity);
        let show = |event| drop(shown.unbounded_send(event));
        give(&transport, pairing, offer, party, &mut rng, queue, show).await
    });
    Giver {
        commands,
        events,
        end,
    }
}

/// Starts a receiver with an HTTP client of its own.
pub fn start_receiver(pairing: Pairing, seed: u64) -> Receiver {
    start_receiver_over(transport(pairing.origin()), pairing, seed)
}

/// Starts a receiver.
pub fn start_receiver_over(transport: HttpTransport, pairing: Pairing, seed: u64) -> Receiver {
    start_receiver_as(transport, pairing, None, seed)
}

/// Starts a receiver that proves who is logged in on it, where somebody is.
pub fn start_receiver_as(
    transport: HttpTransport,
    pairing: Pairing,
    identity: Option<Identity>,
    seed: u64,
) -> Receiver {
    let (commands, queue) = unbounded();
    let (shown, events) = unbounded();
    let end = tokio::spawn(async move {
        let mut rng = rng(seed);
        let party = Party::new(Device::new("내 휴대전화", "Android 17"), identity);
        let show = |event| drop(shown.unbounded_send(event));
        receive(&transport, pairing, party, &mut rng, queue, show).await
    });
    Receiver {
        commands,
        events,
        end,
    }
}

impl Giver {
    /// What the device shows next; `None` when it has ended.
    ///
    /// # Panics
    /// When it shows nothing.
    pub async fn event(&mut self) -> Option<GiverEvent> {
        timeout(PATIENCE, self.events.recv())
            .await
            .expect("something happens")
            .ok()
    }

    /// Waits until it asks for the security code.
    ///
    /// # Panics
    /// When something else happens.
    pub async fn joined(&mut self) {
        loop {
            match self.event().await.expect("the giver goes on") {
                GiverEvent::Joined { .. } => return,
                GiverEvent::Open { .. } => {}
                event => panic!("{event:?}"),
            }
        }
    }

    /// Waits for the receipt.
    ///
    /// # Panics
    /// When something else happens.
    pub async fn received(&mut self) -> VerifiedReceipt {
        loop {
            match self.event().await.expect("the giver goes on") {
                GiverEvent::Received(receipt) => return receipt,
                GiverEvent::Sending | GiverEvent::Reconnecting | GiverEvent::Reconnected => {}
                event => panic!("{event:?}"),
            }
        }
    }

    /// The person decides.
    ///
    /// # Panics
    /// When the device has gone.
    pub fn tell(&self, command: GiverCommand) {
        self.commands
            .unbounded_send(command)
            .expect("the giver listens");
    }

    /// How it ends.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn end(self) -> Result<(), TransferError> {
        timeout(PATIENCE, self.end)
            .await
            .expect("the giver ends")
            .expect("the giver does not panic")
    }
}

impl Receiver {
    /// What the device shows next; `None` when it has ended.
    ///
    /// # Panics
    /// When it shows nothing.
    pub async fn event(&mut self) -> Option<ReceiverEvent> {
        timeout(PATIENCE, self.events.recv())
            .await
            .expect("something happens")
            .ok()
    }

    /// Waits for the security code.
    ///
    /// # Panics
    /// When something else happens.
    pub async fn code(&mut self) -> SecurityCode {
        loop {
            match self.event().await.expect("the receiver goes on") {
                ReceiverEvent::ShowCode { code, .. } => return code,
                ReceiverEvent::Open { .. } => {}
                _ => panic!("no code was shown"),
            }
        }
    }

    /// Waits until something has come.
    ///
    /// # Panics
    /// When something else happens.
    pub async fn arrival(&mut self) -> Arrival {
        loop {
            match self.event().await.expect("the receiver goes on") {
                ReceiverEvent::Arrived(arrival) => return arrival,
                ReceiverEvent::Reconnecting | ReceiverEvent::Reconnected => {}
                _ => panic!("nothing arrived"),
            }
        }
    }

    /// The person decides.
    ///
    /// # Panics
    /// When the device has gone.
    pub fn tell(&self, command: ReceiverCommand) {
        self.commands
            .unbounded_send(command)
            .expect("the receiver listens");
    }

    /// The person agrees, and the device stores.
    ///
    /// # Panics
    /// When the samples' password does not open what came.
    pub fn store(&self, arrival: &Arrival) {
        self.tell(ReceiverCommand::Stored(stored(arrival)));
    }

    /// How it ends.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn end(self) -> Result<Option<Conclusion>, TransferError> {
        timeout(PATIENCE, self.end)
            .await
            .expect("the receiver ends")
            .expect("the receiver does not panic")
    }
}

/// What a device that has stored everything and been given the password says.
///
/// # Panics
/// When the samples' password does not open what came.
pub fn stored(arrival: &Arrival) -> Vec<StoredSet> {
    let stored = arrival.sets.iter().map(|set| {
        let password = Password::from(PASSWORD.to_owned());
        let signature = match set.check_password(&password).expect("the right password") {
            Checked::Opened(key) => Some(key.sign(arrival.receipt_message()).expect("it signs")),
            Checked::Unchecked { .. } => None,
        };
        StoredSet {
            location: "휴대전화".into(),
            signature,
        }
    });
    stored.collect()
}

/// A code that differs in its first digit.
///
/// # Panics
/// Never: it is a code still.
pub fn wrong(code: &SecurityCode) -> SecurityCode {
    let text = code.to_string();
    let first = if text.starts_with('0') { '1' } else { '0' };
    format!("{first}{}", &text[1..])
        .parse()
        .expect("six digits")
}
