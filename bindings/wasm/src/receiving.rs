//! Receiving on the page: behind a QR of its own, or from a deposit.

use std::{cell::RefCell, rc::Rc};

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use js_sys::{Function, Promise};
use naru_core::{
    client::{Party, ReceiverCommand, ReceiverEvent, claim, look_up, receive},
    connection_number::ConnectionNumber,
    deposit::RecoveryCode,
    device::Device,
    pairing::{Direction, Origin, Pairing},
    receiver::{Arrival, StoredSet},
};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::{
    Generator, certificates::Certificates, display::Display, generator, identity::Identity, origin,
    thrown, to_js, transport::PageTransport,
};

/// One certificate on its way here.
#[wasm_bindgen]
pub struct Receiving {
    commands: UnboundedSender<ReceiverCommand>,
    prepared: Option<Prepared>,
    display: Option<Display>,
    arrival: Rc<RefCell<Option<Arrival>>>,
}

struct Prepared {
    source: Source,
    rng: Generator,
    queue: UnboundedReceiver<ReceiverCommand>,
}

enum Source {
    Device(Box<Pairing>, Party),
    Number(Origin, ConnectionNumber, Party),
    Deposit(Origin, RecoveryCode),
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
    ShowCode {
        code: String,
        name: String,
        expires_in: f64,
    },
    Arrived {
        name: String,
    },
    Acknowledged,
    Reconnecting,
    Reconnected,
}

#[wasm_bindgen]
impl Receiving {
    /// Makes a fresh code for a device that is to send.
    #[wasm_bindgen(constructor)]
    pub fn new(relay: &str, name: &str, platform: &str) -> Result<Receiving, JsValue> {
        let mut rng = generator()?;
        let pairing = Pairing::display(&origin(relay)?, Direction::ScannerGives, &mut rng);
        let display = Display::of(&pairing);
        let device = Device::new(name, platform);
        Ok(Self::prepare(
            Source::Device(Box::new(pairing), device.into()),
            Some(display),
            rng,
        ))
    }

    /// Takes the number that a sending device shows; throws `{code}` for one that was mistyped.
    #[wasm_bindgen(js_name = fromNumber)]
    pub fn from_number(
        relay: &str,
        number: &str,
        name: &str,
        platform: &str,
    ) -> Result<Receiving, JsValue> {
        let number = number
            .parse::<ConnectionNumber>()
            .map_err(|error| thrown(error.code()))?;
        let device = Device::new(name, platform);
        let source = Source::Number(origin(relay)?, number, device.into());
        Ok(Self::prepare(source, None, generator()?))
    }

    /// Fetches a deposit; throws `{code}` for a code that was mistyped.
    #[wasm_bindgen(js_name = fromDeposit)]
    pub fn from_deposit(relay: &str, code: &str) -> Result<Receiving, JsValue> {
        let code = code
            .parse::<RecoveryCode>()
            .map_err(|error| thrown(error.code()))?;
        let source = Source::Deposit(origin(relay)?, code);
        Ok(Self::prepare(source, None, generator()?))
    }

    /// The code as text.
    #[wasm_bindgen(getter, js_name = pairingCode)]
    pub fn pairing_code(&self) -> Option<String> {
        self.display.as_ref().map(Display::code)
    }

    /// The `DELETE` that a page sends when it is closed: `{path, authorization}`.
    pub fn farewell(&self) -> JsValue {
        self.display
            .as_ref()
            .map_or(JsValue::UNDEFINED, Display::farewell)
    }

    /// Takes only from a device on which the same person is logged in; before [`Self::run`]. A deposit comes from
    /// no device.
    pub fn prove(&mut self, identity: &Identity) {
        if let Some(Prepared {
            source: Source::Device(_, party) | Source::Number(_, _, party),
            ..
        }) = &mut self.prepared
        {
            party.prove(identity.get());
        }
    }

    /// Runs the transfer, once; resolves at its end with what became of the original (`deleted`,
    /// `kept` or nothing), and throws `{code}` when it fails.
    pub fn run(&mut self, send: Function, pause: Function, on_event: Function) -> Promise {
        let prepared = self.prepared.take();
        let arrival = Rc::clone(&self.arrival);
        wasm_bindgen_futures::future_to_promise(async move {
            let Prepared {
                source,
                mut rng,
                queue,
            } = prepared.ok_or_else(|| thrown("already_run"))?;
            let transport = PageTransport { send, pause };
            let show = |event| {
                let event = shown(event, &arrival);
                // A listener that throws does not stop the transfer.
                let _ = on_event.call1(&JsValue::UNDEFINED, &to_js(&event));
            };
            let ended = match source {
                Source::Device(pairing, party) => {
                    receive(&transport, *pairing, party, &mut rng, queue, show).await
                }
                Source::Number(origin, number, party) => {
                    match look_up(&transport, &origin, &number, &mut rng).await {
                        Ok(pairing) => {
                            receive(&transport, pairing, party, &mut rng, queue, show).await
                        }
                        Err(error) => Err(error),
                    }
                }
                Source::Deposit(origin, code) => {
                    let claimed = claim(&transport, &origin, &code, &mut rng, queue, show);
                    claimed.await.map(|()| None)
                }
            };
            ended
                .map(|_| JsValue::UNDEFINED)
                .map_err(|error| thrown(error.code()))
        })
    }

    /// The certificates that have come, once they have.
    pub fn certificates(&self) -> Option<Certificates> {
        let arrival = self.arrival.borrow();
        arrival
            .as_ref()
            .map(|arrival| Certificates::of(arrival.sets.clone()))
    }

    /// Every file is stored and was read back; the keys that were opened sign the receipt.
    pub fn stored(&self, certificates: &Certificates, location: &str) {
        if let Some(arrival) = &*self.arrival.borrow() {
            let signatures = certificates.signatures(arrival.receipt_message());
            let sets = signatures.into_iter().map(|signature| StoredSet {
                location: location.to_owned(),
                signature,
            });
            self.send(ReceiverCommand::Stored(sets.collect()));
        }
    }

    /// The person does not want it, or it could not be stored.
    pub fn refuse(&self) {
        self.send(ReceiverCommand::Refuse);
    }

    /// Stops.
    pub fn cancel(&self) {
        self.send(ReceiverCommand::Cancel);
    }
}

impl Receiving {
    fn prepare(source: Source, display: Option<Display>, rng: Generator) -> Self {
        let (commands, queue) = unbounded();
        Self {
            commands,
            prepared: Some(Prepared { source, rng, queue }),
            display,
            arrival: Rc::default(),
        }
    }

    fn send(&self, command: ReceiverCommand) {
        // A transfer that has ended needs no more commands.
        let _ = self.commands.unbounded_send(command);
    }
}

fn shown(event: ReceiverEvent, kept: &RefCell<Option<Arrival>>) -> Event {
    let named = |peer: Option<Device>| peer.map_or_else(String::new, |peer| peer.name().to_owned());
    match event {
        ReceiverEvent::Open { expires_in } => Event::Open {
            expires_in: expires_in.as_secs_f64(),
        },
        ReceiverEvent::ShowCode {
            code,
            peer,
            expires_in,
        } => Event::ShowCode {
            code: code.to_string(),
            name: named(peer),
            expires_in: expires_in.as_secs_f64(),
        },
        ReceiverEvent::Arrived(arrival) => {
            let name = named(arrival.peer.clone());
            *kept.borrow_mut() = Some(arrival);
            Event::Arrived { name }
        }
        ReceiverEvent::Acknowledged => Event::Acknowledged,
        ReceiverEvent::Reconnecting => Event::Reconnecting,
        ReceiverEvent::Reconnected => Event::Reconnected,
    }
}
