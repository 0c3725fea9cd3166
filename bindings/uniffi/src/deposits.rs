//! Deposits: left with the relay now, fetched later by whoever has the recovery code.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex},
};

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use naru_core::{
    client::{self, Deposit, DepositCommand, DepositEvent, ask_rules, deposit},
    giver::Offer,
    rules::Movement,
};

use crate::{
    certificates::Certificate,
    events::Events,
    failure::{Failure, Refusal},
    giving::what_it_says,
    host::VerificationPurpose,
    live::Live,
    lock::lock,
    naru::{Context, generator, now},
    signal::Signal,
};

/// One deposit, while this device looks after it. [`Self::run`] carries it while [`Self::next`] says what
/// happens.
#[derive(uniffi::Object)]
pub struct Depositing {
    context: Arc<Context>,
    original: Option<String>,
    commands: UnboundedSender<DepositCommand>,
    events: Events<DepositingEvent>,
    stop: Arc<Signal>,
    /// What the relay has said of this transfer.
    remark: Arc<Mutex<client::Remark>>,
    prepared: Mutex<Option<Prepared>>,
    fetched: Arc<Signal>,
    _live: Live,
}

/// What happens to a deposit.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum DepositingEvent {
    /// The relay keeps it: show the codes, once. This device can go away from here on.
    Stored {
        /// Opens the deposit, for whoever has it.
        recovery_code: String,
        /// Looks after it later, without opening it.
        withdraw_code: String,
        /// How long the relay keeps it.
        expires_in_seconds: u64,
    },
    /// Somebody with the recovery code is fetching it.
    Claimed,
    /// Whoever was fetching it has given it back.
    Released,
    /// It has been stored and checked elsewhere: [`crate::Naru::delete_original`] may follow.
    Fetched {
        /// Whether the moved key itself says so.
        signed: bool,
        /// Where it is, in that device's words.
        location: String,
    },
    /// The relay does not answer; the deposit goes on trying.
    Reconnecting,
    /// The relay answers again.
    Reconnected,
}

/// Where a deposit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum DepositStatus {
    /// Nobody has come yet.
    Waiting {
        /// How long the relay keeps it.
        expires_in_seconds: u64,
    },
    /// Somebody is fetching it.
    Claimed {
        /// How long the relay keeps it.
        expires_in_seconds: u64,
    },
    /// It has been fetched.
    Fetched,
}

impl From<client::DepositStatus> for DepositStatus {
    fn from(status: client::DepositStatus) -> Self {
        match status {
            client::DepositStatus::Waiting { expires_in } => Self::Waiting {
                expires_in_seconds: expires_in.as_secs(),
            },
            client::DepositStatus::Claimed { expires_in } => Self::Claimed {
                expires_in_seconds: expires_in.as_secs(),
            },
            client::DepositStatus::Fetched => Self::Fetched,
        }
    }
}

struct Prepared {
    offer: Offer,
    movement: Movement,
    keep: NonZeroU32,
    queue: UnboundedReceiver<DepositCommand>,
    sender: UnboundedSender<DepositingEvent>,
}

#[uniffi::export]
impl Depositing {
    /// Asks the person to unlock the device, stores the deposit and watches over it, once. Ends when it
    /// was fetched, withdrawn, or left alone by [`Self::leave`].
    pub async fn run(&self) -> Result<(), Failure> {
        let prepared = lock(&self.prepared).take().ok_or(Refusal::AlreadyRun)?;
        let purpose = VerificationPurpose::Deposit;
        self.context.verification.verify(purpose).await?;
        let Prepared {
            offer,
            movement,
            keep,
            queue,
            sender,
        } = prepared;
        let relay = self
            .context
            .line(self.context.relay()?, &self.stop, &self.remark);
        let device = self.context.device.clone();
        let wanted = Deposit { offer, keep };
        let mut rng = generator()?;
        let mut show = self.show(sender);
        let deposited = async {
            Box::pin(ask_rules(&relay, &movement, |change| show(change.into()))).await?;
            deposit(&relay, &relay.origin, wanted, device, &mut rng, queue, show).await
        };
        let ended = relay.run(deposited).await;
        if let Err(error) = ended {
            self.context
                .log
                .error(error.code(), "depositing has ended without success");
        }
        if let (true, Some(original)) = (self.fetched.is_raised(), &self.original) {
            self.context
                .storage
                .remember_receipt(original, now())
                .await?;
        }
        ended.map_err(|error| Failure::remarked(error, &lock(&self.remark)))
    }

    /// What happens next; nothing when the deposit needs no more looking after.
    pub async fn next(&self) -> Option<DepositingEvent> {
        self.events.next(&self.stop).await
    }

    /// Takes the deposit back. One that was fetched cannot be taken back any more.
    pub fn withdraw(&self) {
        // A deposit that has been fetched needs no more commands.
        let _ = self.commands.unbounded_send(DepositCommand::Withdraw);
    }

    /// Leaves the deposit where it is, and ends [`Self::run`]: the request under way is aborted at once.
    pub fn leave(&self) {
        self.commands.close_channel();
        self.stop.raise();
    }
}

impl Depositing {
    pub(crate) fn prepare(
        context: &Arc<Context>,
        certificate: &Certificate,
        keep: NonZeroU32,
    ) -> Result<Arc<Self>, Failure> {
        let (commands, queue) = unbounded();
        let (sender, events) = Events::new();
        let prepared = Prepared {
            offer: certificate.offer()?,
            movement: Movement {
                direction: None,
                certificate: Some(certificate.issued()),
            },
            keep,
            queue,
            sender,
        };
        Ok(Arc::new(Self {
            context: Arc::clone(context),
            original: certificate.id(),
            commands,
            events,
            stop: Arc::new(Signal::new()),
            remark: Arc::default(),
            prepared: Mutex::new(Some(prepared)),
            fetched: Arc::new(Signal::new()),
            _live: Live::new(),
        }))
    }

    /// Turns the driver's events into the app's.
    fn show(
        &self,
        sender: UnboundedSender<DepositingEvent>,
    ) -> impl FnMut(DepositEvent) + Send + use<> {
        let context = Arc::clone(&self.context);
        let fetched = Arc::clone(&self.fetched);
        move |event| {
            let event = match event {
                DepositEvent::Stored {
                    recovery,
                    withdraw,
                    expires_in,
                } => {
                    context.log.info("deposited", "the relay keeps a deposit");
                    DepositingEvent::Stored {
                        recovery_code: recovery.to_string(),
                        withdraw_code: withdraw.to_string(),
                        expires_in_seconds: expires_in.as_secs(),
                    }
                }
                DepositEvent::Claimed => DepositingEvent::Claimed,
                DepositEvent::Released => DepositingEvent::Released,
                DepositEvent::Fetched(receipt) => {
                    context.log.info("receipt", "the deposit was fetched");
                    fetched.raise();
                    let (signed, location) = what_it_says(receipt);
                    DepositingEvent::Fetched { signed, location }
                }
                DepositEvent::Reconnecting => DepositingEvent::Reconnecting,
                DepositEvent::Reconnected => DepositingEvent::Reconnected,
            };
            // An app that does not listen does not end the deposit.
            let _ = sender.unbounded_send(event);
        }
    }
}
