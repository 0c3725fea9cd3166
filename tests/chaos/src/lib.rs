//! Transfers between real processes, of which one is taken away at a chosen step.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod nodes;
mod transfer;

use std::{fmt, path::Path, time::Duration};

use naru_tests::{Island, Kind, Topology};

use self::{nodes::Nodes, transfer::Transfer};

/// How far a transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing has been sent.
    BeforeOpening,
    /// The pairing code is on the screen.
    Opened,
    /// The security code is on the screen.
    Joined,
    /// The security code has just been typed.
    Sending,
    /// The certificate is there, and the person has to agree.
    Arrived,
    /// The receipt has just been written.
    Acknowledging,
    /// The receipt is there, and the person decides about the original.
    Received,
    /// The conclusion has just been written.
    Concluding,
}

impl Step {
    /// All of them, in their order.
    pub const ALL: [Self; 8] = [
        Self::BeforeOpening,
        Self::Opened,
        Self::Joined,
        Self::Sending,
        Self::Arrived,
        Self::Acknowledging,
        Self::Received,
        Self::Concluding,
    ];
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// One of the two relays is killed, and does not come back.
    RelayKilled,
    /// One of the two relays is stopped for three seconds.
    RelayStopped,
    /// The masters' first is killed; it comes back after three seconds, one that is alone after one.
    RedisKilled,
    /// The masters' first is stopped for four seconds.
    RedisStopped,
    /// The masters' first is cut off from everybody for four seconds, in a network namespace; one that is alone
    /// for two.
    RedisCutOff,
    /// All masters hand over to their replicas; one that is alone is restarted.
    RedisFailedOver,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::RelayKilled,
        Self::RelayStopped,
        Self::RedisKilled,
        Self::RedisStopped,
        Self::RedisCutOff,
        Self::RedisFailedOver,
    ];
}

/// One transfer and what happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// The store.
    pub store: Kind,
    /// What goes wrong.
    pub fault: Fault,
    /// When.
    pub step: Step,
}

impl Case {
    /// Every fault at every step on every store.
    pub fn all() -> impl Iterator<Item = Self> {
        let stores = [Kind::Single, Kind::Sentinel, Kind::Cluster];
        stores.into_iter().flat_map(|store| {
            Fault::ALL.into_iter().flat_map(move |fault| {
                Step::ALL
                    .into_iter()
                    .map(move |step| Self { store, fault, step })
            })
        })
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} {:?}", self.store, self.fault, self.step)
    }
}

/// How a case that breaks no promise has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The certificate has arrived, and its giver knows.
    Done {
        /// How long after the fault both sides had ended: nobody hesitates, so that all of it is the fault's.
        recovered: Duration,
    },
    /// Both sides know that it has not, and the original is where it was.
    Failed {
        /// Why, on the two sides.
        causes: [&'static str; 2],
    },
}

/// Runs one case, with the relays' program.
///
/// # Errors
/// What must not happen: a hang, or two sides that do not agree.
///
/// # Panics
/// When the processes do not start.
pub async fn run(case: Case, relay: &Path) -> Result<Ending, String> {
    let island = (case.fault == Fault::RedisCutOff).then(Island::new);
    let mut topology = match &island {
        None => Topology::start(case.store).await,
        Some(island) => Topology::start_with(case.store, island).await,
    };
    let nodes = Nodes::start(relay, &topology.address()).await;
    let mut transfer = Transfer::new(&nodes);
    for step in Step::ALL {
        if !transfer.reach(step).await? {
            break;
        }
        if step != case.step {
            continue;
        }
        transfer.note_the_fault();
        let happens = cause(case.fault, &mut topology, &nodes, island.as_ref());
        // The world goes on meanwhile.
        let ((), ended) = tokio::join!(happens, transfer.finish(step));
        return ended;
    }
    Err("it has ended before anything went wrong".into())
}

async fn cause(fault: Fault, topology: &mut Topology, nodes: &Nodes, island: Option<&Island>) {
    let pause = tokio::time::sleep;
    match fault {
        Fault::RelayKilled => nodes.kill_the_first(),
        Fault::RelayStopped => {
            nodes.freeze_the_first();
            pause(Duration::from_secs(3)).await;
            nodes.thaw_the_first();
        }
        Fault::RedisKilled => {
            let is_alone = matches!(topology, Topology::Single(_));
            let mut masters = topology.masters().await;
            let master = masters.remove(0);
            master.kill();
            pause(Duration::from_secs(if is_alone { 1 } else { 3 })).await;
            master.crash();
        }
        Fault::RedisStopped => {
            let process = {
                let mut masters = topology.masters().await;
                let master = masters.remove(0);
                master.freeze();
                master.process()
            };
            pause(Duration::from_secs(4)).await;
            naru_tests::thaw(process);
        }
        Fault::RedisCutOff => {
            let island = island.expect("it is made for this fault");
            island.cut();
            let is_alone = matches!(topology, Topology::Single(_));
            pause(Duration::from_secs(if is_alone { 2 } else { 4 })).await;
            island.mend();
        }
        Fault::RedisFailedOver => topology.fail_over().await,
    }
}
