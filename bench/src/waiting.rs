//! Clients that wait: what one costs, and how soon they have gone.

use std::time::{Duration, Instant};

use naru_core::mailbox::OCTET_STREAM;
use tokio::time::sleep;

use crate::{
    client::{Call, Client},
    server::Server,
    transfer::Transfer,
};

/// Those who make a server touch what it needs once, and are not counted.
const FIRST: usize = 200;

/// KiB that one more client costs which waits.
pub(crate) async fn memory(server: &Server, count: usize) -> f64 {
    let _first = wait(server, FIRST).await;
    sleep(Duration::from_secs(1)).await;
    let before = server.memory();
    let _waiting = wait(server, count).await;
    sleep(Duration::from_secs(1)).await;
    (server.memory() - before) / count as f64
}

/// How many waiters the relay still has two seconds after all have hung up, and after how many milliseconds
/// none is left.
pub(crate) async fn left_by_the_gone(relay: &Server, count: usize) -> (f64, u128) {
    let mut watcher = Client::connect(&relay.address).await;
    let waiting = wait(relay, count).await;
    until(&mut watcher, count as f64).await;
    let gone = Instant::now();
    drop(waiting);
    let watched = async {
        until(&mut watcher, 0.0).await;
        gone.elapsed().as_millis()
    };
    let after_two = async {
        let mut reader = Client::connect(&relay.address).await;
        sleep(Duration::from_secs(2)).await;
        waiters(&mut reader).await
    };
    tokio::join!(after_two, watched)
}

/// Milliseconds from SIGTERM until everyone who waits has their answer, and until the relay has ended.
pub(crate) async fn drain(relay: Server, count: usize) -> [u128; 2] {
    let mut watcher = Client::connect(&relay.address).await;
    let mut waiting = wait(&relay, count).await;
    until(&mut watcher, count as f64).await;
    let told = Instant::now();
    let ended = tokio::task::spawn_blocking(move || {
        relay.terminate();
        told.elapsed().as_millis()
    });
    for client in &mut waiting {
        assert_eq!(client.answer().await, 503);
    }
    let answered = told.elapsed().as_millis();
    [answered, ended.await.expect("it ends")]
}

const AT_THE_FLOOR: Call<'_> = Call {
    method: "GET",
    path: "/?wait=25",
    authorization: "Bearer x",
    media_type: OCTET_STREAM,
    body: &[],
};

async fn wait(server: &Server, count: usize) -> Vec<Client> {
    let is_floor = Client::connect(&server.address)
        .await
        .answers("/?bytes=1")
        .await;
    let mut waiting = Vec::new();
    for number in 0..count {
        let mut client = Client::connect(&server.address).await;
        let transfer = Transfer::new(number as u64);
        match is_floor {
            true => client.send(&AT_THE_FLOOR).await,
            false => {
                transfer.open(&mut client).await;
                transfer.ask(&mut client, &transfer.displayer, 0).await;
            }
        }
        waiting.push(client);
    }
    waiting
}

async fn until(watcher: &mut Client, count: f64) {
    while waiters(watcher).await != count {
        sleep(Duration::from_millis(5)).await;
    }
}

async fn waiters(watcher: &mut Client) -> f64 {
    let figures = watcher.text("/metrics").await;
    let line = figures
        .lines()
        .find_map(|line| line.strip_prefix("naru_waiters "));
    line.and_then(|it| it.parse().ok()).expect("the figure")
}
