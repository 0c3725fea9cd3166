//! The core in the official's page: types cross, logic does not.

mod certificates;
mod giving;
mod transport;

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
