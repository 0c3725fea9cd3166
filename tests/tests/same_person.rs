//! The same person at both ends, over a relay that lets anyone join whatever it says of accounts: an open relay
//! is one, since nothing that it says of people is heard by the two devices.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use futures_channel::mpsc::unbounded;
use naru::http::HttpTransport;
use naru_core::{
    client::{
        GiverCommand, Party, Request, Response, TransferError, Transport, TransportError, give,
    },
    device::Device,
    giver::{Conclusion, Offer},
    identity::{Identity, IdentityKey, Requirement},
    pairing::{Direction, Pairing},
};
use naru_samples::TokenIssuer;
use naru_tests::{
    Giver, NOW, RunningRelay, offer, opened, pair, rng, sample, start_giver_as, start_receiver_as,
    transport,
};
use serde_json::json;

const ISSUER: &str = "https://login.example";
const AUDIENCE: &str = "naru-channel";

static ISSUES: LazyLock<TokenIssuer> = LazyLock::new(|| TokenIssuer::new(1).unwrap());

/// Somebody who has logged in at the agency's provider.
fn person(subject: &str, seed: u64) -> Identity {
    let key = IdentityKey::draw(&mut rng(seed));
    let claims = json!({ "iss": ISSUER, "sub": subject, "aud": AUDIENCE, "nonce": key.nonce(),
        "iat": NOW, "exp": NOW + 300 });
    let token = ISSUES.token("es256", &claims);
    let jwks = ISSUES.jwks().to_string();
    let required = Requirement::new(ISSUER, [AUDIENCE.to_owned()], &jwks).unwrap();
    Identity::new(token, key, required, || NOW).unwrap()
}

/// Notes how long each frame is that leaves the device.
struct Watched {
    relay: HttpTransport,
    frames: Arc<Mutex<Vec<usize>>>,
}

impl Transport for Watched {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        if request.path.contains("/frames/") {
            self.frames.lock().unwrap().push(request.body.len());
        }
        self.relay.send(request).await
    }

    async fn pause(&self, duration: Duration) {
        self.relay.pause(duration).await;
    }
}

fn start_watched(
    pairing: Pairing,
    offer: Offer,
    identity: Option<Identity>,
    seed: u64,
) -> (Giver, Arc<Mutex<Vec<usize>>>) {
    let (commands, queue) = unbounded();
    let (shown, events) = unbounded();
    let frames = Arc::default();
    let watched = Watched {
        relay: transport(pairing.origin()),
        frames: Arc::clone(&frames),
    };
    let end = tokio::spawn(async move {
        let party = Party::new(Device::new("업무용 PC", "Linux"), identity);
        let show = |event| drop(shown.unbounded_send(event));
        give(&watched, pairing, offer, party, &mut rng(seed), queue, show).await
    });
    let giver = Giver {
        commands,
        events,
        end,
    };
    (giver, frames)
}

async fn crosses(direction: Direction) {
    let relay = RunningRelay::start(|_| {}).await;
    let (ours, theirs) = pair(&relay, direction, 1);
    let (mut giver, frames) = start_watched(ours, offer(&sample()), Some(person("hong", 2)), 3);
    let origin = transport(theirs.origin());
    let mut receiver = start_receiver_as(origin, theirs, Some(person("hong", 4)), 5);
    let code = receiver.code().await;
    giver.joined().await;
    // Nothing of the certificate has left yet.
    assert!(frames.lock().unwrap().iter().all(|length| *length <= 1_000));
    giver.tell(GiverCommand::EnterCode(code));
    let arrival = receiver.arrival().await;
    receiver.store(&arrival);
    assert!(giver.received().await.sets[0].signed);
    giver.tell(GiverCommand::Conclude(Conclusion::Deleted));
    assert_eq!(giver.end().await, Ok(()));
    assert_eq!(receiver.end().await, Ok(Some(Conclusion::Deleted)));
    // By this the bundle is known below.
    assert!(frames.lock().unwrap().iter().any(|length| *length > 1_000));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_gives_to_the_phone_that_has_scanned() {
    crosses(Direction::DisplayerGives).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_gives_from_the_phone_that_has_scanned() {
    crosses(Direction::ScannerGives).await;
}

/// How a giver and whoever has joined it end, none of whose frames may hold the bundle.
async fn refuses(
    direction: Direction,
    giver_is: Option<Identity>,
    receiver_is: Option<Identity>,
) -> (TransferError, TransferError) {
    let relay = RunningRelay::start(|_| {}).await;
    let folder = sample();
    let before = opened(folder.path()).0;
    let (ours, theirs) = pair(&relay, direction, 10);
    let (mut giver, frames) = start_watched(ours, offer(&folder), giver_is, 11);
    let origin = transport(theirs.origin());
    let receiver = start_receiver_as(origin, theirs, receiver_is, 12);
    let commands = giver.commands.clone();
    let mut shown = Vec::new();
    while let Some(event) = giver.event().await {
        shown.push(format!("{event:?}"));
    }
    // A person who types something nevertheless changes nothing.
    let _ = commands.unbounded_send(GiverCommand::EnterCode("000000".parse().unwrap()));
    let ended = (
        giver.end().await.unwrap_err(),
        receiver.end().await.unwrap_err(),
    );
    // The code was never asked for, and no frame is as long as the bundle's.
    assert!(shown.iter().all(|it| it.starts_with("Open")), "{shown:?}");
    let frames = frames.lock().unwrap().clone();
    assert!(frames.iter().all(|length| *length <= 1_000), "{frames:?}");
    assert!(before == opened(folder.path()).0, "the original is kept");
    relay.stop().await;
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn another_persons_phone_that_has_photographed_the_qr_gets_nothing() {
    let other = TransferError::OtherPerson;
    for direction in [Direction::DisplayerGives, Direction::ScannerGives] {
        let (hong, kim) = (person("hong", 13), person("kim", 14));
        let ended = refuses(direction, Some(hong), Some(kim)).await;
        assert_eq!(ended, (other, other), "{direction:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_says_nothing_of_who_is_logged_in_gets_nothing() {
    let missing = TransferError::IdentityMissing;
    for direction in [Direction::DisplayerGives, Direction::ScannerGives] {
        let ended = refuses(direction, Some(person("hong", 15)), None).await;
        assert_eq!(ended, (missing, missing), "{direction:?}");
        // Nor is anything sent to one that would not take it.
        let ended = refuses(direction, None, Some(person("hong", 16))).await;
        assert_eq!(ended, (missing, missing), "{direction:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_whose_login_has_run_out_gets_nothing() {
    let key = IdentityKey::draw(&mut rng(17));
    let claims = json!({ "iss": ISSUER, "sub": "hong", "aud": AUDIENCE, "nonce": key.nonce(),
        "iat": NOW - 400, "exp": NOW - 100 });
    let required = Requirement::new(ISSUER, [AUDIENCE.to_owned()], &ISSUES.jwks().to_string());
    let token = ISSUES.token("rs256", &claims);
    // Its clock is slow.
    let stale = Identity::new(token, key, required.unwrap(), || NOW - 300).unwrap();
    let invalid = TransferError::IdentityInvalid;
    let ended = refuses(
        Direction::DisplayerGives,
        Some(person("hong", 18)),
        Some(stale),
    )
    .await;
    assert_eq!(ended, (invalid, invalid));
}

/// The thief was first, so that the person's own phone finds the code used; a new code works.
#[tokio::test(flavor = "multi_thread")]
async fn the_persons_own_phone_is_told_that_another_was_first() {
    let relay = RunningRelay::start(|_| {}).await;
    let (ours, theirs) = pair(&relay, Direction::DisplayerGives, 20);
    let photographed = ours.code().to_string();
    let origin = std::slice::from_ref(&relay.origin);
    let stolen = Pairing::scan(&photographed, origin).unwrap();
    let hong = |seed| Some(person("hong", seed));
    let mut giver = start_giver_as(
        transport(&relay.origin),
        ours,
        offer(&sample()),
        hong(21),
        22,
    );
    giver.event().await.unwrap();
    let thief = start_receiver_as(
        transport(&relay.origin),
        stolen,
        Some(person("kim", 23)),
        24,
    );
    assert_eq!(giver.end().await, Err(TransferError::OtherPerson));
    assert_eq!(thief.end().await.err(), Some(TransferError::OtherPerson));
    let late = start_receiver_as(transport(&relay.origin), theirs, hong(25), 26);
    let ended = late.end().await.unwrap_err();
    assert!(
        matches!(ended, TransferError::AlreadyJoined | TransferError::Ended),
        "{ended:?}"
    );
    relay.stop().await;
}
