//! The phone's library as an app uses it whose person has logged in.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod app;

use std::sync::{Arc, LazyLock};

use app::{Phone, code, end, run};
use naru_core::{
    client::{GiverCommand, TransferError},
    giver::Conclusion,
    identity,
    pairing::Direction,
};
use naru_samples::TokenIssuer;
use naru_tests::{
    RunningRelay, offer, pair, provider::now, rng, sample, start_giver_as, transport,
};
use naru_uniffi::{Identity, IdentityKey, OriginalFate, ReceivingEvent};
use serde_json::json;

const ISSUER: &str = "https://login.example";
const PAGE: &str = "naru-page";
const APP: &str = "naru-app";

static ISSUES: LazyLock<TokenIssuer> = LazyLock::new(|| TokenIssuer::new(1).unwrap());

fn token(subject: &str, audience: &str, nonce: &str) -> String {
    let claims = json!({ "iss": ISSUER, "sub": subject, "aud": audience, "nonce": nonce,
        "iat": now(), "exp": now() + 300 });
    ISSUES.token("rs256", &claims)
}

fn page(subject: &str) -> identity::Identity {
    let key = identity::IdentityKey::draw(&mut rng(1));
    let audiences = [PAGE, APP].map(str::to_owned);
    let required =
        identity::Requirement::new(ISSUER, audiences, &ISSUES.jwks().to_string()).unwrap();
    let token = token(subject, PAGE, &key.nonce());
    identity::Identity::new(token, key, required, now).unwrap()
}

fn app(subject: &str, key: &Arc<IdentityKey>) -> Identity {
    Identity {
        id_token: token(subject, APP, &key.nonce()),
        key: Arc::clone(key),
        issuer: ISSUER.into(),
        audiences: vec![PAGE.into(), APP.into()],
        jwks: ISSUES.jwks().to_string(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn receives_from_the_same_person_and_from_nobody_else() {
    let relay = RunningRelay::start(|_| {}).await;
    let phone = Phone::new(&relay);
    // The app was put away while the person was at the provider's.
    let drawn = IdentityKey::new().unwrap();
    let key = IdentityKey::restored(drawn.secret()).unwrap();
    assert_eq!(key.nonce(), drawn.nonce());
    phone.naru.identify(Some(app("hong", &key))).unwrap();
    for (subject, seed) in [("hong", 10), ("kim", 20)] {
        let (ours, _) = pair(&relay, Direction::DisplayerGives, seed);
        let text = ours.code().to_string();
        let relay = transport(ours.origin());
        let mut giver = start_giver_as(relay, ours, offer(&sample()), Some(page(subject)), seed);
        let receiving = phone.naru.receive_by_scanning(&text).unwrap();
        let running = run({
            let receiving = receiving.clone();
            async move { receiving.run().await }
        });
        if subject == "kim" {
            assert_eq!(code(end(running).await), "other_person");
            assert_eq!(giver.end().await, Err(TransferError::OtherPerson));
            continue;
        }
        let shown = until!(receiving, ReceivingEvent::SecurityCode { code, .. } => code);
        giver.joined().await;
        giver.tell(GiverCommand::EnterCode(shown.parse().unwrap()));
        until!(receiving, ReceivingEvent::Arrived { .. });
        receiving.accept().await.unwrap();
        giver.received().await;
        giver.tell(GiverCommand::Conclude(Conclusion::Kept));
        assert_eq!(end(running).await.unwrap(), OriginalFate::Kept);
    }
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_where_nobody_is_logged_in_is_told_so() {
    let relay = RunningRelay::start(|_| {}).await;
    let phone = Phone::new(&relay);
    let key = IdentityKey::new().unwrap();
    phone.naru.identify(Some(app("hong", &key))).unwrap();
    phone.naru.identify(None).unwrap();
    let (ours, _) = pair(&relay, Direction::DisplayerGives, 30);
    let text = ours.code().to_string();
    let line = transport(ours.origin());
    let giver = start_giver_as(line, ours, offer(&sample()), Some(page("hong")), 31);
    let receiving = phone.naru.receive_by_scanning(&text).unwrap();
    assert_eq!(code(receiving.run().await), "identity_missing");
    assert_eq!(giver.end().await, Err(TransferError::IdentityMissing));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_the_other_device_would_refuse_is_refused_here_and_changes_nothing() {
    let relay = RunningRelay::start(|_| {}).await;
    let phone = Phone::new(&relay);
    let key = IdentityKey::new().unwrap();
    phone.naru.identify(Some(app("hong", &key))).unwrap();
    let good = app("hong", &key);
    let with = |change: &dyn Fn(&mut Identity)| {
        let mut identity = good.clone();
        change(&mut identity);
        code(phone.naru.identify(Some(identity)))
    };
    let others = IdentityKey::new().unwrap();
    for (found, expected) in [
        (with(&|it| it.id_token = "x".into()), "token_malformed"),
        (with(&|it| it.key = Arc::clone(&others)), "token_nonce"),
        (with(&|it| it.issuer += "/"), "token_issuer"),
        (
            with(&|it| it.audiences = vec![PAGE.into()]),
            "token_audience",
        ),
        (with(&|it| it.audiences.clear()), "identity_audience"),
        (with(&|it| it.issuer.clear()), "identity_issuer"),
        (with(&|it| it.jwks = "{}".into()), "identity_keys"),
        (
            code(IdentityKey::restored(vec![1; 31]).map(drop)),
            "no_identity_key",
        ),
        (
            code(IdentityKey::restored(vec![0; 32]).map(drop)),
            "no_identity_key",
        ),
    ] {
        assert_eq!(found, expected);
    }
    assert!(!format!("{good:?}").contains(&good.id_token));
    // Hong is logged in still.
    let (ours, _) = pair(&relay, Direction::DisplayerGives, 40);
    let text = ours.code().to_string();
    let line = transport(ours.origin());
    let giver = start_giver_as(line, ours, offer(&sample()), Some(page("kim")), 41);
    let receiving = phone.naru.receive_by_scanning(&text).unwrap();
    assert_eq!(code(receiving.run().await), "other_person");
    assert_eq!(giver.end().await, Err(TransferError::OtherPerson));
    relay.stop().await;
}
