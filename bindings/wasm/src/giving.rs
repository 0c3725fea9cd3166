//! Giving from the page: one object for one QR.

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use js_sys::Function;
use naru_core::{
    client::{GiverCommand, GiverEvent, give},
    device::Device,
    giver::{Conclusion, Offer},
    pairing::{Direction, Origin, Pairing},
    qr::{Modules, draw},
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::{certificates::Certificates, thrown, to_js, transport::PageTransport};

/// One transfer, from its QR on.
#[wasm_bindgen]
pub struct Giving {
    commands: UnboundedSender<GiverCommand>,
    prepared: Option<Prepared>,
    code: String,
    modules: Modules,
    farewell: Option<(String, String)>,
}

struct Prepared {
    pairing: Pairing,
    offer: Offer,
    device: Device,
    rng: ChaCha20Rng,
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

#[derive(Serialize)]
struct Farewell {
    path: String,
    authorization: String,
}

#[wasm_bindgen]
impl Giving {
    /// Makes a fresh code for a certificate whose password has been checked.
    #[wasm_bindgen(constructor)]
    pub fn new(
        origin: &str,
        certificates: &Certificates,
        index: usize,
        name: &str,
        platform: &str,
    ) -> Result<Giving, JsValue> {
        let origin: Origin = origin.parse().map_err(|_| thrown("no_origin"))?;
        let offered = certificates
            .offered(index)
            .ok_or_else(|| thrown("no_such_certificate"))?;
        let offer = Offer::new([offered]).map_err(|error| thrown(error.code()))?;
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| thrown("no_randomness"))?;
        let mut rng = ChaCha20Rng::from_seed(seed);
        let pairing = Pairing::display(&origin, Direction::DisplayerGives, &mut rng);
        let code = pairing.code().to_string();
        let modules = draw(&code).map_err(|_| thrown("no_qr"))?;
        let farewell = pairing.farewell();
        let (commands, queue) = unbounded();
        let device = Device::new(name, platform);
        let prepared = Some(Prepared {
            pairing,
            offer,
            device,
            rng,
            queue,
        });
        Ok(Self {
            commands,
            prepared,
            code,
            modules,
            farewell,
        })
    }

    /// The code as text.
    #[wasm_bindgen(getter, js_name = pairingCode)]
    pub fn pairing_code(&self) -> String {
        self.code.clone()
    }

    /// Modules on one side of the QR.
    #[wasm_bindgen(getter)]
    pub fn width(&self) -> usize {
        self.modules.width()
    }

    /// Whether a module of the QR is dark.
    #[wasm_bindgen(js_name = isDark)]
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        self.modules.is_dark(x, y)
    }

    /// The `DELETE` that a page sends when it is closed: `{path, authorization}`.
    pub fn farewell(&self) -> JsValue {
        let farewell = self.farewell.clone();
        to_js(&farewell.map(|(path, authorization)| Farewell {
            path,
            authorization,
        }))
    }

    /// Runs the transfer, once; resolves at its end, and throws `{code}` when it fails.
    pub fn run(&mut self, send: Function, pause: Function, on_event: Function) -> js_sys::Promise {
        let prepared = self.prepared.take();
        wasm_bindgen_futures::future_to_promise(async move {
            let Prepared {
                pairing,
                offer,
                device,
                mut rng,
                queue,
            } = prepared.ok_or_else(|| thrown("already_run"))?;
            let transport = PageTransport { send, pause };
            let show = |event| {
                // A listener that throws does not stop the transfer.
                let _ = on_event.call1(&JsValue::UNDEFINED, &to_js(&Event::from(event)));
            };
            give(&transport, pairing, offer, device, &mut rng, queue, show)
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
            GiverEvent::Received(receipt) => Self::Received {
                signed: receipt.sets.iter().all(|set| set.signed),
                location: receipt
                    .sets
                    .into_iter()
                    .next()
                    .map_or_else(String::new, |set| set.location),
            },
            GiverEvent::Reconnecting => Self::Reconnecting,
            GiverEvent::Reconnected => Self::Reconnected,
        }
    }
}
