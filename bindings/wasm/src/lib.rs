//! The core in the official's page: types cross, logic does not.

mod certificates;
mod depositing;
mod display;
mod giving;
mod identity;
mod receiving;
mod transport;

use getrandom::SysRng;
use naru_core::pairing::Origin;
use rand_core::UnwrapErr;
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

/// The browser's randomness.
type Generator = UnwrapErr<SysRng>;

/// Asks once whether there is any: what has answered goes on to.
fn generator() -> Result<Generator, JsValue> {
    getrandom::u32().map_err(|_| thrown("no_randomness"))?;
    Ok(UnwrapErr(SysRng))
}

fn origin(relay: &str) -> Result<Origin, JsValue> {
    relay.parse().map_err(|_| thrown("no_origin"))
}
