//! A certificate crosses a real relay, whoever shows the code, and nothing crosses where it must
//! not.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{collections::HashSet, num::NonZeroU32, time::Duration};

use naru_core::{
    client::{GiverCommand, GiverEvent, ReceiverCommand, ReceiverEvent, TransferError},
    giver::{Conclusion, Offer, OfferError},
    pairing::{Direction, Pairing, PairingCodeError},
};
use naru_relay::store::StoreUrl;
use naru_samples::PASSWORD;
use naru_tests::{
    RunningRedis, RunningRelay, http_client, offer, opened, pair, sample, start_giver,
    start_receiver, wrong,
};

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
        let code = receiver.code().await;
        giver.joined().await;
        giver.tell(GiverCommand::EnterCode(code));
        let arrival = receiver.arrival().await;
        assert_eq!(arrival.peer.as_ref().unwrap().name(), "업무용 PC");
        let arrived: Vec<_> = arrival
            .sets
            .iter()
            .flat_map(|set| set.native_files().to_vec())
            .collect();
        assert_eq!(arrived, files);
        receiver.store(&arrival);
        assert_eq!(giver.event().await, Some(GiverEvent::Sending));
        let Some(GiverEvent::Received(receipt)) = giver.event().await else {
            panic!("no receipt");
        };
        assert!(
            receipt
                .sets
                .iter()
                .all(|set| set.signed && set.location == "휴대전화")
        );
        giver.tell(GiverCommand::Conclude(conclusion));
        assert_eq!(giver.end().await, Ok(()));
        assert_eq!(receiver.end().await, Ok(Some(conclusion)));
    }
    relay.stop().await;
}

async fn three_wrong_codes_stop_the_transfer_and_nothing_arrives(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |_| {}).await;
    let (ours, theirs) = pair(&relay, Direction::DisplayerGives, 4);
    let mut giver = start_giver(ours, offer(&sample()), 5);
    let mut receiver = start_receiver(theirs, 6);
    let wrong = wrong(&receiver.code().await);
    giver.joined().await;
    for tries_left in [2, 1] {
        giver.tell(GiverCommand::EnterCode(wrong.clone()));
        assert_eq!(
            giver.event().await,
            Some(GiverEvent::WrongCode { tries_left })
        );
    }
    giver.tell(GiverCommand::EnterCode(wrong));
    assert_eq!(giver.end().await, Err(TransferError::TooManyWrongCodes));
    while let Some(event) = receiver.event().await {
        assert!(!matches!(event, ReceiverEvent::Arrived(_)));
    }
    assert_eq!(receiver.end().await, Err(TransferError::TooManyWrongCodes));
    relay.stop().await;
}

async fn a_second_scanner_is_refused_and_the_first_goes_on(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |_| {}).await;
    let (ours, theirs) = pair(&relay, Direction::DisplayerGives, 7);
    let text = ours.code().to_string();
    let second = Pairing::scan(&text, std::slice::from_ref(&relay.origin)).unwrap();
    let mut giver = start_giver(ours, offer(&sample()), 8);
    let mut receiver = start_receiver(theirs, 9);
    let code = receiver.code().await;
    giver.joined().await;
    assert_eq!(
        start_receiver(second, 10).end().await,
        Err(TransferError::AlreadyJoined)
    );
    giver.tell(GiverCommand::EnterCode(code));
    receiver.arrival().await;
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
    assert_eq!(giver.end().await, Err(TransferError::ExpiredBeforeJoin));
    assert_eq!(
        start_receiver(theirs, 13).end().await,
        Err(TransferError::Expired)
    );

    let (ours, theirs) = pair(&relay, Direction::DisplayerGives, 14);
    let mut giver = start_giver(ours, offer(&sample()), 15);
    let mut receiver = start_receiver(theirs, 16);
    receiver.code().await;
    giver.joined().await;
    assert_eq!(giver.end().await, Err(TransferError::Expired));
    assert_eq!(receiver.end().await, Err(TransferError::Expired));
    relay.stop().await;
}

async fn a_refusal_and_a_cancellation_reach_the_other_side(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |_| {}).await;
    let (ours, theirs) = pair(&relay, Direction::ScannerGives, 17);
    let mut giver = start_giver(ours, offer(&sample()), 18);
    let mut receiver = start_receiver(theirs, 19);
    let shown = receiver.code().await;
    giver.joined().await;
    giver.tell(GiverCommand::EnterCode(shown));
    receiver.arrival().await;
    receiver.tell(ReceiverCommand::Refuse);
    assert_eq!(giver.end().await, Err(TransferError::RefusedByPeer));
    assert_eq!(receiver.end().await, Err(TransferError::Refused));

    let (ours, theirs) = pair(&relay, Direction::DisplayerGives, 20);
    let mut giver = start_giver(ours, offer(&sample()), 21);
    let mut receiver = start_receiver(theirs, 22);
    receiver.code().await;
    giver.joined().await;
    giver.tell(GiverCommand::Cancel);
    assert_eq!(receiver.end().await, Err(TransferError::CancelledByPeer));
    assert_eq!(giver.end().await, Err(TransferError::Cancelled));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_has_forgotten_everything_is_a_clear_error_on_both_sides() {
    let relay = RunningRelay::start(|_| {}).await;
    let (ours, theirs) = pair(&relay, Direction::DisplayerGives, 23);
    let address = relay.address();
    let mut giver = start_giver(ours, offer(&sample()), 24);
    let mut receiver = start_receiver(theirs, 25);
    receiver.code().await;
    giver.joined().await;
    relay.stop().await;
    let relay = RunningRelay::start(|settings| settings.listen = address).await;
    assert_eq!(giver.end().await, Err(TransferError::RelayLost));
    assert_eq!(receiver.end().await, Err(TransferError::RelayLost));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_restarted_on_redis_goes_on_where_it_was() {
    let redis = RunningRedis::start(&[]);
    let relay = RunningRelay::start_on(redis.url(), |_| {}).await;
    let address = relay.address();
    let restart = async |relay: RunningRelay| {
        relay.stop().await;
        RunningRelay::start_on(redis.url(), |settings| settings.listen = address).await
    };
    let (ours, theirs) = pair(&relay, Direction::DisplayerGives, 29);
    let mut giver = start_giver(ours, offer(&sample()), 30);
    let mut receiver = start_receiver(theirs, 31);
    let code = receiver.code().await;
    giver.joined().await;
    let relay = restart(relay).await;
    giver.tell(GiverCommand::EnterCode(code));
    let arrival = receiver.arrival().await;
    let relay = restart(relay).await;
    receiver.store(&arrival);
    giver.received().await;
    let relay = restart(relay).await;
    giver.tell(GiverCommand::Conclude(Conclusion::Kept));
    assert_eq!(giver.end().await, Ok(()));
    assert_eq!(receiver.end().await, Ok(Some(Conclusion::Kept)));
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
    let code = receiver.code().await;
    let digits = code.to_string();
    giver.joined().await;
    giver.tell(GiverCommand::EnterCode(code));
    let arrival = receiver.arrival().await;
    receiver.store(&arrival);
    giver.received().await;
    giver.tell(GiverCommand::Conclude(Conclusion::Kept));
    assert_eq!(giver.end().await, Ok(()));
    receiver.end().await.unwrap();
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
        start_giver(theirs, offer(&sample()), 27).end().await,
        Err(TransferError::WrongDirection)
    );
    assert_eq!(
        start_receiver(ours, 28).end().await,
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
            deposit: None,
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
