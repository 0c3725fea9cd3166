//! One device's way to the relay, on which requests and answers are lost, late and doubled.

use std::{cell::Cell, rc::Rc, time::Duration};

use naru_core::client::{Method, Request, Response, Transport, TransportError};
use tokio::{
    sync::oneshot,
    task::spawn_local,
    time::{sleep, timeout},
};

use crate::{Mistake, relay::Relay, world::World};

/// More mishaps in a row would be a network that is gone, which a device may give up on.
const MISHAPS_IN_A_ROW: u8 = 3;
/// More requests that hang for their whole time would let a transfer expire.
const STALLS: u8 = 2;

const LATENCY: Duration = Duration::from_millis(120);
const LATE: Duration = Duration::from_secs(3);

pub(crate) struct Path {
    world: Rc<World>,
    relay: Rc<Relay>,
    mishaps: Cell<u8>,
    stalls: Cell<u8>,
    sent: Cell<u32>,
}

/// What becomes of one request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    Doubled,
    Unanswered,
    Lost,
}

impl Path {
    pub(crate) fn new(world: &Rc<World>, relay: &Rc<Relay>) -> Self {
        Self {
            world: Rc::clone(world),
            relay: Rc::clone(relay),
            mishaps: Cell::new(0),
            stalls: Cell::new(0),
            sent: Cell::new(0),
        }
    }

    fn fate(&self) -> Fate {
        let weather = self.world.weather;
        let fate = if self.world.chance(weather.lost) {
            Fate::Lost
        } else if self.world.chance(weather.unanswered) {
            Fate::Unanswered
        } else if self.world.chance(weather.doubled) {
            Fate::Doubled
        } else {
            Fate::Answered
        };
        let is_mishap = matches!(fate, Fate::Lost | Fate::Unanswered);
        if is_mishap && self.mishaps.get() < MISHAPS_IN_A_ROW {
            self.mishaps.set(self.mishaps.get() + 1);
            return fate;
        }
        self.mishaps.set(0);
        if is_mishap { Fate::Answered } else { fate }
    }

    /// The relay works on what has reached it, whether or not anybody still waits for the answer.
    fn arrive(&self, request: Request, after: Duration) -> oneshot::Receiver<Option<Response>> {
        let (answered, answer) = oneshot::channel();
        let relay = Rc::clone(&self.relay);
        spawn_local(async move {
            sleep(after).await;
            // The device may have gone.
            let _ = answered.send(relay.answer(request).await);
        });
        answer
    }

    /// The connection breaks soon, or hangs for as long as the device waits.
    async fn break_off(&self, patience: Duration) -> TransportError {
        if self.stalls.get() < STALLS && self.world.chance(200) {
            self.stalls.set(self.stalls.get() + 1);
            sleep(patience).await;
        } else {
            self.world.linger(LATE).await;
        }
        TransportError
    }

    fn sealed_again(&self, mut request: Request) -> Request {
        self.sent.set(self.sent.get() + 1);
        if let Some(last) = request.body.last_mut()
            && self.world.makes(Mistake::SealsAgain)
            && request.method == Method::Put
            && request.path.contains("/frames/")
        {
            *last = last.wrapping_add(self.sent.get() as u8);
        }
        request
    }
}

impl Transport for Path {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let request = self.sealed_again(request);
        self.world.sees(&request);
        let latency = Duration::from_millis(self.world.below(LATENCY.as_millis() as u32).into());
        let patience = request.timeout;
        match self.fate() {
            Fate::Lost => return Err(self.break_off(patience).await),
            Fate::Unanswered => {
                drop(self.arrive(request, latency));
                return Err(self.break_off(patience).await);
            }
            Fate::Doubled => {
                let late = LATE.mul_f64(f64::from(self.world.below(1_000)) / 1_000.0);
                drop(self.arrive(request.clone(), late));
            }
            Fate::Answered => {}
        }
        match timeout(patience, self.arrive(request, latency)).await {
            Ok(Ok(Some(response))) => Ok(response),
            _ => Err(TransportError),
        }
    }

    async fn pause(&self, duration: Duration) {
        sleep(duration).await;
    }
}
