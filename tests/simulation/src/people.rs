//! The people at their devices: they think, mistype, hesitate and refuse as the seed says.

use std::{rc::Rc, time::Duration};

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::{StreamExt, future::join};
use naru_core::{
    client::{
        Deposit, DepositEvent, GiverCommand, GiverEvent, ReceiverCommand, ReceiverEvent,
        TransferError, claim, deposit, give, receive,
    },
    deposit::RecoveryCode,
    device::Device,
    giver::{Conclusion, Offer},
    handshake::SecurityCode,
    pairing::{Origin, Pairing},
    receiver::{Arrival, StoredSet},
};
use tokio::time::timeout;

use crate::{Mistake, disk::Disk, materials::Material, network::Path, sign::Sign, world::World};

/// How long people take for one decision.
const THINKING: Duration = Duration::from_secs(12);
/// How long people leave a decision who are called away from it: a deposit is not held for them so long.
const AWAY: Duration = Duration::from_secs(15 * 60);
/// How long people look for what no device of theirs shows.
const LOOKING: Duration = Duration::from_secs(90);
/// How long a disk takes for one file.
const WRITING: Duration = Duration::from_millis(40);

/// What the person with both devices can see and remembers.
pub(crate) struct Person {
    pub(crate) world: Rc<World>,
    /// The six digits on the receiving device.
    screen: Sign<Option<String>>,
    /// Whether the displaying device counts down the time in which its code can be scanned.
    counts_down: Sign<bool>,
    /// Whether this person makes no mistake and accepts what is theirs.
    pub(crate) is_careful: bool,
}

impl Person {
    pub(crate) fn new(world: &Rc<World>, is_careful: bool) -> Rc<Self> {
        Rc::new(Self {
            world: Rc::clone(world),
            screen: Sign::new(None),
            counts_down: Sign::new(false),
            is_careful,
        })
    }

    /// Scans when ready; whoever is careful waits until the displaying device says that it can be.
    pub(crate) async fn scans(&self) {
        if self.is_careful {
            let _ = timeout(LOOKING, self.counts_down.wait_for(|ready| *ready)).await;
        }
        self.thinks().await;
    }

    async fn thinks(&self) {
        self.world.linger(THINKING).await;
    }

    fn errs(&self, thousandths: u32) -> bool {
        !self.is_careful && self.world.chance(thousandths)
    }

    /// Reads the code off the receiving device, and types it, now and then wrongly.
    async fn types(&self) -> Option<SecurityCode> {
        let shown = timeout(LOOKING, self.screen.wait_for(Option::is_some)).await;
        let shown = shown.ok()??;
        self.thinks().await;
        let mut digits = shown.into_bytes();
        if self.errs(150) {
            let place = self.world.below(6) as usize;
            digits[place] = b'0' + (digits[place] - b'0' + 1) % 10;
        }
        String::from_utf8(digits).ok()?.parse().ok()
    }
}

/// The giving device with its original.
pub(crate) struct Giver {
    pub(crate) person: Rc<Person>,
    pub(crate) path: Path,
    pub(crate) original: Rc<Disk>,
    /// Where the certificate has to be before the original may go.
    pub(crate) copies: Vec<Rc<Disk>>,
}

impl Giver {
    pub(crate) async fn gives(
        self,
        pairing: Pairing,
        what: &Material,
    ) -> Result<(), TransferError> {
        let world = &self.person.world;
        let (commands, queue) = unbounded();
        let (shown, events) = unbounded();
        let mut rng = world.generator();
        let driver = give(
            &self.path,
            pairing,
            offer(world, what),
            Device::new("업무용 PC", "Linux"),
            &mut rng,
            queue,
            move |event| drop(shown.unbounded_send(event)),
        );
        join(driver, self.follows(events, commands, what)).await.0
    }

    async fn follows(
        &self,
        mut events: UnboundedReceiver<GiverEvent>,
        commands: UnboundedSender<GiverCommand>,
        what: &Material,
    ) {
        while let Some(event) = events.next().await {
            let command = match event {
                GiverEvent::Joined { .. } | GiverEvent::WrongCode { .. } => {
                    let code = self.person.types().await;
                    code.map_or(GiverCommand::Cancel, GiverCommand::EnterCode)
                }
                GiverEvent::Sending => {
                    if self.person.world.makes(Mistake::DeletesBeforeTheReceipt) {
                        self.deletes(what);
                    }
                    continue;
                }
                GiverEvent::Open { .. } => {
                    self.person.counts_down.show(true);
                    continue;
                }
                GiverEvent::Received(_) => GiverCommand::Conclude(self.concludes(what).await),
                _ => continue,
            };
            // The device may have ended meanwhile.
            let _ = commands.unbounded_send(command);
        }
    }

    pub(crate) async fn deposits(
        self,
        origin: &Origin,
        what: &Material,
        code: Rc<Sign<Option<RecoveryCode>>>,
        keep: u32,
    ) -> Result<(), TransferError> {
        let world = &self.person.world;
        let (commands, queue) = unbounded();
        let (shown, mut events) = unbounded();
        let mut rng = world.generator();
        let wanted = Deposit {
            offer: offer(world, what),
            keep: keep.try_into().expect("some time"),
        };
        let driver = deposit(
            &self.path,
            origin,
            wanted,
            Device::new("업무용 PC", "Linux"),
            &mut rng,
            queue,
            move |event| drop(shown.unbounded_send(event)),
        );
        let person = async {
            // Dropped commands would be a page that is closed.
            let _open = commands;
            while let Some(event) = events.next().await {
                match event {
                    DepositEvent::Stored { recovery, .. } => code.show(Some(recovery)),
                    DepositEvent::Fetched(_) => drop(self.concludes(what).await),
                    _ => {}
                }
            }
        };
        join(driver, person).await.0
    }

    async fn concludes(&self, what: &Material) -> Conclusion {
        self.person.thinks().await;
        if self.person.world.chance(600) {
            self.deletes(what);
            Conclusion::Deleted
        } else {
            Conclusion::Kept
        }
    }

    fn deletes(&self, what: &Material) {
        if !self.copies.iter().any(|copy| copy.holds(&what.set)) {
            let world = &self.person.world;
            world.violated("the original was deleted with no copy elsewhere");
        }
        self.original.clear();
    }
}

/// The receiving device.
pub(crate) struct Receiver {
    pub(crate) person: Rc<Person>,
    pub(crate) path: Path,
    pub(crate) disk: Rc<Disk>,
}

impl Receiver {
    pub(crate) async fn receives(
        self,
        pairing: Pairing,
        expected: &Material,
    ) -> Result<(), TransferError> {
        let (commands, queue) = unbounded();
        let (shown, events) = unbounded();
        let mut rng = self.person.world.generator();
        let driver = receive(
            &self.path,
            pairing,
            Device::new("내 휴대전화", "Android 17"),
            &mut rng,
            queue,
            move |event| drop(shown.unbounded_send(event)),
        );
        let ended = join(driver, self.follows(events, commands, expected))
            .await
            .0;
        ended.map(drop)
    }

    pub(crate) async fn fetches(
        self,
        origin: &Origin,
        code: &RecoveryCode,
        expected: &Material,
    ) -> Result<(), TransferError> {
        let (commands, queue) = unbounded();
        let (shown, events) = unbounded();
        let mut rng = self.person.world.generator();
        let show = move |event| drop(shown.unbounded_send(event));
        let driver = claim(&self.path, origin, code, &mut rng, queue, show);
        let ended = join(driver, self.follows(events, commands, expected))
            .await
            .0;
        if ended == Err(TransferError::TakenByAnother)
            && !self.person.world.makes(Mistake::KeepsWhatAnotherHas)
        {
            self.disk.clear();
        }
        ended
    }

    async fn follows(
        &self,
        mut events: UnboundedReceiver<ReceiverEvent>,
        commands: UnboundedSender<ReceiverCommand>,
        expected: &Material,
    ) {
        while let Some(event) = events.next().await {
            match event {
                ReceiverEvent::ShowCode { code, .. } => {
                    self.person.screen.show(Some(code.to_string()));
                }
                ReceiverEvent::Arrived(arrival) => {
                    self.decides(&arrival, &commands, expected).await;
                }
                ReceiverEvent::Open { .. } => {
                    self.person.counts_down.show(true);
                }
                ReceiverEvent::Acknowledged => self.disk.acknowledged.set(true),
                _ => {}
            }
        }
    }

    /// Stores what is the person's own, and nothing else.
    async fn decides(
        &self,
        arrival: &Arrival,
        commands: &UnboundedSender<ReceiverCommand>,
        expected: &Material,
    ) {
        let person = &self.person;
        if person.errs(150) {
            person.world.linger(AWAY).await;
        }
        person.thinks().await;
        let fingerprint = expected.set.fingerprint();
        let is_own = arrival
            .sets
            .iter()
            .all(|set| set.fingerprint() == fingerprint);
        if !is_own || person.errs(40) {
            // The device may have ended meanwhile, here and below.
            let _ = commands.unbounded_send(ReceiverCommand::Refuse);
            return;
        }
        let signature = match person.world.chance(60) {
            true => expected.key.sign(arrival.receipt_message()).ok(),
            false => None,
        };
        let location = "휴대전화".to_owned();
        let mut stored = Some(ReceiverCommand::Stored(vec![StoredSet {
            location,
            signature,
        }]));
        let mut says = |when: bool| {
            if let Some(stored) = stored.take_if(|_| when) {
                let _ = commands.unbounded_send(stored);
            }
        };
        says(person.world.makes(Mistake::ReceiptBeforeStoring));
        for set in &arrival.sets {
            for file in set.native_files() {
                person.world.linger(WRITING).await;
                self.disk.write(file.path.as_str(), &file.bytes);
                let half = person.world.makes(Mistake::StoresHalf);
                says(half);
                if half {
                    return;
                }
            }
        }
        says(true);
    }
}

/// Somebody who has photographed the code, joins when the seed says, and takes what comes.
pub(crate) struct Stranger {
    pub(crate) world: Rc<World>,
    pub(crate) path: Path,
    pub(crate) disk: Rc<Disk>,
}

impl Stranger {
    pub(crate) async fn joins(self, pairing: Pairing, owner: Rc<Person>, own: &Material) {
        self.world.linger(Duration::from_secs(20)).await;
        if pairing.gives() {
            // The code of the receiving screen can be photographed as well.
            let giver = Giver {
                person: owner,
                path: self.path,
                original: Rc::default(),
                copies: vec![Rc::new(Disk::with(&own.set))],
            };
            let _ = giver.gives(pairing, own).await;
        } else {
            // A screen of his own, which the owner does not see.
            let person = Person::new(&self.world, true);
            let receiver = Receiver {
                person,
                path: self.path,
                disk: self.disk,
            };
            let _ = receiver.receives(pairing, own).await;
        }
    }
}

fn offer(world: &World, what: &Material) -> Offer {
    let key = world.chance(500).then(|| what.key.clone());
    Offer::new([(what.set.clone(), key)]).expect("one certificate")
}
