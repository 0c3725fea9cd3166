//! How many clients wait.

use std::{
    collections::{HashMap, hash_map::Entry},
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
};

use foldhash::quality::RandomState;
use ipnet::IpNet;
use metrics::Gauge;

use crate::problem::Problem;

/// Counts the clients that wait on this node, and bounds them: each costs memory for as long as it likes.
pub(crate) struct Waiters {
    most: u32,
    most_of_a_network: u32,
    gauge: Gauge,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    all: u32,
    networks: HashMap<IpNet, u32, RandomState>,
}

impl Waiters {
    pub(crate) fn new(most: NonZeroU32, most_of_a_network: NonZeroU32) -> Self {
        let gauge = metrics::gauge!("naru_waiters");
        gauge.set(0);
        Self {
            gauge,
            most: most.get(),
            most_of_a_network: most_of_a_network.get(),
            waiting: Mutex::default(),
        }
    }

    /// A place to wait, until it is dropped.
    pub(crate) fn enter(&self, network: IpNet) -> Result<Place<'_>, Problem> {
        let mut waiting = self.lock();
        let Waiting { all, networks } = &mut *waiting;
        if *all >= self.most {
            return Err(Problem::RelayFull);
        }
        let of_the_network = networks.entry(network).or_default();
        if *of_the_network >= self.most_of_a_network {
            return Err(Problem::RelayFull);
        }
        *of_the_network += 1;
        *all += 1;
        self.gauge.set(*all);
        drop(waiting);
        Ok(Place {
            waiters: self,
            network,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One client that waits.
pub(crate) struct Place<'w> {
    waiters: &'w Waiters,
    network: IpNet,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.waiters.lock();
        waiting.all -= 1;
        if let Entry::Occupied(mut of_the_network) = waiting.networks.entry(self.network) {
            match *of_the_network.get() {
                0 | 1 => drop(of_the_network.remove()),
                _ => *of_the_network.get_mut() -= 1,
            }
        }
        self.waiters.gauge.set(waiting.all);
    }
}
