//! What a seed decides, and what has been seen of a run.

use std::{
    cell::RefCell,
    collections::{HashMap, hash_map::Entry},
    time::Duration,
};

use naru_core::client::{Method, Request};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use sha2::{Digest, Sha256};
use tokio::time::sleep;

use crate::Mistake;

/// How likely each mishap of a request is, in thousandths.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    pub(crate) lost: u32,
    pub(crate) unanswered: u32,
    pub(crate) doubled: u32,
}

/// One run's dice, clock and memory.
pub(crate) struct World {
    rng: RefCell<ChaCha20Rng>,
    pub(crate) weather: Weather,
    pub(crate) mistake: Option<Mistake>,
    frames: RefCell<HashMap<[u8; 32], [u8; 32]>>,
    violation: RefCell<Option<&'static str>>,
}

impl World {
    pub(crate) fn new(seed: u64, mistake: Option<Mistake>) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        // One run in four has fair weather, in which nothing hides what accidents do.
        let mut mishap = |fair: bool| if fair { 0 } else { rng.next_u32() % 200 };
        let fair = mishap(false) < 50;
        let weather = Weather {
            lost: mishap(fair),
            unanswered: mishap(fair),
            doubled: mishap(fair),
        };
        Self {
            rng: RefCell::new(rng),
            weather,
            mistake,
            frames: RefCell::default(),
            violation: RefCell::default(),
        }
    }

    pub(crate) fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// Uniform below `end`.
    pub(crate) fn below(&self, end: u32) -> u32 {
        self.rng.borrow_mut().next_u32() % end
    }

    /// True `thousandths` times out of a thousand.
    pub(crate) fn chance(&self, thousandths: u32) -> bool {
        self.below(1_000) < thousandths
    }

    /// A generator for one device.
    pub(crate) fn generator(&self) -> ChaCha20Rng {
        ChaCha20Rng::seed_from_u64(self.rng.borrow_mut().next_u64())
    }

    /// Lets up to `longest` go by.
    pub(crate) async fn linger(&self, longest: Duration) {
        let most = u32::try_from(longest.as_millis())
            .unwrap_or(u32::MAX)
            .max(1);
        sleep(Duration::from_millis(self.below(most).into())).await;
    }

    /// Keeps the first violation.
    pub(crate) fn violated(&self, what: &'static str) {
        self.violation.borrow_mut().get_or_insert(what);
    }

    pub(crate) fn violation(&self) -> Option<&'static str> {
        *self.violation.borrow()
    }

    /// Sees a request leave a device: a frame's number is its nonce, so one number of one lane only ever
    /// carries the same bytes.
    pub(crate) fn sees(&self, request: &Request) {
        let path = request.path.split('?').next().unwrap_or_default();
        if request.method != Method::Put || !path.contains("/frames/") {
            return;
        }
        let lane = Sha256::new()
            .chain_update(path)
            .chain_update([0])
            .chain_update(&request.authorization)
            .finalize();
        let bytes = Sha256::digest(&request.body).into();
        match self.frames.borrow_mut().entry(lane.into()) {
            Entry::Vacant(entry) => drop(entry.insert(bytes)),
            Entry::Occupied(entry) if *entry.get() == bytes => {}
            Entry::Occupied(_) => self.violated("a nonce was used twice"),
        }
    }
}
