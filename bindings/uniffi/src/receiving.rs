//! Receiving: by a scanned code, a typed number, a code on this screen, or a deposit's code.

use std::sync::{Arc, Mutex};

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use naru_core::{
    client::{
        ReceiverCommand, ReceiverEvent, Remark, TransferError, ask_rules, claim, look_up, receive,
    },
    connection_number::ConnectionNumber,
    deposit::RecoveryCode,
    giver::Conclusion,
    pairing::{Origin, Pairing},
    receiver::{Arrival, StoredSet},
    rules::{Direction, Movement},
};

use crate::{
    certificates::{Certificate, CertificateReport},
    display::{Announced, Display, Numbers, QrCode},
    events::Events,
    failure::{Failure, Refusal},
    live::Live,
    lock::lock,
    naru::{Context, Peer, generator},
    relay::Relay,
    signal::Signal,
};

/// One certificate on its way to this device. [`Self::run`] carries it while [`Self::next`] says what
/// happens.
#[derive(uniffi::Object)]
pub struct Receiving {
    context: Arc<Context>,
    display: Option<Display>,
    commands: UnboundedSender<ReceiverCommand>,
    events: Events<ReceivingEvent>,
    stop: Arc<Signal>,
    /// What the relay has said of this transfer.
    remark: Arc<Mutex<Remark>>,
    origin: Origin,
    prepared: Mutex<Option<Prepared>>,
    arrived: Arc<Mutex<Option<Arrived>>>,
    _live: Live,
}

/// What happens while a certificate is received.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ReceivingEvent {
    /// The code of [`Receiving::qr`] can be scanned.
    Open {
        /// For how long.
        expires_in_seconds: u64,
    },
    /// A number for those who cannot scan, asked for by [`Receiving::request_number`].
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
    /// The other device is there: show the code, large. The person types it there.
    SecurityCode {
        /// Six digits.
        code: String,
        /// Who the other device says it is; one that shows the QR says so only with the certificate.
        peer: Option<Peer>,
        /// How long the whole transfer may still take.
        expires_in_seconds: u64,
    },
    /// A certificate has come: show whose it is by [`Receiving::certificates`], then
    /// [`Receiving::accept`] or [`Receiving::refuse`] it.
    Arrived {
        /// Who sent it.
        peer: Option<Peer>,
    },
    /// The sending device can know that the certificate is stored here: this side is done.
    Acknowledged,
    /// The relay does not answer; the transfer goes on trying.
    Reconnecting,
    /// The relay answers again.
    Reconnected,
}

/// What became of the original on the sending device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum OriginalFate {
    /// It was deleted.
    Deleted,
    /// It was kept.
    Kept,
    /// That device did not say.
    Unknown,
}

/// How the other device is found.
pub(crate) enum Source {
    Scanned(Pairing),
    Number(ConnectionNumber),
    Displayed(Pairing),
    Deposit(RecoveryCode),
}

struct Prepared {
    source: Source,
    numbers: Option<Numbers>,
    queue: UnboundedReceiver<ReceiverCommand>,
    sender: UnboundedSender<ReceivingEvent>,
}

/// What has come.
struct Arrived {
    arrival: Arrival,
    certificates: Vec<Arc<Certificate>>,
    /// What the store did not have before.
    stored: Vec<String>,
}

#[uniffi::export]
impl Receiving {
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
    pub async fn run(&self) -> Result<OriginalFate, Failure> {
        let prepared = lock(&self.prepared).take().ok_or(Refusal::AlreadyRun)?;
        self.context.log.info("receiving", "receiving has begun");
        let ended = self.carry(prepared).await;
        match &ended {
            Ok(_) => self.context.log.info("received", "receiving has ended"),
            Err(Failed::Transfer(error)) => self
                .context
                .log
                .error(error.code(), "receiving has ended without success"),
            Err(Failed::Other(_)) => {}
        }
        if matches!(ended, Err(Failed::Transfer(TransferError::TakenByAnother))) {
            self.take_back().await?;
        }
        ended.map_err(|failed| match failed {
            Failed::Transfer(error) => Failure::remarked(error, &lock(&self.remark)),
            Failed::Other(failure) => failure,
        })
    }

    /// What happens next; nothing when the transfer has ended or was cancelled.
    pub async fn next(&self) -> Option<ReceivingEvent> {
        self.events.next(&self.stop).await
    }

    /// The certificates that have come; none before they have.
    pub fn certificates(&self) -> Vec<Arc<Certificate>> {
        lock(&self.arrived)
            .as_ref()
            .map_or_else(Vec::new, |arrived| arrived.certificates.clone())
    }

    /// The person agrees: stores the certificates, reads them back, compares, and tells the sending
    /// device. Where their passwords were checked by then, their keys sign that. When the store fails,
    /// nothing is told, and this can be called again; when the transfer has ended meanwhile, or a rule of the
    /// agency does not allow one of the certificates, nothing is stored.
    pub async fn accept(&self) -> Result<Vec<CertificateReport>, Failure> {
        let certificates = self.certificates();
        if certificates.is_empty() {
            return Err(Refusal::NothingArrived.into());
        }
        if self.commands.is_closed() {
            // Nobody could be told: the sending device keeps the original, and this one stores nothing.
            return Err(TransferError::Ended.into());
        }
        let relay = self.relay();
        for certificate in &certificates {
            let movement = Movement {
                direction: None,
                certificate: Some(certificate.issued()),
            };
            let asked = Box::pin(ask_rules(&relay, &movement, |_| {})).await;
            asked.map_err(|error| Failure::remarked(error, &lock(&self.remark)))?;
        }
        for certificate in &certificates {
            let saved = self.context.storage.save(&certificate.set).await?;
            certificate.stored(saved.id.clone());
            if saved.is_new
                && let Some(arrived) = &mut *lock(&self.arrived)
            {
                arrived.stored.push(saved.id);
            }
        }
        let location = self.context.device.name();
        if let Some(arrived) = &*lock(&self.arrived) {
            let message = arrived.arrival.receipt_message();
            let sets = certificates.iter().map(|certificate| StoredSet {
                location: location.to_owned(),
                signature: certificate.sign(message),
            });
            self.send(ReceiverCommand::Stored(sets.collect()));
        }
        self.context
            .log
            .info("stored", "what has come is stored and was read back");
        Ok(certificates.iter().map(|it| it.report()).collect())
    }

    /// The person does not want what has come; the sending device is told so.
    pub fn refuse(&self) {
        self.send(ReceiverCommand::Refuse);
    }

    /// Stops: the request under way is aborted at once and [`Self::next`] ends, while [`Self::run`] takes
    /// some seconds more to tell the other device.
    pub fn cancel(&self) {
        self.send(ReceiverCommand::Cancel);
        self.stop.raise();
    }
}

/// Why it did not succeed.
enum Failed {
    Transfer(TransferError),
    Other(Failure),
}

impl From<TransferError> for Failed {
    fn from(error: TransferError) -> Self {
        Self::Transfer(error)
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

impl Receiving {
    pub(crate) fn prepare(context: &Arc<Context>, source: Source) -> Result<Arc<Self>, Failure> {
        let pairing = match &source {
            Source::Scanned(pairing) | Source::Displayed(pairing) => Some(pairing),
            Source::Number(_) | Source::Deposit(_) => None,
        };
        if pairing.is_some_and(Pairing::gives) {
            return Err(TransferError::WrongDirection.into());
        }
        let origin = match pairing {
            Some(pairing) => pairing.origin().clone(),
            None => context.relay()?,
        };
        let (display, numbers) = match &source {
            Source::Displayed(pairing) => {
                let (display, numbers) = Display::of(pairing);
                (Some(display), Some(numbers))
            }
            _ => (None, None),
        };
        let (commands, queue) = unbounded();
        let (sender, events) = Events::new();
        let prepared = Prepared {
            source,
            numbers,
            queue,
            sender,
        };
        Ok(Arc::new(Self {
            context: Arc::clone(context),
            display,
            commands,
            events,
            stop: Arc::new(Signal::new()),
            remark: Arc::default(),
            origin,
            prepared: Mutex::new(Some(prepared)),
            arrived: Arc::default(),
            _live: Live::new(),
        }))
    }

    fn relay(&self) -> Relay {
        let origin = self.origin.clone();
        self.context.line(origin, &self.stop, &self.remark)
    }

    async fn carry(&self, prepared: Prepared) -> Result<OriginalFate, Failed> {
        let Prepared {
            source,
            numbers,
            queue,
            sender,
        } = prepared;
        let relay = self.relay();
        let announced = sender.clone();
        let emit = move |event: Announced| drop(announced.unbounded_send(event.into()));
        let joined = numbers.as_ref().map(|numbers| Arc::clone(&numbers.joined));
        let show = self.show(sender, joined);
        let transfer = self.transfer(&relay, source, queue, show);
        Ok(match numbers {
            Some(numbers) => numbers.beside(&relay, transfer, emit).await?,
            None => {
                drop(emit);
                transfer.await?
            }
        })
    }

    async fn transfer(
        &self,
        relay: &Relay,
        source: Source,
        queue: UnboundedReceiver<ReceiverCommand>,
        mut show: impl FnMut(ReceiverEvent) + Send,
    ) -> Result<OriginalFate, Failed> {
        let mut rng = generator()?;
        let party = self.context.party();
        let origin: &Origin = &relay.origin;
        let transfer = async {
            let movement = Movement {
                direction: Some(Direction::FromPc),
                certificate: None,
            };
            Box::pin(ask_rules(relay, &movement, |change| show(change.into()))).await?;
            let pairing = match source {
                Source::Scanned(pairing) | Source::Displayed(pairing) => pairing,
                Source::Number(number) => {
                    Box::pin(look_up(relay, origin, &number, &mut rng)).await?
                }
                Source::Deposit(code) => {
                    Box::pin(claim(relay, origin, &code, &mut rng, queue, show)).await?;
                    return Ok(OriginalFate::Unknown);
                }
            };
            let received = receive(relay, pairing, party, &mut rng, queue, show);
            let conclusion = Box::pin(received).await?;
            Ok(match conclusion {
                Some(Conclusion::Deleted) => OriginalFate::Deleted,
                Some(Conclusion::Kept) => OriginalFate::Kept,
                None => OriginalFate::Unknown,
            })
        };
        Ok(relay.run(transfer).await?)
    }

    /// Turns the driver's events into the app's.
    fn show(
        &self,
        sender: UnboundedSender<ReceivingEvent>,
        joined: Option<Arc<Signal>>,
    ) -> impl FnMut(ReceiverEvent) + Send + use<> {
        let context = Arc::clone(&self.context);
        let arrived = Arc::clone(&self.arrived);
        move |event| {
            let event = match event {
                ReceiverEvent::Open { expires_in } => ReceivingEvent::Open {
                    expires_in_seconds: expires_in.as_secs(),
                },
                ReceiverEvent::ShowCode {
                    code,
                    peer,
                    expires_in,
                } => {
                    context.log.info("joined", "the other device is there");
                    if let Some(joined) = &joined {
                        joined.raise();
                    }
                    ReceivingEvent::SecurityCode {
                        code: code.to_string(),
                        peer: peer.map(Peer::from),
                        expires_in_seconds: expires_in.as_secs(),
                    }
                }
                ReceiverEvent::Arrived(arrival) => {
                    context.log.info("arrived", "a certificate has come");
                    let peer = arrival.peer.clone().map(Peer::from);
                    *lock(&arrived) = Some(Arrived {
                        certificates: Certificate::of(&context, arrival.sets.clone()),
                        arrival,
                        stored: Vec::new(),
                    });
                    ReceivingEvent::Arrived { peer }
                }
                ReceiverEvent::Acknowledged => ReceivingEvent::Acknowledged,
                ReceiverEvent::Reconnecting => {
                    context
                        .log
                        .warning("reconnecting", "the relay does not answer");
                    ReceivingEvent::Reconnecting
                }
                ReceiverEvent::Reconnected => {
                    context.log.info("reconnected", "the relay answers again");
                    ReceivingEvent::Reconnected
                }
            };
            // An app that does not listen does not stop the transfer.
            let _ = sender.unbounded_send(event);
        }
    }

    /// Deletes what another device has fetched meanwhile.
    async fn take_back(&self) -> Result<(), Failure> {
        let stored = lock(&self.arrived)
            .as_mut()
            .map_or_else(Vec::new, |arrived| std::mem::take(&mut arrived.stored));
        for id in stored {
            self.context.storage.delete(&id).await?;
        }
        self.certificates().iter().for_each(|it| it.forgotten());
        Ok(())
    }

    fn send(&self, command: ReceiverCommand) {
        // A transfer that has ended needs no more commands.
        let _ = self.commands.unbounded_send(command);
    }
}

impl From<Announced> for ReceivingEvent {
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
