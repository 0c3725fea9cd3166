//! A certificate crosses a real relay, whoever shows the code, and nothing crosses where it must
//! not.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{collections::HashSet, net::SocketAddr, num::NonZeroU32, time::Duration};

use naru_core::{
    certificate::{Checked, Password},
    client::{GiverCommand, GiverEvent, ReceiverCommand, ReceiverEvent, TransferError},
    giver::{Conclusion, Offer, OfferError, VerifiedReceipt},
    handshake::SecurityCode,
    pairing::{Direction, Pairing, PairingCodeError},
    receiver::{Arrival, StoredSet},
};
use naru_relay::store::StoreUrl;
use naru_samples::{PASSWORD, Period, Samples};
use naru_tests::{
    Giver, PATIENCE, Receiver, RunningRedis, RunningRelay, http_client, opened, start_giver,
    start_receiver,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use tempfile::TempDir;
use tokio::time::timeout;

const NOW: u64 = 1_795_000_000;

fn sample() -> TempDir {
    let folder = TempDir::new().unwrap();
    Samples::new(1, Period::around(NOW))
        .npki(folder.path())
        .unwrap();
    folder
}

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn pair(relay: &RunningRelay, direction: Direction, seed: u64) -> (Pairing, Pairing) {
    let displayer = Pairing::display(&relay.origin, direction, &mut rng(seed));
    let text = displayer.code().to_string();
    let scanner = Pairing::scan(&text, std::slice::from_ref(&relay.origin)).unwrap();
    match direction {
        Direction::DisplayerGives => (displayer, scanner),
        Direction::ScannerGives => (scanner, displayer),
    }
}

fn offer(folder: &TempDir) -> Offer {
    Offer::new(opened(folder.path()).1).unwrap()
}

async fn giver_event(giver: &mut Giver) -> Option<GiverEvent> {
    timeout(PATIENCE, giver.events.recv()).await.unwrap().ok()
}

async fn receiver_event(receiver: &mut Receiver) -> Option<ReceiverEvent> {
    timeout(PATIENCE, receiver.events.recv())
        .await
        .unwrap()
        .ok()
}

async fn joined(giver: &mut Giver) {
    loop {
        match giver_event(giver).await.expect("the giver goes on") {
            GiverEvent::Joined { .. } => return,
            GiverEvent::Open { .. } => {}
            event => panic!("{event:?}"),
        }
    }
}

async fn code(receiver: &mut Receiver) -> SecurityCode {
    loop {
        match receiver_event(receiver)
            .await
            .expect("the receiver goes on")
        {
            ReceiverEvent::ShowCode { code, .. } => return code,
            ReceiverEvent::Open { .. } => {}
            _ => panic!("no code was shown"),
        }
    }
}

async fn arrival(receiver: &mut Receiver) -> Arrival {
    loop {
        match receiver_event(receiver)
            .await
            .expect("the receiver goes on")
        {
            ReceiverEvent::Arrived(arrival) => return arrival,
            ReceiverEvent::Reconnecting | ReceiverEvent::Reconnected => {}
            _ => panic!("nothing arrived"),
        }
    }
}

async fn received(giver: &mut Giver) -> VerifiedReceipt {
    loop {
        match giver_event(giver).await.expect("the giver goes on") {
            GiverEvent::Received(receipt) => return receipt,
            GiverEvent::Sending | GiverEvent::Reconnecting | GiverEvent::Reconnected => {}
            event => panic!("{event:?}"),
        }
    }
}

fn address(relay: &RunningRelay) -> SocketAddr {
    let address = relay.origin.as_str().trim_start_matches("http://");
    address.parse().unwrap()
}

fn receipt(arrival: &Arrival) -> Vec<StoredSet> {
    let stored = arrival.sets.iter().map(|set| {
        let password = Password::from(PASSWORD.to_owned());
        let signature = match set.check_password(&password).unwrap() {
            Checked::Opened(key) => Some(key.sign(arrival.receipt_message()).unwrap()),
            Checked::Unchecked { .. } => None,
        };
        StoredSet {
            location: "휴대전화".into(),
            signature,
        }
    });
    stored.collect()
}

fn wrong(code: &SecurityCode) -> SecurityCode {
    let text = code.to_string();
    let first = if text.starts_with('0') { '1' } else { '0' };
    format!("{first}{}", &text[1..]).parse().unwrap()
}

async fn giver_end(giver: Giver) -> Result<(), TransferError> {
    timeout(PATIENCE, giver.end).await.unwrap().unwrap()
}

async fn receiver_end(receiver: Receiver) -> Result<Option<Conclusion>, TransferError> {
    timeout(PATIENCE, receiver.end).await.unwrap().unwrap()
}

naru_tests::on_every_store!(
    a_certificate_crosses_in_both_directions_and_is_byte_identical,
    three_wrong_codes_stop_the_transfer_and_nothing_arrives,
    a_second_scanner_is_refused_and_the_first_goes_on,
    an_expiry_before_the_join_and_after_it_is_heard_on_both_sides,
    a_refusal_and_a_cancellation_reach_the_other_side,
);

async fn a_certificate_crosses_in_both_directions_and_is_byte_identical(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |_| {}).await;
    let folder = sample();
    for (direction, conclusion, seed) in [
        (Direction::DisplayerGives, Conclusion::Deleted, 1),
        (Direction::ScannerGives, Conclusion::Kept, 40),
    ] {
        let (ours, theirs) = pair(&relay, direction, seed);
        let (files, sets) = opened(folder.path());
        let mut giver = start_giver(ours, Offer::new(sets).unwrap(), 2);
        let mut receiver = start_receiver(theirs, 3);
        let code = code(&mut receiver).await;
        joined(&mut giver).await;
        giver
            .commands
            .unbounded_send(GiverCommand::EnterCode(code))
            .unwrap();
        let arrival = arrival(&mut receiver).await;
        assert_eq!(arrival.peer.as_ref().unwrap().name(), "업무용 PC");
        let arrived: Vec<_> = arrival
            .sets
            .iter()
            .flat_map(|set| set.native_files().to_vec())
            .collect();
        assert_eq!(arrived, files);
        receiver
            .commands
            .unbounded_send(ReceiverCommand::Stored(receipt(&arrival)))
            .unwrap();
        assert_eq!(giver_event(&mut giver).await, Some(GiverEvent::Sending));
        let Some(GiverEvent::Received(receipt)) = giver_event(&mut giver).await else {
            panic!("no receipt");
        };
        assert!(
            receipt
                .sets
                .iter()
                .all(|set| set.signed && set.location == "휴대전화")
        );
        giver
            .commands
            .unbounded_send(GiverCommand::Conclude(conclusion))
            .unwrap();
        assert_eq!(giver_end(giver).await, Ok(()));
        assert_eq!(receiver_end(receiver).await, Ok(Some(conclusion)));
    }
    relay.stop().await;
}

async fn three_wrong_codes_stop_the_transfer_and_nothing_arrives(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |_| {}).await;
    let (ours, theirs) = pair(&relay, Direction::DisplayerGives, 4);
    let mut giver = start_giver(ours, offer(&sample()), 5);
    let mut receiver = start_receiver(theirs, 6);
    let wrong = wrong(&code(&mut receiver).await);
    joined(&mut giver).await;
    for tries_left in [2, 1] {
        giver
            .commands
            .unbounded_send(GiverCommand::EnterCode(wrong.clone()))
            .unwrap();
        assert_eq!(
            giver_event(&mut giver).await,
            Some(GiverEvent::WrongCode { tries_left })
        );
    }
    giver
        .commands
        .unbounded_send(GiverCommand::EnterCode(wrong))
        .unwrap();
    assert_eq!(
        giver_end(giver).await,
        Err(TransferError::TooManyWrongCodes)
    );
    while let Some(event) = receiver_event(&mut receiver).await {
        assert!(!matches!(event, ReceiverEvent::Arrived(_)));
    }
    assert_eq!(
        receiver_end(receiver).await,
        Err(TransferError::TooManyWrongCodes)
    );
    relay.stop().await;
}

async fn a_second_scanner_is_refused_and_the_first_goes_on(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |_| {}).await;
    let (ours, theirs) = pair(&relay, Direction::DisplayerGives, 7);
    let text = ours.code().to_string();
    let second = Pairing::scan(&text, std::slice::from_ref(&relay.origin)).unwrap();
    let mut giver = start_giver(ours, offer(&sample()), 8);
    let mut receiver = start_receiver(theirs, 9);
    let code = code(&mut receiver).await;
    joined(&mut giver).await;
    assert_eq!(
        receiver_end(start_receiver(second, 10)).await,
        Err(TransferError::AlreadyJoined)
    );
    giver
        .commands
        .unbounded_send(GiverCommand::EnterCode(code))
        .unwrap();
    arrival(&mut receiver).await;
    relay.stop().await;
}

async fn an_expiry_before_the_join_and_after_it_is_heard_on_both_sides(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |settings| {
        settings.capacity.join_ttl = Duration::from_secs(1);
        settings.capacity.transfer_ttl = Duration::from_secs(1);
    })
    .await;
    let (ours, theirs) = pair(&relay, Direction::DisplayerGives, 11);
    let giver = start_giver(ours, offer(&sample()), 12);
    assert_eq!(
        giver_end(giver).await,
        Err(TransferError::ExpiredBeforeJoin)
    );
    assert_eq!(
        receiver_end(start_receiver(theirs, 13)).await,
        Err(TransferError::Expired)
    );

    let (ours, theirs) = pair(&relay, Direction::DisplayerGives, 14);
    let mut giver = start_giver(ours, offer(&sample()), 15);
    let mut receiver = start_receiver(theirs, 16);
    code(&mut receiver).await;
    joined(&mut giver).await;
    assert_eq!(giver_end(giver).await, Err(TransferError::Expired));
    assert_eq!(receiver_end(receiver).await, Err(TransferError::Expired));
    relay.stop().await;
}

async fn a_refusal_and_a_cancellation_reach_the_other_side(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |_| {}).await;
    let (ours, theirs) = pair(&relay, Direction::ScannerGives, 17);
    let mut giver = start_giver(ours, offer(&sample()), 18);
    let mut receiver = start_receiver(theirs, 19);
    let shown = code(&mut receiver).await;
    joined(&mut giver).await;
    giver
        .commands
        .unbounded_send(GiverCommand::EnterCode(shown))
        .unwrap();
    arrival(&mut receiver).await;
    receiver
        .commands
        .unbounded_send(ReceiverCommand::Refuse)
        .unwrap();
    assert_eq!(giver_end(giver).await, Err(TransferError::RefusedByPeer));
    assert_eq!(receiver_end(receiver).await, Err(TransferError::Refused));

    let (ours, theirs) = pair(&relay, Direction::DisplayerGives, 20);
    let mut giver = start_giver(ours, offer(&sample()), 21);
    let mut receiver = start_receiver(theirs, 22);
    code(&mut receiver).await;
    joined(&mut giver).await;
    giver.commands.unbounded_send(GiverCommand::Cancel).unwrap();
    assert_eq!(
        receiver_end(receiver).await,
        Err(TransferError::CancelledByPeer)
    );
    assert_eq!(giver_end(giver).await, Err(TransferError::Cancelled));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_has_forgotten_everything_is_a_clear_error_on_both_sides() {
    let relay = RunningRelay::start(|_| {}).await;
    let (ours, theirs) = pair(&relay, Direction::DisplayerGives, 23);
    let address = address(&relay);
    let mut giver = start_giver(ours, offer(&sample()), 24);
    let mut receiver = start_receiver(theirs, 25);
    code(&mut receiver).await;
    joined(&mut giver).await;
    relay.stop().await;
    let relay = RunningRelay::start(|settings| settings.listen = address).await;
    assert_eq!(giver_end(giver).await, Err(TransferError::RelayLost));
    assert_eq!(receiver_end(receiver).await, Err(TransferError::RelayLost));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_restarted_on_redis_goes_on_where_it_was() {
    let redis = RunningRedis::start(&[]);
    let relay = RunningRelay::start_on(redis.url(), |_| {}).await;
    let address = address(&relay);
    let restart = async |relay: RunningRelay| {
        relay.stop().await;
        RunningRelay::start_on(redis.url(), |settings| settings.listen = address).await
    };
    let (ours, theirs) = pair(&relay, Direction::DisplayerGives, 29);
    let mut giver = start_giver(ours, offer(&sample()), 30);
    let mut receiver = start_receiver(theirs, 31);
    let code = code(&mut receiver).await;
    joined(&mut giver).await;
    let relay = restart(relay).await;
    giver
        .commands
        .unbounded_send(GiverCommand::EnterCode(code))
        .unwrap();
    let arrival = arrival(&mut receiver).await;
    let relay = restart(relay).await;
    receiver
        .commands
        .unbounded_send(ReceiverCommand::Stored(receipt(&arrival)))
        .unwrap();
    received(&mut giver).await;
    let relay = restart(relay).await;
    giver
        .commands
        .unbounded_send(GiverCommand::Conclude(Conclusion::Kept))
        .unwrap();
    assert_eq!(giver_end(giver).await, Ok(()));
    assert_eq!(receiver_end(receiver).await, Ok(Some(Conclusion::Kept)));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_redis_sees_nothing_of_certificate_key_password_or_codes() {
    let redis = RunningRedis::start(&[]);
    let watched = redis.monitor().await;
    let relay = RunningRelay::start_on(redis.url(), |_| {}).await;
    let folder = sample();
    let (files, _) = opened(folder.path());
    let (ours, theirs) = pair(&relay, Direction::DisplayerGives, 32);
    let pairing_code = ours.code().to_string();
    let mut giver = start_giver(ours, offer(&folder), 33);
    let mut receiver = start_receiver(theirs, 34);
    let code = code(&mut receiver).await;
    let digits = code.to_string();
    joined(&mut giver).await;
    giver
        .commands
        .unbounded_send(GiverCommand::EnterCode(code))
        .unwrap();
    let arrival = arrival(&mut receiver).await;
    receiver
        .commands
        .unbounded_send(ReceiverCommand::Stored(receipt(&arrival)))
        .unwrap();
    received(&mut giver).await;
    giver
        .commands
        .unbounded_send(GiverCommand::Conclude(Conclusion::Kept))
        .unwrap();
    assert_eq!(giver_end(giver).await, Ok(()));
    receiver_end(receiver).await.unwrap();
    relay.stop().await;

    let seen = watched.arguments().await;
    let frames = seen.iter().filter(|bytes| bytes.len() >= 1_000).count();
    assert!(frames >= 3, "{frames} frames were seen");
    let secrets = files
        .iter()
        .flat_map(|file| file.bytes.windows(8))
        .chain(PASSWORD.as_bytes().windows(8))
        .chain(pairing_code.as_bytes()["NARU:".len()..].windows(8))
        .chain([digits.as_bytes(), "홍길동".as_bytes()]);
    // The times in the store are digits too, and may be any.
    let texts = seen
        .iter()
        .filter(|bytes| !bytes.iter().all(u8::is_ascii_digit));
    let runs: HashSet<&[u8]> = texts
        .flat_map(|bytes| [6, 8, 9].map(|length| bytes.windows(length)))
        .flatten()
        .collect();
    for secret in secrets {
        assert!(!runs.contains(secret), "{secret:?} was seen");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_for_other_relays_roles_and_apps_are_told_apart() {
    let relay = RunningRelay::start(|_| {}).await;
    let (ours, theirs) = pair(&relay, Direction::DisplayerGives, 26);
    let text = ours.code().to_string();
    assert_eq!(text.len(), 85);
    let elsewhere = ["https://relay.example".parse().unwrap()];
    for (text, error) in [
        (text.as_str(), PairingCodeError::UnknownRelay),
        (&text[..60], PairingCodeError::Malformed),
        ("https://example.com", PairingCodeError::NotNaru),
        ("NARU:", PairingCodeError::Malformed),
        ("NARU:ÄÖ", PairingCodeError::Malformed),
    ] {
        assert_eq!(Pairing::scan(text, &elsewhere).err(), Some(error), "{text}");
    }
    assert_eq!(
        giver_end(start_giver(theirs, offer(&sample()), 27)).await,
        Err(TransferError::WrongDirection)
    );
    assert_eq!(
        receiver_end(start_receiver(ours, 28)).await,
        Err(TransferError::WrongDirection)
    );
    relay.stop().await;
}

#[test]
fn what_would_overwrite_itself_or_is_nothing_cannot_be_offered() {
    let folder = sample();
    let twice = opened(folder.path())
        .1
        .into_iter()
        .chain(opened(folder.path()).1);
    assert_eq!(Offer::new(twice).err(), Some(OfferError::SamePlace));
    assert_eq!(Offer::new([]).err(), Some(OfferError::Empty));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_network_cannot_open_more_mailboxes_than_its_share() {
    let relay = RunningRelay::start(|settings| settings.network_mailboxes = NonZeroU32::MIN).await;
    let client = http_client();
    let mut statuses = Vec::new();
    for seed in 0..2_u8 {
        let token = naru_core::mailbox::Token::from_bytes([seed; 32]);
        let id = naru_core::mailbox::MailboxId::from_bytes([seed; 16]);
        let body = naru_core::mailbox::Open {
            token: token.hash(),
            join: token.hash(),
        }
        .to_cbor();
        let path = naru_core::mailbox::mailbox_path(&id);
        let answer = client
            .put(format!("{}{path}", relay.origin))
            .header("authorization", token.authorization())
            .header("content-type", "application/cbor")
            // Nobody trusts this header here.
            .header("x-forwarded-for", format!("198.51.100.{seed}"))
            .body(body)
            .send()
            .await
            .unwrap();
        statuses.push((
            answer.status().as_u16(),
            answer.headers().contains_key("retry-after"),
        ));
    }
    assert_eq!(statuses, [(201, false), (429, true)]);
    relay.stop().await;
}
