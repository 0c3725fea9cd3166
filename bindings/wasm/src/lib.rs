//! The core in the official's page: types cross, logic does not.

mod certificates;
mod depositing;
mod display;
mod giving;
mod identity;
mod receiving;
mod transport;

use naru_core::pairing::Origin;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde::Serialize;
use wasm_bindgen::JsValue;

/// What a failed call throws.
#[derive(Serialize)]
struct Thrown {
    code: String,
}

fn thrown(code: &str) -> JsValue {
    to_js(&Thrown {
        code: code.to_owned(),
    })
}

/// Numbers become numbers, and a value that cannot cross becomes `undefined`.
fn to_js<T: Serialize>(value: &T) -> JsValue {
    serde_wasm_bindgen::to_value(value).unwrap_or(JsValue::UNDEFINED)
}

/// A generator seeded by the browser.
fn generator() -> Result<ChaCha20Rng, JsValue> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| thrown("no_randomness"))?;
    Ok(ChaCha20Rng::from_seed(seed))
}

fn origin(relay: &str) -> Result<Origin, JsValue> {
    relay.parse().map_err(|_| thrown("no_origin"))
}
