//! Who is at the other end, as two devices tell each other; most of it lies.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod openssl;
mod proofs;
mod tokens;
mod without_panic;

use std::sync::LazyLock;

use naru_core::identity::{IdentityKey, Requirement};
use naru_samples::TokenIssuer;
use serde_json::{Value, json};

const NOW: u64 = 1_795_000_000;
const ISSUER: &str = "https://login.example";
const PAGE: &str = "naru-page";
const APP: &str = "naru-app";

static OURS: LazyLock<TokenIssuer> = LazyLock::new(|| TokenIssuer::new(1).unwrap());
static FOREIGN: LazyLock<TokenIssuer> = LazyLock::new(|| TokenIssuer::new(2).unwrap());

fn now() -> u64 {
    NOW
}

fn requirement() -> Requirement {
    let audiences = [PAGE, APP].map(str::to_owned);
    Requirement::new(ISSUER, audiences, &OURS.jwks().to_string()).unwrap()
}

fn key(seed: u8) -> IdentityKey {
    IdentityKey::from_bytes(&[seed; 32]).unwrap()
}

fn claims(subject: &str, audience: &str, key: &IdentityKey) -> Value {
    json!({ "iss": ISSUER, "sub": subject, "aud": audience, "nonce": key.nonce(),
        "iat": NOW - 30, "exp": NOW + 300 })
}

/// With one claim set, or left out where it is null.
fn with(name: &str, value: Value) -> Value {
    let mut claims = claims("hong", APP, &key(1));
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else {
        claims[name] = value;
    }
    claims
}
