//! One run from its seed to its end, and what must hold then.

use std::{fmt, rc::Rc, time::Duration};

use naru_core::{
    client::TransferError,
    pairing::{Direction, Origin, Pairing},
};
use tokio::{
    runtime::Builder,
    task::{JoinHandle, LocalSet, spawn_local},
    time::timeout,
};

use crate::{
    Materials, Mistake,
    disk::Disk,
    network::Path,
    people::{Giver, Person, Receiver, Stranger},
    relay::Relay,
    sign::Sign,
    world::World,
};

const ORIGIN: &str = "https://relay.example";
/// Every transfer has ended by then, whatever has happened: a deposit is kept for less.
const AT_LAST: Duration = Duration::from_secs(3 * 3_600);
const DEPOSIT_SECONDS: u32 = 3_600;

/// How a run without a violation has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The certificate has crossed.
    Moved,
    /// It has not, and the original is where it was.
    Failed(Option<TransferError>),
}

/// What must never happen has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Gives the same run again.
    pub seed: u64,
    /// What has happened.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}: {}", self.seed, self.what)
    }
}

/// Runs what `seed` decides, with a mistake where one is asked for.
///
/// # Errors
/// The first violation.
///
/// # Panics
/// When the clock cannot be had.
pub fn simulate(
    seed: u64,
    mistake: Option<Mistake>,
    materials: &Rc<Materials>,
) -> Result<Ending, Violation> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a clock");
    let local = LocalSet::new();
    let run = local.run_until(async {
        let world = Rc::new(World::new(seed, mistake));
        Run::new(world, Rc::clone(materials)).end().await
    });
    let ended = runtime.block_on(run);
    ended.map_err(|what| Violation { seed, what })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    DisplayerGives,
    ScannerGives,
    Deposit,
}

impl Way {
    const fn name(self) -> &'static str {
        match self {
            Self::DisplayerGives => "the displayer gives",
            Self::ScannerGives => "the scanner gives",
            Self::Deposit => "a deposit",
        }
    }
}

/// What happens to the relay or to a device, once in a run.
#[derive(Clone, Copy)]
enum Accident {
    None,
    RelayPauses,
    RelayForgets,
    RelayFailsOver,
    GiverCrashes,
    ReceiverCrashes,
}

struct Run {
    world: Rc<World>,
    materials: Rc<Materials>,
    relay: Rc<Relay>,
    person: Rc<Person>,
    way: Way,
    accident: Accident,
    original: Rc<Disk>,
    received: Vec<Rc<Disk>>,
    stranger: Option<Rc<Disk>>,
}

type Ended = JoinHandle<Result<(), TransferError>>;

impl Run {
    fn new(world: Rc<World>, materials: Rc<Materials>) -> Self {
        let way = match world.below(5) {
            0 | 1 => Way::DisplayerGives,
            2 | 3 => Way::ScannerGives,
            _ => Way::Deposit,
        };
        let accident = match world.below(10) {
            0..=3 => Accident::None,
            4 => Accident::RelayPauses,
            5 => Accident::RelayForgets,
            6 | 7 => Accident::RelayFailsOver,
            8 => Accident::GiverCrashes,
            _ => Accident::ReceiverCrashes,
        };
        let is_careful = world.chance(700);
        let receivers = if way == Way::Deposit { 2 } else { 1 };
        let is_watched = way != Way::Deposit && world.chance(200);
        Self {
            relay: Relay::new(&world),
            person: Person::new(&world, is_careful),
            way,
            accident,
            original: Rc::new(Disk::with(&materials.own.set)),
            received: (0..receivers).map(|_| Rc::default()).collect(),
            stranger: is_watched.then(Rc::default),
            world,
            materials,
        }
    }

    async fn end(self) -> Result<Ending, String> {
        let (giver, receivers) = match self.way {
            Way::DisplayerGives => self.transfer(Direction::DisplayerGives),
            Way::ScannerGives => self.transfer(Direction::ScannerGives),
            Way::Deposit => self.deposit(),
        };
        let accident = self.accident_happens(giver.abort_handle(), receivers[0].abort_handle());
        let all = async {
            let mut ends = vec![giver.await];
            for receiver in receivers {
                ends.push(receiver.await);
            }
            accident.await.expect("an accident does not panic");
            ends
        };
        let Ok(ends) = timeout(AT_LAST, all).await else {
            return Err("a run has not ended".into());
        };
        let mut failures = Vec::new();
        for end in ends {
            match end {
                Ok(Ok(())) => {}
                Ok(Err(error)) => failures.push(error),
                Err(end) if end.is_cancelled() => {}
                Err(_) => return Err("a device has panicked".into()),
            }
        }
        self.holds(&failures).map_err(|broken| {
            let codes: Vec<_> = failures.iter().map(|error| error.code()).collect();
            format!("{broken} ({}; {})", self.way.name(), codes.join(", "))
        })
    }

    fn transfer(&self, direction: Direction) -> (Ended, Vec<Ended>) {
        let origin: Origin = ORIGIN.parse().expect("an origin");
        let mut rng = self.world.generator();
        let displayer = Pairing::display(&origin, direction, &mut rng);
        let text = displayer.code().to_string();
        let scan = || Pairing::scan(&text, std::slice::from_ref(&origin)).expect("its own code");
        if let Some(disk) = &self.stranger {
            let stranger = Stranger {
                world: Rc::clone(&self.world),
                path: self.path(),
                disk: Rc::clone(disk),
            };
            let (owner, materials) = (Rc::clone(&self.person), Rc::clone(&self.materials));
            let pairing = scan();
            spawn_local(async move { stranger.joins(pairing, owner, &materials.foreign).await });
        }
        let (gives, receives) = match direction {
            Direction::DisplayerGives => (displayer, scan()),
            Direction::ScannerGives => (scan(), displayer),
        };
        let (giver, receiver) = (self.giver(), self.receiver(0));
        let scanner_gives = direction == Direction::ScannerGives;
        let (person, materials) = (Rc::clone(&self.person), Rc::clone(&self.materials));
        let gives = spawn_local(async move {
            if scanner_gives {
                person.scans().await;
            }
            giver.gives(gives, &materials.own).await
        });
        let (person, materials) = (Rc::clone(&self.person), Rc::clone(&self.materials));
        let receives = spawn_local(async move {
            if !scanner_gives {
                person.scans().await;
            }
            receiver.receives(receives, &materials.own).await
        });
        (gives, vec![receives])
    }

    /// One deposit, and two devices of its owner that try to fetch it.
    fn deposit(&self) -> (Ended, Vec<Ended>) {
        let origin: Origin = ORIGIN.parse().expect("an origin");
        let code = Rc::new(Sign::new(None));
        let giver = self.giver();
        let materials = Rc::clone(&self.materials);
        let (from, shown) = (origin.clone(), Rc::clone(&code));
        let gives = spawn_local(async move {
            giver
                .deposits(&from, &materials.own, shown, DEPOSIT_SECONDS)
                .await
        });
        let fetch = |which: usize| {
            let receiver = self.receiver(which);
            let (code, origin) = (Rc::clone(&code), origin.clone());
            let (world, materials) = (Rc::clone(&self.world), Rc::clone(&self.materials));
            // The second device comes at once, or when the first may have been given up.
            let late = Duration::from_secs(if world.chance(500) { 30 } else { 900 });
            spawn_local(async move {
                let patience = Duration::from_secs(DEPOSIT_SECONDS.into());
                let Ok(Some(code)) = timeout(patience, code.wait_for(Option::is_some)).await else {
                    return Err(TransferError::DepositGone);
                };
                world.linger(late).await;
                receiver.fetches(&origin, &code, &materials.own).await
            })
        };
        (gives, vec![fetch(0), fetch(1)])
    }

    async fn happens(
        relay: Rc<Relay>,
        accident: Accident,
        world: Rc<World>,
        giver: tokio::task::AbortHandle,
        receiver: tokio::task::AbortHandle,
    ) {
        world.linger(Duration::from_secs(50)).await;
        match accident {
            Accident::None => {}
            Accident::RelayPauses => relay.pause(Duration::from_secs(world.below(10).into())),
            Accident::RelayForgets => relay.forget(),
            Accident::RelayFailsOver => {
                relay.pause(Duration::from_secs(world.below(5).into()));
                relay.fail_over();
            }
            Accident::GiverCrashes => giver.abort(),
            Accident::ReceiverCrashes => receiver.abort(),
        }
    }

    fn accident_happens(
        &self,
        giver: tokio::task::AbortHandle,
        receiver: tokio::task::AbortHandle,
    ) -> JoinHandle<()> {
        spawn_local(Self::happens(
            Rc::clone(&self.relay),
            self.accident,
            Rc::clone(&self.world),
            giver,
            receiver,
        ))
    }

    fn holds(&self, failures: &[TransferError]) -> Result<Ending, &'static str> {
        let own = &self.materials.own.set;
        if let Some(what) = self.world.violation() {
            return Err(what);
        }
        let copies = self.received.iter().filter(|disk| disk.holds(own)).count();
        if !self.original.holds(own) && copies == 0 {
            return Err("no copy is left");
        }
        let told = self.received.iter().filter(|disk| disk.acknowledged.get());
        let (told, incomplete): (Vec<_>, Vec<_>) = told.partition(|disk| disk.holds(own));
        if !incomplete.is_empty() {
            return Err("a receipt stands for what is not stored");
        }
        if told.len() > 1
            || (!told.is_empty() && copies > 1 && self.way == Way::Deposit && !self.has_crashed())
        {
            return Err("two devices have received it");
        }
        let strangers = self.stranger.iter();
        if !strangers.clone().all(|disk| disk.is_empty()) {
            return Err("a stranger has received it");
        }
        let disks = self.received.iter();
        if !disks.clone().all(|disk| disk.holds_nothing_but(own)) {
            return Err("a file is not what was sent");
        }
        let moved = !told.is_empty();
        if !moved && self.nothing_but_weather() && !failures.iter().any(gave_up) {
            return Err("the weather alone has kept it from moving");
        }
        Ok(if moved {
            Ending::Moved
        } else {
            Ending::Failed(failures.first().copied())
        })
    }

    fn has_crashed(&self) -> bool {
        matches!(self.accident, Accident::ReceiverCrashes)
    }

    fn nothing_but_weather(&self) -> bool {
        let harmless = matches!(self.accident, Accident::None | Accident::RelayPauses);
        harmless && self.person.is_careful && self.stranger.is_none()
    }

    fn path(&self) -> Path {
        Path::new(&self.world, &self.relay)
    }

    fn giver(&self) -> Giver {
        Giver {
            person: Rc::clone(&self.person),
            path: self.path(),
            original: Rc::clone(&self.original),
            copies: self.received.clone(),
        }
    }

    fn receiver(&self, which: usize) -> Receiver {
        Receiver {
            person: Rc::clone(&self.person),
            path: self.path(),
            disk: Rc::clone(&self.received[which]),
        }
    }
}

/// A device may give up on a relay that has not answered for its patience.
fn gave_up(error: &TransferError) -> bool {
    matches!(
        error,
        TransferError::RelayUnreachable | TransferError::RelayBusy
    )
}
