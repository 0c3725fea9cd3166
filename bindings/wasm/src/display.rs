//! What a device shows for the other one to take: a QR, and a number to type.

use futures_util::future::{AbortHandle, abortable};
use js_sys::{Function, Promise};
use naru_core::{
    client::{NumberEvent, announce},
    pairing::{Origin, Pairing, PairingCode},
    qr::{Modules, draw},
};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::{generator, origin, thrown, to_js, transport::PageTransport};

/// A QR, module by module.
#[wasm_bindgen]
pub struct Qr(Modules);

#[wasm_bindgen]
impl Qr {
    /// Draws a text.
    #[wasm_bindgen(constructor)]
    pub fn new(text: &str) -> Result<Qr, JsValue> {
        draw(text).map(Self).map_err(|_| thrown("no_qr"))
    }

    /// Modules on one side.
    #[wasm_bindgen(getter)]
    pub fn width(&self) -> usize {
        self.0.width()
    }

    /// Whether a module is dark.
    #[wasm_bindgen(js_name = isDark)]
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        self.0.is_dark(x, y)
    }
}

/// A pairing code with all that the page needs to show it, and to take it back.
pub(crate) struct Display {
    code: PairingCode,
    farewell: Option<(String, String)>,
}

#[derive(Serialize)]
struct Farewell {
    path: String,
    authorization: String,
}

impl Display {
    pub(crate) fn of(pairing: &Pairing) -> Self {
        Self {
            code: pairing.code().clone(),
            farewell: pairing.farewell(),
        }
    }

    pub(crate) fn code(&self) -> String {
        self.code.to_string()
    }

    /// The `DELETE` that a page sends when it is closed: `{path, authorization}`.
    pub(crate) fn farewell(&self) -> JsValue {
        let farewell = self.farewell.clone();
        to_js(&farewell.map(|(path, authorization)| Farewell {
            path,
            authorization,
        }))
    }
}

/// A connection number for a pairing code that is being shown.
#[wasm_bindgen]
pub struct Announcing {
    code: PairingCode,
    origin: Origin,
    stop: Option<AbortHandle>,
}

#[derive(Serialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
enum Event {
    Number { number: String, expires_in: f64 },
    NumberUsed,
}

#[wasm_bindgen]
impl Announcing {
    /// Takes the text of the pairing code.
    #[wasm_bindgen(constructor)]
    pub fn new(relay: &str, code: &str) -> Result<Announcing, JsValue> {
        Ok(Self {
            code: code.parse().map_err(|_| thrown("no_code"))?,
            origin: origin(relay)?,
            stop: None,
        })
    }

    /// Shows numbers by events, one at a time; resolves when the number is used or stopped.
    pub fn run(&mut self, send: Function, pause: Function, on_event: Function) -> Promise {
        let (code, origin) = (self.code.clone(), self.origin.clone());
        let announced = async move {
            let transport = PageTransport { send, pause };
            let show = |event| {
                let event = match event {
                    NumberEvent::Ready { number, expires_in } => Event::Number {
                        number: number.to_string(),
                        expires_in: expires_in.as_secs_f64(),
                    },
                    NumberEvent::Used => Event::NumberUsed,
                };
                // A listener that throws does not stop the transfer.
                let _ = on_event.call1(&JsValue::UNDEFINED, &to_js(&event));
            };
            let mut rng = generator()?;
            announce(&transport, &origin, &code, &mut rng, show)
                .await
                .map_err(|error| thrown(error.code()))
        };
        let (announced, stop) = abortable(announced);
        self.stop = Some(stop);
        wasm_bindgen_futures::future_to_promise(async move {
            match announced.await {
                Ok(result) => result.map(|()| JsValue::UNDEFINED),
                // Stopped: the other device has come, or the person has gone.
                Err(_) => Ok(JsValue::UNDEFINED),
            }
        })
    }

    /// The number is not needed any more.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.abort();
        }
    }
}
