//! The machine's time of a whole crossing on the loopback interface, people's seconds apart.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark fails by panicking"
)]

use std::time::{Duration, Instant};

use naru_core::{
    client::{GiverCommand, GiverEvent, ReceiverCommand, ReceiverEvent},
    giver::{Conclusion, Offer},
    pairing::{Direction, Pairing},
    receiver::StoredSet,
};
use naru_relay::store::StoreUrl;
use naru_samples::{Period, Samples};
use naru_tests::{
    RunningRedis, RunningRelay, opened, start_giver_over, start_receiver_over, transport,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use tempfile::TempDir;

const CROSSINGS: u64 = 400;
const WARM_UP: u64 = 40;
const NOW: u64 = 1_795_000_000;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        report("memory", StoreUrl::Memory).await;
        let redis = RunningRedis::start(&[]);
        report("Redis", redis.url()).await;
    });
}

async fn report(name: &str, store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |settings| {
        settings.network_mailboxes = 1_000_000.try_into().unwrap();
    })
    .await;
    let folder = TempDir::new().unwrap();
    Samples::new(1, Period::around(NOW))
        .npki(folder.path())
        .unwrap();
    let mut times = Vec::new();
    for seed in 0..WARM_UP + CROSSINGS {
        let took = cross(&relay, &folder, seed).await;
        if seed >= WARM_UP {
            times.push(took);
        }
    }
    times.sort_unstable();
    let at = |percent: usize| times[times.len() * percent / 100].as_secs_f64() * 1_000.0;
    println!(
        "a whole crossing, store in {name}: p50 {:.2} ms, p99 {:.2} ms ({CROSSINGS} crossings)",
        at(50),
        at(99)
    );
    relay.stop().await;
}

/// From the scanned code to the conclusion on both sides. Opening the key is the person's own step
/// before it, and is measured with the parts.
async fn cross(relay: &RunningRelay, folder: &TempDir, seed: u64) -> Duration {
    let (_, sets) = opened(folder.path());
    let offer = Offer::new(sets).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    // An app has its HTTP client before it has anything to transfer; it connects anew each time.
    let (givers, receivers) = (transport(&relay.origin), transport(&relay.origin));
    let started = Instant::now();
    let displayer = Pairing::display(&relay.origin, Direction::DisplayerGives, &mut rng);
    let text = displayer.code().to_string();
    let scanner = Pairing::scan(&text, std::slice::from_ref(&relay.origin)).unwrap();
    let mut giver = start_giver_over(givers, displayer, offer, 2 * seed);
    while !matches!(giver.events.recv().await, Ok(GiverEvent::Open { .. })) {}
    let mut receiver = start_receiver_over(receivers, scanner, 2 * seed + 1);
    let mut code = None;
    let mut joined = false;
    while code.is_none() {
        if let Ok(ReceiverEvent::ShowCode { code: shown, .. }) = receiver.events.recv().await {
            code = Some(shown);
        }
    }
    loop {
        match giver.events.recv().await.unwrap() {
            GiverEvent::Joined { .. } if !joined => {
                joined = true;
                let code = code.take().unwrap();
                let command = GiverCommand::EnterCode(code);
                giver.commands.unbounded_send(command).unwrap();
                let Ok(ReceiverEvent::Arrived(arrival)) = receiver.events.recv().await else {
                    panic!("nothing arrived");
                };
                let stored = arrival.sets.iter().map(|_| StoredSet {
                    location: "here".into(),
                    signature: None,
                });
                let command = ReceiverCommand::Stored(stored.collect());
                receiver.commands.unbounded_send(command).unwrap();
            }
            GiverEvent::Received(_) => {
                let command = GiverCommand::Conclude(Conclusion::Kept);
                giver.commands.unbounded_send(command).unwrap();
                break;
            }
            _ => {}
        }
    }
    giver.end.await.unwrap().unwrap();
    receiver.end.await.unwrap().unwrap();
    started.elapsed()
}
