//! Giving: by a code on this screen, a scanned code, or a typed number.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::future::{join, select};
use naru_core::{
    client::{GiverCommand, GiverEvent, Remark, TransferError, ask_rules, give, look_up},
    connection_number::ConnectionNumber,
    giver::{Conclusion, Offer, VerifiedReceipt},
    handshake::SecurityCode,
    pairing::Pairing,
    rules::{Direction, Movement},
};

use crate::{
    certificates::Certificate,
    display::{Announced, Display, Numbers, QrCode},
    events::Events,
    failure::{Failure, Refusal},
    host::VerificationPurpose,
    live::Live,
    lock::lock,
    naru::{Context, Peer, generator, now},
    relay::Relay,
    signal::Signal,
};

/// One certificate on its way to another device. [`Self::run`] carries it while [`Self::next`] says what
/// happens.
#[derive(uniffi::Object)]
pub struct Giving {
    context: Arc<Context>,
    original: Option<String>,
    display: Option<Display>,
    commands: UnboundedSender<GiverCommand>,
    events: Events<GivingEvent>,
    stop: Arc<Signal>,
    /// What the relay has said of this transfer.
    remark: Arc<Mutex<Remark>>,
    prepared: Mutex<Option<Prepared>>,
    recipient: Arc<Mutex<Option<String>>>,
    confirmed: AtomicBool,
    received: Arc<Signal>,
    _live: Live,
}

/// What happens while a certificate is given away.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum GivingEvent {
    /// The code of [`Giving::qr`] can be scanned.
    Open {
        /// For how long.
        expires_in_seconds: u64,
    },
    /// A number for those who cannot scan, asked for by [`Giving::request_number`].
    ConnectionNumber {
        /// Twelve digits, in groups.
        number: String,
        /// For how long it can be typed, once.
        expires_in_seconds: u64,
    },
    /// Somebody has typed the number wrongly: it is used up, and another has to be asked for.
    ConnectionNumberUsed,
    /// No number could be made; the code can still be scanned.
    ConnectionNumberUnavailable {
        /// A stable name of the cause.
        code: String,
    },
    /// The other device is there: show who would receive the certificate and, once the person wants that,
    /// [`Giving::confirm_recipient`] and [`Giving::enter_code`].
    Joined {
        /// Who it says it is.
        peer: Option<Peer>,
        /// How long the whole transfer may still take.
        expires_in_seconds: u64,
    },
    /// The security code was wrong: ask again.
    WrongCode {
        /// How often the person may still try.
        tries_left: u8,
    },
    /// The code was right, and the certificate is on its way.
    Sending,
    /// The other device has stored and checked it: ask what to do with the original, and call
    /// [`Giving::keep_original`], [`Giving::delete_original`] or [`Giving::original_deleted`].
    Received {
        /// Whether the moved key itself says so; otherwise nobody has given its password there yet.
        signed: bool,
        /// Where it is, in that device's words.
        location: String,
    },
    /// The relay does not answer; the transfer goes on trying.
    Reconnecting,
    /// The relay answers again.
    Reconnected,
}

/// How the other device is found.
pub(crate) enum Source {
    Displayed(Pairing),
    Scanned(Pairing),
    Number(ConnectionNumber),
}

struct Prepared {
    source: Source,
    offer: Offer,
    movement: Movement,
    numbers: Option<Numbers>,
    queue: UnboundedReceiver<GiverCommand>,
    sender: UnboundedSender<GivingEvent>,
}

#[uniffi::export]
impl Giving {
    /// The QR to show, where this device displays it.
    pub fn qr(&self) -> Result<QrCode, Failure> {
        let display = self.display.as_ref().ok_or(Refusal::NotDisplayed)?;
        display.qr()
    }

    /// Asks for a number that the other device can type in place of the QR; it comes as an event.
    pub fn request_number(&self) -> Result<(), Failure> {
        let display = self.display.as_ref().ok_or(Refusal::NotDisplayed)?;
        display.request_number();
        Ok(())
    }

    /// Carries the transfer to its end, once. Cancelling this call drops everything at once and tells the
    /// other device nothing: call [`Self::cancel`] and let it end.
    pub async fn run(&self) -> Result<(), Failure> {
        let prepared = lock(&self.prepared).take().ok_or(Refusal::AlreadyRun)?;
        self.context.log.info("giving", "giving has begun");
        let ended = self.carry(prepared).await;
        match ended {
            Ok(()) => self.context.log.info("given", "giving has ended"),
            Err(error) => self
                .context
                .log
                .error(error.code(), "giving has ended without success"),
        }
        ended.map_err(|error| Failure::remarked(error, &lock(&self.remark)))
    }

    /// What happens next; nothing when the transfer has ended or was cancelled.
    pub async fn next(&self) -> Option<GivingEvent> {
        self.events.next(&self.stop).await
    }

    /// The person wants to send to the device that [`GivingEvent::Joined`] names, and unlocks this one for
    /// it. Nothing of the certificate can be sent before.
    pub async fn confirm_recipient(&self) -> Result<(), Failure> {
        let recipient = lock(&self.recipient).clone().ok_or(Refusal::NotJoined)?;
        let purpose = VerificationPurpose::Send { recipient };
        self.context.verification.verify(purpose).await?;
        self.confirmed.store(true, Ordering::Release);
        Ok(())
    }

    /// Takes the security code that the receiving device shows. Whether it is right comes as an event;
    /// there are three tries.
    pub fn enter_code(&self, code: &str) -> Result<(), Failure> {
        let code = code.parse::<SecurityCode>()?;
        if !self.confirmed.load(Ordering::Acquire) {
            return Err(Refusal::RecipientNotConfirmed.into());
        }
        self.send(GiverCommand::EnterCode(code));
        Ok(())
    }

    /// The person keeps the original. It can be deleted later, because its receipt is remembered.
    pub fn keep_original(&self) {
        self.send(GiverCommand::Conclude(Conclusion::Kept));
    }

    /// Deletes the original from the store of this device, and tells the other one; only after
    /// [`GivingEvent::Received`].
    pub async fn delete_original(&self) -> Result<(), Failure> {
        if !self.received.is_raised() {
            return Err(Refusal::NotReceived.into());
        }
        let original = self.original.as_ref().ok_or(Refusal::NotStored)?;
        self.context.storage.delete(original).await?;
        self.send(GiverCommand::Conclude(Conclusion::Deleted));
        Ok(())
    }

    /// The app has deleted an original that was not in the store; only after [`GivingEvent::Received`].
    pub fn original_deleted(&self) -> Result<(), Failure> {
        if !self.received.is_raised() {
            return Err(Refusal::NotReceived.into());
        }
        self.send(GiverCommand::Conclude(Conclusion::Deleted));
        Ok(())
    }

    /// Stops: the request under way is aborted at once and [`Self::next`] ends, while [`Self::run`] takes
    /// some seconds more to tell the other device. After [`GivingEvent::Received`] it keeps the original.
    pub fn cancel(&self) {
        self.send(GiverCommand::Cancel);
        self.stop.raise();
    }
}

impl Giving {
    pub(crate) fn prepare(
        context: &Arc<Context>,
        certificate: &Certificate,
        source: Source,
    ) -> Result<Arc<Self>, Failure> {
        let (display, numbers) = match &source {
            Source::Displayed(pairing) => {
                let (display, numbers) = Display::of(pairing);
                (Some(display), Some(numbers))
            }
            Source::Scanned(pairing) if !pairing.gives() => {
                return Err(TransferError::WrongDirection.into());
            }
            Source::Scanned(_) | Source::Number(_) => (None, None),
        };
        let (commands, queue) = unbounded();
        let (sender, events) = Events::new();
        let prepared = Prepared {
            source,
            offer: certificate.offer()?,
            movement: Movement {
                direction: Some(Direction::ToPc),
                certificate: Some(certificate.issued()),
            },
            numbers,
            queue,
            sender,
        };
        Ok(Arc::new(Self {
            context: Arc::clone(context),
            original: certificate.id(),
            display,
            commands,
            events,
            stop: Arc::new(Signal::new()),
            remark: Arc::default(),
            prepared: Mutex::new(Some(prepared)),
            recipient: Arc::default(),
            confirmed: AtomicBool::new(false),
            received: Arc::new(Signal::new()),
            _live: Live::new(),
        }))
    }

    async fn carry(&self, prepared: Prepared) -> Result<(), TransferError> {
        let Prepared {
            source,
            offer,
            movement,
            numbers,
            queue,
            sender,
        } = prepared;
        let origin = match &source {
            Source::Scanned(pairing) | Source::Displayed(pairing) => Some(pairing.origin().clone()),
            Source::Number(_) => self.context.relays.first().cloned(),
        };
        // An app has at least one relay.
        let origin = origin.ok_or(TransferError::RelayUnreachable)?;
        let relay = self.context.line(origin, &self.stop, &self.remark);
        let announced = sender.clone();
        let emit = move |event: Announced| drop(announced.unbounded_send(event.into()));
        let joined = numbers.as_ref().map(|numbers| Arc::clone(&numbers.joined));
        let show = self.show(sender, joined);
        let transfer = self.transfer(&relay, source, offer, &movement, queue, show);
        let carried = async {
            match numbers {
                Some(numbers) => numbers.beside(&relay, transfer, emit).await,
                None => {
                    drop(emit);
                    transfer.await
                }
            }
        };
        let ended = Signal::new();
        let carried = async {
            let result = carried.await;
            ended.raise();
            result
        };
        join(carried, self.remember_receipt(&ended)).await.0
    }

    async fn transfer(
        &self,
        relay: &Relay,
        source: Source,
        offer: Offer,
        movement: &Movement,
        queue: UnboundedReceiver<GiverCommand>,
        mut show: impl FnMut(GiverEvent) + Send,
    ) -> Result<(), TransferError> {
        let mut rng = generator().map_err(|_| TransferError::Cancelled)?;
        let party = self.context.party();
        let transfer = async {
            Box::pin(ask_rules(relay, movement, |change| show(change.into()))).await?;
            let pairing = match source {
                Source::Displayed(pairing) | Source::Scanned(pairing) => pairing,
                Source::Number(number) => {
                    Box::pin(look_up(relay, &relay.origin, &number, &mut rng)).await?
                }
            };
            Box::pin(give(relay, pairing, offer, party, &mut rng, queue, show)).await
        };
        relay.run(transfer).await
    }

    /// Remembers a receipt as soon as it has come, whatever the person decides and whenever.
    async fn remember_receipt(&self, ended: &Signal) {
        select(pin!(self.received.raised()), pin!(ended.raised())).await;
        if let (true, Some(original)) = (self.received.is_raised(), &self.original)
            && self
                .context
                .storage
                .remember_receipt(original, now())
                .await
                .is_err()
        {
            // The original stays, and a later deletion will want to be asked for plainly.
            self.context
                .log
                .warning("receipt_not_kept", "the store did not keep a receipt");
        }
    }

    /// Turns the driver's events into the app's.
    fn show(
        &self,
        sender: UnboundedSender<GivingEvent>,
        joined: Option<Arc<Signal>>,
    ) -> impl FnMut(GiverEvent) + Send + use<> {
        let context = Arc::clone(&self.context);
        let recipient = Arc::clone(&self.recipient);
        let received = Arc::clone(&self.received);
        move |event| {
            let event = match event {
                GiverEvent::Open { expires_in } => GivingEvent::Open {
                    expires_in_seconds: expires_in.as_secs(),
                },
                GiverEvent::Joined { peer, expires_in } => {
                    context.log.info("joined", "the other device is there");
                    if let Some(joined) = &joined {
                        joined.raise();
                    }
                    let peer = peer.map(Peer::from);
                    let name = peer.as_ref().map_or("", |peer| &peer.name);
                    *lock(&recipient) = Some(name.to_owned());
                    GivingEvent::Joined {
                        peer,
                        expires_in_seconds: expires_in.as_secs(),
                    }
                }
                GiverEvent::WrongCode { tries_left } => {
                    context
                        .log
                        .warning("wrong_code", "the security code was wrong");
                    GivingEvent::WrongCode { tries_left }
                }
                GiverEvent::Sending => GivingEvent::Sending,
                GiverEvent::Received(receipt) => {
                    context.log.info("receipt", "the receipt has come");
                    received.raise();
                    let (signed, location) = what_it_says(receipt);
                    GivingEvent::Received { signed, location }
                }
                GiverEvent::Reconnecting => {
                    context
                        .log
                        .warning("reconnecting", "the relay does not answer");
                    GivingEvent::Reconnecting
                }
                GiverEvent::Reconnected => {
                    context.log.info("reconnected", "the relay answers again");
                    GivingEvent::Reconnected
                }
            };
            // An app that does not listen does not stop the transfer.
            let _ = sender.unbounded_send(event);
        }
    }

    fn send(&self, command: GiverCommand) {
        // A transfer that has ended needs no more commands.
        let _ = self.commands.unbounded_send(command);
    }
}

impl From<Announced> for GivingEvent {
    fn from(announced: Announced) -> Self {
        match announced {
            Announced::Number { number, expires_in } => Self::ConnectionNumber {
                number,
                expires_in_seconds: expires_in,
            },
            Announced::Used => Self::ConnectionNumberUsed,
            Announced::Unavailable(Failure::Failed { code, .. }) => {
                Self::ConnectionNumberUnavailable { code }
            }
        }
    }
}

/// Whether the moved key has signed, and where it is.
pub(crate) fn what_it_says(receipt: VerifiedReceipt) -> (bool, String) {
    let signed = receipt.sets.iter().all(|set| set.signed);
    let first = receipt.sets.into_iter().next();
    (signed, first.map_or_else(String::new, |set| set.location))
}
