//! The phone's library, driven as an app drives it, over a real relay.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod app;

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use app::{Network, Phone, code, end, files, run};
use naru_core::{
    client::{GiverCommand, TransferError},
    giver::Conclusion,
    pairing::Direction,
    qr::draw,
};
use naru_samples::PASSWORD;
use naru_tests::{
    RunningRedis, RunningRelay, offer, pair, sample, start_giver, start_receiver, wrong,
};
use naru_uniffi::{
    CertificateFormat, DepositStatus, DepositingEvent, Failure, FailureKind, FrameContent,
    GivingEvent, KeyCheck, LogLevel, OriginalFate, PairingCodeDirection, ReceivingEvent,
    VerificationPurpose, read_frame,
};

#[tokio::test(flavor = "multi_thread")]
async fn receives_stores_reads_back_and_signs_the_receipt() {
    let relay = RunningRelay::start(|_| {}).await;
    let folder = sample();
    let (ours, _) = pair(&relay, Direction::DisplayerGives, 1);
    let text = ours.code().to_string();
    let mut giver = start_giver(ours, offer(&folder), 2);
    let phone = Phone::new(&relay);
    let info = phone.naru.inspect(&text).unwrap();
    assert_eq!(info.direction, PairingCodeDirection::Receive);
    assert_eq!(info.relay, relay.origin.as_str());

    let receiving = phone.naru.receive_by_scanning(&text).unwrap();
    let running = run({
        let receiving = receiving.clone();
        async move { receiving.run().await }
    });
    let shown = until!(receiving, ReceivingEvent::SecurityCode { code, .. } => code);
    giver.joined().await;
    assert!(receiving.certificates().is_empty());
    assert_eq!(code(receiving.accept().await), "nothing_arrived");
    giver.tell(GiverCommand::EnterCode(shown.parse().unwrap()));
    let peer = until!(receiving, ReceivingEvent::Arrived { peer } => peer);
    assert_eq!(peer.unwrap().name, "업무용 PC");

    let certificate = receiving.certificates().remove(0);
    assert!(!certificate.summary().is_stored);
    assert_eq!(code(certificate.check("wrong".into())), "wrong_password");
    certificate.check(PASSWORD.into()).unwrap();
    let reports = receiving.accept().await.unwrap();
    assert_eq!(reports[0].key, KeyCheck::Matches);
    assert!(reports[0].summary.is_stored);
    until!(receiving, ReceivingEvent::Acknowledged);
    let receipt = giver.received().await;
    assert!(receipt.sets.iter().all(|set| set.signed));
    assert_eq!(receipt.sets[0].location, "내 휴대전화");
    giver.tell(GiverCommand::Conclude(Conclusion::Deleted));
    assert_eq!(end(running).await.unwrap(), OriginalFate::Deleted);
    assert_eq!(receiving.next().await, None);

    let stored = phone.store.certificates.lock().unwrap().clone();
    let mut original = files(folder.path());
    let mut kept = stored.into_values().next().unwrap().files;
    original.sort_by(|a, b| a.path.cmp(&b.path));
    kept.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(original == kept);
    let entries = phone.log.0.lock().unwrap().clone();
    assert!(entries.iter().all(|entry| entry.level == LogLevel::Info));
    assert!(entries.iter().all(|entry| !entry.message.contains(&shown)));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gives_only_once_the_person_has_confirmed_who_receives() {
    let relay = RunningRelay::start(|_| {}).await;
    let folder = sample();
    let phone = Phone::new(&relay);
    let certificate = phone.certificate(folder.path()).await;
    let (_, theirs) = pair(&relay, Direction::ScannerGives, 1);
    let text = theirs.code().to_string();
    let mut receiver = start_receiver(theirs, 2);
    let giving = phone.naru.give_by_scanning(&certificate, &text).unwrap();
    assert_eq!(code(giving.confirm_recipient().await), "not_joined");
    let running = run({
        let giving = giving.clone();
        async move { giving.run().await }
    });
    let peer = until!(giving, GivingEvent::Joined { peer, .. } => peer.unwrap());
    assert_eq!(peer.name, "내 휴대전화");
    let shown = receiver.code().await;
    let typed = shown.to_string();
    assert_eq!(code(giving.enter_code("12345")), "not_six_digits");
    assert_eq!(code(giving.enter_code(&typed)), "recipient_not_confirmed");
    phone.lock.stays_shut.store(true, Ordering::SeqCst);
    let refused = code(giving.confirm_recipient().await);
    assert_eq!(refused, "verification_cancelled");
    assert_eq!(code(giving.enter_code(&typed)), "recipient_not_confirmed");
    phone.lock.stays_shut.store(false, Ordering::SeqCst);
    giving.confirm_recipient().await.unwrap();
    let purposes = phone.lock.asked.lock().unwrap().clone();
    assert_eq!(
        purposes.last(),
        Some(&VerificationPurpose::Send {
            recipient: peer.name
        })
    );

    giving.enter_code(&wrong(&shown).to_string()).unwrap();
    let tries_left = until!(giving, GivingEvent::WrongCode { tries_left } => tries_left);
    assert_eq!(tries_left, 2);
    assert_eq!(code(giving.delete_original().await), "not_received");
    giving.enter_code(&typed).unwrap();
    let arrival = receiver.arrival().await;
    assert_eq!(
        code(phone.naru.delete_original(&certificate).await),
        "not_moved"
    );
    receiver.store(&arrival);
    let signed = until!(giving, GivingEvent::Received { signed, .. } => signed);
    assert!(signed);
    giving.delete_original().await.unwrap();
    assert_eq!(receiver.end().await, Ok(Some(Conclusion::Deleted)));
    end(running).await.unwrap();
    assert_eq!(phone.store.count(), 0);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_original_can_be_deleted_later_by_its_receipt() {
    let relay = RunningRelay::start(|_| {}).await;
    let (giving_phone, receiving_phone) = (Phone::new(&relay), Phone::new(&relay));
    let folder = sample();
    let certificate = giving_phone.certificate(folder.path()).await;
    let giving = giving_phone.naru.give_by_displaying(&certificate).unwrap();
    let qr = giving.qr().unwrap();
    assert_eq!(qr.modules.len(), (qr.width * qr.width) as usize);
    let given = run({
        let giving = giving.clone();
        async move { giving.run().await }
    });
    let receiving = receiving_phone.naru.receive_by_scanning(&qr.text).unwrap();
    assert_eq!(code(receiving.qr()), "not_displayed");
    let received = run({
        let receiving = receiving.clone();
        async move { receiving.run().await }
    });
    let typed = until!(receiving, ReceivingEvent::SecurityCode { code, .. } => code);
    until!(giving, GivingEvent::Joined { .. });
    giving.confirm_recipient().await.unwrap();
    giving.enter_code(&typed).unwrap();
    until!(receiving, ReceivingEvent::Arrived { .. });
    receiving.accept().await.unwrap();
    let signed = until!(giving, GivingEvent::Received { signed, .. } => signed);
    assert!(!signed);
    giving.keep_original();
    end(given).await.unwrap();
    assert_eq!(end(received).await.unwrap(), OriginalFate::Kept);

    let kept = giving_phone.naru.certificates().await.unwrap().remove(0);
    assert!(kept.summary().moved_at.is_some());
    giving_phone.naru.delete_original(&kept).await.unwrap();
    assert_eq!(giving_phone.store.count(), 0);
    assert_eq!(receiving_phone.store.count(), 1);
    assert!(giving_phone.store.notes.lock().unwrap().is_empty());
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_aborts_the_request_at_once_and_the_other_device_hears_of_it() {
    let relay = RunningRelay::start(|_| {}).await;
    let (ours, _) = pair(&relay, Direction::DisplayerGives, 1);
    let text = ours.code().to_string();
    let mut giver = start_giver(ours, offer(&sample()), 2);
    let phone = Phone::new(&relay);
    let receiving = phone.naru.receive_by_scanning(&text).unwrap();
    let running = run({
        let receiving = receiving.clone();
        async move { receiving.run().await }
    });
    until!(receiving, ReceivingEvent::SecurityCode { .. });
    giver.joined().await;
    while phone.network.requests() == 0 {
        phone.network.begun.notified().await;
    }
    let cancelled = Instant::now();
    receiving.cancel();
    assert_eq!(receiving.next().await, None);
    assert_eq!(giver.end().await, Err(TransferError::CancelledByPeer));
    assert!(cancelled.elapsed() < Duration::from_millis(800));
    let failure = end(running).await.unwrap_err();
    let Failure::Failed { code, kind, .. } = failure;
    assert_eq!((code.as_str(), kind), ("cancelled", FailureKind::Cancelled));
    assert_eq!(phone.network.requests(), 0);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_call_drops_its_request() {
    let relay = RunningRelay::start(|_| {}).await;
    let phone = Phone::new(&relay);
    let receiving = phone.naru.receive_by_displaying().unwrap();
    let running = run({
        let receiving = receiving.clone();
        async move { receiving.run().await }
    });
    until!(receiving, ReceivingEvent::Open { .. });
    while phone.network.requests() == 0 {
        phone.network.begun.notified().await;
    }
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    assert_eq!(phone.network.requests(), 0);
    assert_eq!(receiving.next().await, None);
    assert_eq!(code(receiving.run().await), "already_run");
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_ends_soon_where_nothing_answers() {
    let relay = RunningRelay::start(|_| {}).await;
    let phone = Phone::new(&relay);
    phone.network.unplug();
    let receiving = phone.naru.receive_by_displaying().unwrap();
    let running = run({
        let receiving = receiving.clone();
        async move { receiving.run().await }
    });
    until!(receiving, ReceivingEvent::Reconnecting);
    receiving.cancel();
    let cancelled = Instant::now();
    assert_eq!(code(end(running).await), "cancelled");
    assert!(cancelled.elapsed() < Duration::from_secs(8));
    let never_run = phone.naru.receive_by_displaying().unwrap();
    never_run.cancel();
    assert_eq!(code(never_run.run().await), "cancelled");
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_wrong_codes_end_it_and_nothing_arrives() {
    let relay = RunningRelay::start(|_| {}).await;
    let phone = Phone::new(&relay);
    let certificate = phone.certificate(sample().path()).await;
    let (_, theirs) = pair(&relay, Direction::ScannerGives, 1);
    let text = theirs.code().to_string();
    let mut receiver = start_receiver(theirs, 2);
    let giving = phone.naru.give_by_scanning(&certificate, &text).unwrap();
    let running = run({
        let giving = giving.clone();
        async move { giving.run().await }
    });
    let wrong = wrong(&receiver.code().await).to_string();
    until!(giving, GivingEvent::Joined { .. });
    giving.confirm_recipient().await.unwrap();
    for _ in 0..3 {
        giving.enter_code(&wrong).unwrap();
    }
    assert_eq!(code(end(running).await), "too_many_wrong_codes");
    assert_eq!(receiver.end().await, Err(TransferError::TooManyWrongCodes));
    assert_eq!(phone.store.count(), 1);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_phone_hears_that_another_was_first() {
    let relay = RunningRelay::start(|_| {}).await;
    let (ours, _) = pair(&relay, Direction::DisplayerGives, 1);
    let text = ours.code().to_string();
    let _giver = start_giver(ours, offer(&sample()), 2);
    let (first, second) = (Phone::new(&relay), Phone::new(&relay));
    let receiving = first.naru.receive_by_scanning(&text).unwrap();
    let _running = run({
        let receiving = receiving.clone();
        async move { receiving.run().await }
    });
    until!(receiving, ReceivingEvent::SecurityCode { .. });
    let late = second.naru.receive_by_scanning(&text).unwrap();
    assert_eq!(code(late.run().await), "already_joined");
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_code_and_a_forgotten_one_are_told_apart() {
    let relay = RunningRelay::start(|settings| {
        settings.capacity.join_ttl = Duration::from_secs(1);
    })
    .await;
    let phone = Phone::new(&relay);
    let receiving = phone.naru.receive_by_displaying().unwrap();
    let text = receiving.qr().unwrap().text;
    assert_eq!(code(receiving.run().await), "expired_before_join");
    let certificate = phone.certificate(sample().path()).await;
    let giving = phone.naru.give_by_scanning(&certificate, &text).unwrap();
    assert_eq!(code(giving.run().await), "expired");
    let (unopened, _) = pair(&relay, Direction::DisplayerGives, 9);
    let text = unopened.code().to_string();
    let receiving = phone.naru.receive_by_scanning(&text).unwrap();
    assert_eq!(code(receiving.run().await), "relay_lost");
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_goes_down_and_comes_back_is_waited_for() {
    let redis = RunningRedis::start(&[]);
    let relay = RunningRelay::start_on(redis.url(), |_| {}).await;
    let address = relay.address();
    let phone = Phone::new(&relay);
    let (ours, _) = pair(&relay, Direction::DisplayerGives, 1);
    let text = ours.code().to_string();
    let mut giver = start_giver(ours, offer(&sample()), 2);
    let receiving = phone.naru.receive_by_scanning(&text).unwrap();
    let running = run({
        let receiving = receiving.clone();
        async move { receiving.run().await }
    });
    let typed = until!(receiving, ReceivingEvent::SecurityCode { code, .. } => code);
    giver.joined().await;
    relay.stop().await;
    until!(receiving, ReceivingEvent::Reconnecting);
    let relay = RunningRelay::start_on(redis.url(), |settings| settings.listen = address).await;
    until!(receiving, ReceivingEvent::Reconnected);
    giver.tell(GiverCommand::EnterCode(typed.parse().unwrap()));
    until!(receiving, ReceivingEvent::Arrived { .. });
    receiving.accept().await.unwrap();
    giver.received().await;
    giver.tell(GiverCommand::Conclude(Conclusion::Kept));
    assert_eq!(end(running).await.unwrap(), OriginalFate::Kept);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_never_answers_is_given_up() {
    let relay = RunningRelay::start(|_| {}).await;
    let phone = Phone::over(Arc::new(Network::new()), &relay);
    phone.network.unplug();
    let receiving = phone.naru.receive_by_displaying().unwrap();
    let failure = receiving.run().await.unwrap_err();
    let Failure::Failed {
        code, retryable, ..
    } = failure;
    assert_eq!((code.as_str(), retryable), ("relay_unreachable", true));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_store_did_not_keep_is_not_acknowledged() {
    let relay = RunningRelay::start(|_| {}).await;
    let (ours, _) = pair(&relay, Direction::DisplayerGives, 1);
    let text = ours.code().to_string();
    let mut giver = start_giver(ours, offer(&sample()), 2);
    let phone = Phone::new(&relay);
    let receiving = phone.naru.receive_by_scanning(&text).unwrap();
    let running = run({
        let receiving = receiving.clone();
        async move { receiving.run().await }
    });
    let typed = until!(receiving, ReceivingEvent::SecurityCode { code, .. } => code);
    giver.joined().await;
    giver.tell(GiverCommand::EnterCode(typed.parse().unwrap()));
    until!(receiving, ReceivingEvent::Arrived { .. });
    phone.store.full.store(true, Ordering::SeqCst);
    assert_eq!(code(receiving.accept().await), "store_full");
    phone.store.full.store(false, Ordering::SeqCst);
    phone.store.corrupts.store(true, Ordering::SeqCst);
    assert_eq!(code(receiving.accept().await), "not_stored");
    assert_eq!(phone.store.count(), 0);
    phone.store.corrupts.store(false, Ordering::SeqCst);
    receiving.accept().await.unwrap();
    giver.received().await;
    giver.tell(GiverCommand::Conclude(Conclusion::Kept));
    end(running).await.unwrap();
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_reaches_the_sender() {
    let relay = RunningRelay::start(|_| {}).await;
    let (ours, _) = pair(&relay, Direction::DisplayerGives, 1);
    let text = ours.code().to_string();
    let mut giver = start_giver(ours, offer(&sample()), 2);
    let phone = Phone::new(&relay);
    let receiving = phone.naru.receive_by_scanning(&text).unwrap();
    let running = run({
        let receiving = receiving.clone();
        async move { receiving.run().await }
    });
    let typed = until!(receiving, ReceivingEvent::SecurityCode { code, .. } => code);
    giver.joined().await;
    giver.tell(GiverCommand::EnterCode(typed.parse().unwrap()));
    until!(receiving, ReceivingEvent::Arrived { .. });
    receiving.refuse();
    assert_eq!(code(end(running).await), "refused");
    assert_eq!(giver.end().await, Err(TransferError::RefusedByPeer));
    assert_eq!(code(receiving.accept().await), "ended");
    assert_eq!(phone.store.count(), 0);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_takes_the_place_of_the_code_in_both_directions() {
    let relay = RunningRelay::start(|_| {}).await;
    let (one, other) = (Phone::new(&relay), Phone::new(&relay));
    let certificate = one.certificate(sample().path()).await;
    for giver_displays in [true, false] {
        let (giving, receiving);
        if giver_displays {
            giving = one.naru.give_by_displaying(&certificate).unwrap();
            let given = giving.clone();
            tokio::spawn(async move { given.run().await });
            giving.request_number().unwrap();
            let number = until!(giving, GivingEvent::ConnectionNumber { number, .. } => number);
            receiving = other.naru.receive_by_number(&number).unwrap();
            let received = receiving.clone();
            tokio::spawn(async move { received.run().await });
        } else {
            receiving = other.naru.receive_by_displaying().unwrap();
            let received = receiving.clone();
            tokio::spawn(async move { received.run().await });
            receiving.request_number().unwrap();
            let number =
                until!(receiving, ReceivingEvent::ConnectionNumber { number, .. } => number);
            giving = one.naru.give_by_number(&certificate, &number).unwrap();
            let given = giving.clone();
            tokio::spawn(async move { given.run().await });
        }
        let typed = until!(receiving, ReceivingEvent::SecurityCode { code, .. } => code);
        until!(giving, GivingEvent::Joined { .. });
        giving.confirm_recipient().await.unwrap();
        giving.enter_code(&typed).unwrap();
        until!(receiving, ReceivingEvent::Arrived { .. });
        receiving.accept().await.unwrap();
        until!(giving, GivingEvent::Received { .. });
        giving.keep_original();
        until!(receiving, ReceivingEvent::Acknowledged);
    }
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_number_sends_nothing_and_a_wrong_one_uses_it_up() {
    let relay = RunningRelay::start(|_| {}).await;
    let (one, other) = (Phone::new(&relay), Phone::new(&relay));
    let receiving = one.naru.receive_by_displaying().unwrap();
    assert_eq!(
        code(other.naru.receive_by_number("1234").map(drop)),
        "not_twelve_digits"
    );
    assert_eq!(
        code(other.naru.receive_by_number("123456789012").map(drop)),
        "number_mistyped"
    );
    assert_eq!(other.network.requests(), 0);
    let running = receiving.clone();
    tokio::spawn(async move { running.run().await });
    receiving.request_number().unwrap();
    let number = until!(receiving, ReceivingEvent::ConnectionNumber { number, .. } => number);
    let guess = other_password(&number);
    let certificate = other.certificate(sample().path()).await;
    let giving = other.naru.give_by_number(&certificate, &guess).unwrap();
    assert_eq!(code(giving.run().await), "wrong_number");
    until!(receiving, ReceivingEvent::ConnectionNumberUsed);
    receiving.request_number().unwrap();
    until!(receiving, ReceivingEvent::ConnectionNumber { .. });
    receiving.cancel();
    relay.stop().await;
}

/// Another number of the same rendezvous, with a check digit that fits.
fn other_password(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let changed = if &digits[5..6] == "0" { "1" } else { "0" };
    (0..10)
        .map(|check| format!("{}{changed}{}{check}", &digits[..5], &digits[6..11]))
        .find(|number| {
            number
                .parse::<naru_core::connection_number::ConnectionNumber>()
                .is_ok()
        })
        .expect("one of ten fits")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_is_fetched_looked_after_and_withdrawn() {
    let relay = RunningRelay::start(|_| {}).await;
    let (one, other) = (Phone::new(&relay), Phone::new(&relay));
    let certificate = one.certificate(sample().path()).await;
    let depositing = one.naru.deposit(&certificate, 3_600).unwrap();
    let running = run({
        let depositing = depositing.clone();
        async move { depositing.run().await }
    });
    let (recovery, withdraw) = until!(
        depositing,
        DepositingEvent::Stored { recovery_code, withdraw_code, .. } => (recovery_code, withdraw_code)
    );
    let status = one.naru.deposit_status(withdraw.clone()).await.unwrap();
    assert!(matches!(status, DepositStatus::Waiting { .. }));
    assert_eq!(
        code(other.naru.fetch("ABCD").map(drop)),
        "deposit_code_incomplete"
    );
    let receiving = other.naru.fetch(&recovery).unwrap();
    let received = receiving.clone();
    let fetched = run(async move { received.run().await });
    until!(receiving, ReceivingEvent::Arrived { .. });
    let report = receiving.certificates()[0].check(PASSWORD.into()).unwrap();
    assert_eq!(report.key, KeyCheck::Matches);
    receiving.accept().await.unwrap();
    let signed = until!(depositing, DepositingEvent::Fetched { signed, .. } => signed);
    assert!(signed);
    assert_eq!(end(fetched).await.unwrap(), OriginalFate::Unknown);
    end(running).await.unwrap();
    one.naru.delete_original(&certificate).await.unwrap();
    assert_eq!((one.store.count(), other.store.count()), (0, 1));

    let moved = other.naru.certificates().await.unwrap().remove(0);
    let depositing = other.naru.deposit(&moved, 3_600).unwrap();
    let running = run({
        let depositing = depositing.clone();
        async move { depositing.run().await }
    });
    let withdraw =
        until!(depositing, DepositingEvent::Stored { withdraw_code, .. } => withdraw_code);
    depositing.leave();
    end(running).await.unwrap();
    other.naru.withdraw_deposit(withdraw.clone()).await.unwrap();
    assert_eq!(
        code(other.naru.deposit_status(withdraw).await),
        "deposit_gone"
    );
    other.lock.stays_shut.store(true, Ordering::SeqCst);
    let depositing = other.naru.deposit(&moved, 3_600).unwrap();
    assert_eq!(code(depositing.run().await), "verification_cancelled");
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_and_a_pfx_goes_out_and_comes_back() {
    let relay = RunningRelay::start(|_| {}).await;
    let phone = Phone::new(&relay);
    let folder = sample();
    let unchecked = phone.found(folder.path());
    assert_eq!(
        code(phone.naru.export_pfx(&unchecked, false).await.map(drop)),
        "password_not_checked"
    );
    let certificate = phone.certificate(folder.path()).await;
    let weak = phone.naru.change_password(&certificate, "short".into());
    assert_eq!(code(weak.await.map(drop)), "password_too_short");
    let new = "another-Password-2?";
    let changed = phone.naru.change_password(&certificate, new.into());
    let changed = changed.await.unwrap();
    assert!(changed.summary().is_stored);
    assert_eq!(phone.store.count(), 1);
    let stored = phone.naru.certificates().await.unwrap().remove(0);
    assert_eq!(code(stored.check(PASSWORD.into())), "wrong_password");
    stored.check(new.into()).unwrap();

    phone.lock.stays_shut.store(true, Ordering::SeqCst);
    let export = phone.naru.export_pfx(&changed, false).await.map(drop);
    assert_eq!(code(export), "verification_cancelled");
    phone.lock.stays_shut.store(false, Ordering::SeqCst);
    let pfx = phone.naru.export_pfx(&changed, false).await.unwrap();
    assert!(pfx.path.ends_with(".pfx"));
    let imported = phone
        .naru
        .find_certificates(vec![pfx])
        .certificates
        .remove(0);
    assert_eq!(imported.summary().format, CertificateFormat::Pkcs12);
    assert_eq!(imported.summary().name, "");
    let report = imported.check(new.into()).unwrap();
    assert_eq!(report.summary.name, certificate.summary().name);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_are_not_for_this_phone_are_named() {
    let relay = RunningRelay::start(|_| {}).await;
    let elsewhere = RunningRelay::start(|_| {}).await;
    let phone = Phone::new(&relay);
    assert_eq!(code(phone.naru.inspect("https://example.org")), "not_naru");
    let (foreign, _) = pair(&elsewhere, Direction::DisplayerGives, 1);
    let foreign = foreign.code().to_string();
    assert_eq!(code(phone.naru.inspect(&foreign)), "unknown_relay");
    let (takes, _) = pair(&relay, Direction::ScannerGives, 1);
    let text = takes.code().to_string();
    let wrong_way = phone.naru.receive_by_scanning(&text).map(drop);
    assert_eq!(code(wrong_way), "wrong_direction");

    assert_eq!(shown_to_a_camera(&text), FrameContent::Code { text });
    assert_eq!(
        shown_to_a_camera("https://example.org"),
        FrameContent::NotOurs
    );
    let grey = vec![128; 640 * 480];
    assert_eq!(read_frame(&grey, 640, 480, 640), FrameContent::NotFound);
    assert_eq!(read_frame(&grey, 640, 480, 1_000), FrameContent::NotFound);
    relay.stop().await;
    elsewhere.stop().await;
}

/// What the reader makes of a QR, eight pixels a module, in rows with padding.
fn shown_to_a_camera(text: &str) -> FrameContent {
    let modules = draw(text).unwrap();
    let side = (modules.width() + 8) * 8;
    let stride = side + 24;
    let mut luma = vec![255; stride * side];
    for (y, row) in luma.chunks_mut(stride).enumerate() {
        for (x, pixel) in row.iter_mut().take(side).enumerate() {
            let module = |at: usize| (at / 8).checked_sub(4).filter(|at| *at < modules.width());
            if let (Some(x), Some(y)) = (module(x), module(y))
                && modules.is_dark(x, y)
            {
                *pixel = 0;
            }
        }
    }
    read_frame(&luma, side as u32, side as u32, stride as u32)
}
