//! Many transfers through one app, and what is left of them. Alone in its process, because the count of
//! objects is the process's.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod app;

use std::{num::NonZeroU32, sync::Arc};

use app::Phone;
use naru_tests::{RunningRelay, sample};
use naru_uniffi::{Certificate, GivingEvent, Naru, OriginalFate, ReceivingEvent, live_objects};

const TRANSFERS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_transfers_at_once_leave_no_object_behind() {
    let relay = RunningRelay::start(|settings| {
        settings.network_mailboxes = NonZeroU32::new(10_000).unwrap();
        settings.network_joins = NonZeroU32::new(10_000).unwrap();
    })
    .await;
    let phone = Phone::new(&relay);
    let certificate = phone.certificate(sample().path()).await;
    let transfers: Vec<_> = (0..TRANSFERS)
        .map(|_| tokio::spawn(transfer(phone.naru.clone(), certificate.clone())))
        .collect();
    for transfer in transfers {
        transfer.await.unwrap();
    }
    drop((phone, certificate));
    assert_eq!(live_objects(), 0);
    relay.stop().await;
}

async fn transfer(naru: Arc<Naru>, certificate: Arc<Certificate>) {
    let giving = naru.give_by_displaying(&certificate).unwrap();
    let given = giving.clone();
    let given = tokio::spawn(async move { given.run().await });
    let receiving = naru
        .receive_by_scanning(&giving.qr().unwrap().text)
        .unwrap();
    let received = receiving.clone();
    let received = tokio::spawn(async move { received.run().await });
    let typed = until!(receiving, ReceivingEvent::SecurityCode { code, .. } => code);
    until!(giving, GivingEvent::Joined { .. });
    giving.confirm_recipient().await.unwrap();
    giving.enter_code(&typed).unwrap();
    until!(receiving, ReceivingEvent::Arrived { .. });
    receiving.accept().await.unwrap();
    until!(giving, GivingEvent::Received { .. });
    giving.keep_original();
    given.await.unwrap().unwrap();
    assert_eq!(received.await.unwrap().unwrap(), OriginalFate::Kept);
}
