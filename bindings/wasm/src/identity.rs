//! Who is logged in on the page, for transfers to and from the same person's devices only.

use naru_core::identity::{self, Requirement};
use wasm_bindgen::prelude::*;

use crate::{generator, thrown};

/// Made before a login and for that login alone; the page keeps its bytes where the redirect comes back to, and
/// forgets them with the ID token.
#[wasm_bindgen]
pub struct IdentityKey(identity::IdentityKey);

#[wasm_bindgen]
impl IdentityKey {
    /// A new one.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Result<IdentityKey, JsValue> {
        Ok(Self(identity::IdentityKey::draw(&mut generator()?)))
    }

    /// What was kept of one; throws `{code}` for anything else.
    #[wasm_bindgen(js_name = fromBytes)]
    pub fn from_bytes(bytes: &[u8]) -> Result<IdentityKey, JsValue> {
        let bytes = bytes.try_into().map_err(|_| thrown("no_identity_key"))?;
        identity::IdentityKey::from_bytes(bytes)
            .map(Self)
            .map_err(|_| thrown("no_identity_key"))
    }

    /// What has to be kept.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }

    /// The `nonce` to log in with.
    #[wasm_bindgen(getter)]
    pub fn nonce(&self) -> String {
        self.0.nonce()
    }
}

/// A login that was checked.
#[wasm_bindgen]
pub struct Identity(identity::Identity);

#[wasm_bindgen]
impl Identity {
    /// Takes the ID token of a login with the key's nonce, and whose word counts; throws `{code}` where it would
    /// be refused by the other device.
    #[wasm_bindgen(constructor)]
    pub fn new(
        token: String,
        key: &IdentityKey,
        issuer: &str,
        audiences: Vec<String>,
        jwks: &str,
    ) -> Result<Identity, JsValue> {
        let required = Requirement::new(issuer, audiences, jwks);
        let required = required.map_err(|error| thrown(error.code()))?;
        identity::Identity::new(token, key.0.clone(), required, now)
            .map(Self)
            .map_err(|error| thrown(error.code()))
    }
}

impl Identity {
    pub(crate) fn get(&self) -> identity::Identity {
        self.0.clone()
    }
}

/// Unix seconds.
fn now() -> u64 {
    // The conversion saturates.
    (js_sys::Date::now() / 1_000.0) as u64
}
