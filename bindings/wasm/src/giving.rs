//! Giving from the page: one object for one QR.

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use js_sys::{Function, Promise};
use naru_core::{
    client::{GiverCommand, GiverEvent, Party, give},
    device::Device,
    giver::{Conclusion, Offer, VerifiedReceipt},
    pairing::{Direction, Pairing},
};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::{
    Generator, certificates::Certificates, display::Display, generator, identity::Identity, origin,
    thrown, to_js, transport::PageTransport,
};

/// One transfer, from its QR on.
#[wasm_bindgen]
pub struct Giving {
    commands: UnboundedSender<GiverCommand>,
    prepared: Option<Prepared>,
    display: Display,
}

struct Prepared {
    pairing: Pairing,
    offer: Offer,
    party: Party,
    rng: Generator,
    queue: UnboundedReceiver<GiverCommand>,
}

#[derive(Serialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
enum Event {
    Open {
        expires_in: f64,
    },
    Joined {
        name: String,
        platform: String,
        expires_in: f64,
    },
    WrongCode {
        tries_left: u8,
    },
    Sending,
    Received {
        signed: bool,
        location: String,
    },
    Reconnecting,
    Reconnected,
}

#[wasm_bindgen]
impl Giving {
    /// Makes a fresh code for a certificate whose password has been checked.
    #[wasm_bindgen(constructor)]
    pub fn new(
        relay: &str,
        certificates: &Certificates,
        index: usize,
        name: &str,
        platform: &str,
    ) -> Result<Giving, JsValue> {
        let offer = offer(certificates, index)?;
        let mut rng = generator()?;
        let pairing = Pairing::display(&origin(relay)?, Direction::DisplayerGives, &mut rng);
        let display = Display::of(&pairing);
        let (commands, queue) = unbounded();
        let prepared = Some(Prepared {
            pairing,
            offer,
            party: Device::new(name, platform).into(),
            rng,
            queue,
        });
        Ok(Self {
            commands,
            prepared,
            display,
        })
    }

    /// The code as text.
    #[wasm_bindgen(getter, js_name = pairingCode)]
    pub fn pairing_code(&self) -> String {
        self.display.code()
    }

    /// The `DELETE` that a page sends when it is closed: `{path, authorization}`.
    pub fn farewell(&self) -> JsValue {
        self.display.farewell()
    }

    /// Gives only to a device on which the same person is logged in; before [`Self::run`].
    pub fn prove(&mut self, identity: &Identity) {
        if let Some(prepared) = &mut self.prepared {
            prepared.party.prove(identity.get());
        }
    }

    /// Runs the transfer, once; resolves at its end, and throws `{code}` when it fails.
    pub fn run(&mut self, send: Function, pause: Function, on_event: Function) -> Promise {
        let prepared = self.prepared.take();
        wasm_bindgen_futures::future_to_promise(async move {
            let Prepared {
                pairing,
                offer,
                party,
                mut rng,
                queue,
            } = prepared.ok_or_else(|| thrown("already_run"))?;
            let transport = PageTransport { send, pause };
            let show = |event| {
                // A listener that throws does not stop the transfer.
                let _ = on_event.call1(&JsValue::UNDEFINED, &to_js(&Event::from(event)));
            };
            give(&transport, pairing, offer, party, &mut rng, queue, show)
                .await
                .map(|()| JsValue::UNDEFINED)
                .map_err(|error| thrown(error.code()))
        })
    }

    /// Types the security code; throws `{code}` when it has not six digits.
    #[wasm_bindgen(js_name = enterCode)]
    pub fn enter_code(&self, code: &str) -> Result<(), JsValue> {
        let code = code.parse().map_err(|_| thrown("not_six_digits"))?;
        self.send(GiverCommand::EnterCode(code));
        Ok(())
    }

    /// Says what became of the original.
    pub fn conclude(&self, deleted: bool) {
        let conclusion = if deleted {
            Conclusion::Deleted
        } else {
            Conclusion::Kept
        };
        self.send(GiverCommand::Conclude(conclusion));
    }

    /// Stops.
    pub fn cancel(&self) {
        self.send(GiverCommand::Cancel);
    }
}

impl Giving {
    fn send(&self, command: GiverCommand) {
        // A transfer that has ended needs no more commands.
        let _ = self.commands.unbounded_send(command);
    }
}

/// What the person has chosen, once its password was right.
pub(crate) fn offer(certificates: &Certificates, index: usize) -> Result<Offer, JsValue> {
    let offered = certificates
        .offered(index)
        .ok_or_else(|| thrown("no_such_certificate"))?;
    Offer::new([offered]).map_err(|error| thrown(error.code()))
}

/// Whether the moved key has signed, and where it is.
pub(crate) fn receipt(receipt: VerifiedReceipt) -> (bool, String) {
    let signed = receipt.sets.iter().all(|set| set.signed);
    let first = receipt.sets.into_iter().next();
    (signed, first.map_or_else(String::new, |set| set.location))
}

impl From<GiverEvent> for Event {
    fn from(event: GiverEvent) -> Self {
        match event {
            GiverEvent::Open { expires_in } => Self::Open {
                expires_in: expires_in.as_secs_f64(),
            },
            GiverEvent::Joined { peer, expires_in } => Self::Joined {
                name: peer
                    .as_ref()
                    .map_or_else(String::new, |peer| peer.name().to_owned()),
                platform: peer.map_or_else(String::new, |peer| peer.platform().to_owned()),
                expires_in: expires_in.as_secs_f64(),
            },
            GiverEvent::WrongCode { tries_left } => Self::WrongCode { tries_left },
            GiverEvent::Sending => Self::Sending,
            GiverEvent::Received(received) => {
                let (signed, location) = receipt(received);
                Self::Received { signed, location }
            }
            GiverEvent::Reconnecting => Self::Reconnecting,
            GiverEvent::Reconnected => Self::Reconnected,
        }
    }
}
