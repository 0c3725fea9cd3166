//! What bounds those who hold on to the relay.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use naru_core::mailbox::{
    FrameNumber, Join, MailboxId, Open, Token, frame_path, frames_path, join_path, mailbox_path,
    query,
};
use naru_tests::{PATIENCE, RunningRelay, http_client};
use reqwest::{Method, Response};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

const WAIT: Duration = Duration::from_secs(20);

fn token(byte: u8) -> Token {
    Token::from_bytes([byte; 32])
}

fn id() -> MailboxId {
    MailboxId::from_bytes([7; 16])
}

async fn call(
    relay: &RunningRelay,
    method: Method,
    path: &str,
    by: &Token,
    body: Vec<u8>,
) -> Response {
    let media_type = match path.contains("/frames/") {
        true => "application/octet-stream",
        false => "application/cbor",
    };
    http_client()
        .request(method, format!("{}{path}", relay.origin))
        .header("authorization", by.authorization())
        .header("content-type", media_type)
        .body(body)
        .send()
        .await
        .unwrap()
}

/// A relay with one mailbox that both sides have entered.
async fn joined(change: impl FnOnce(&mut naru_relay::Settings)) -> RunningRelay {
    let relay = RunningRelay::start(change).await;
    let open = Open {
        token: token(1).hash(),
        join: token(2).hash(),
        deposit: None,
    };
    let opened = call(
        &relay,
        Method::PUT,
        &mailbox_path(&id()),
        &token(1),
        open.to_cbor(),
    )
    .await;
    assert_eq!(opened.status(), 201);
    let join = Join {
        token: token(3).hash(),
        m1: vec![1; 80],
    };
    let joined = call(
        &relay,
        Method::POST,
        &join_path(&id()),
        &token(2),
        join.to_cbor(),
    )
    .await;
    assert_eq!(joined.status(), 201);
    relay
}

async fn append(relay: &RunningRelay, number: u16, bytes: usize, wait: Duration) -> Response {
    let path = frame_path(&id(), FrameNumber::new(number).unwrap()) + &query(0, 0, wait);
    call(relay, Method::PUT, &path, &token(3), vec![2; bytes]).await
}

/// Starts to wait for the displayer's first frame, and hangs up when dropped.
async fn waiter(relay: &RunningRelay) -> TcpStream {
    let mut connection = TcpStream::connect(relay.address()).await.unwrap();
    let path = frames_path(&id()) + &query(0, 0, WAIT);
    let authorization = token(3).authorization();
    let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\n\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
    connection
}

/// Whether one client more may wait: as long as it does, it is not answered.
async fn one_more_is_refused(relay: &RunningRelay) -> bool {
    let path = frames_path(&id()) + &query(0, 0, WAIT);
    let authorization = token(3).authorization();
    let call = http_client()
        .get(format!("{}{path}", relay.origin))
        .header("authorization", authorization)
        .send();
    match timeout(Duration::from_millis(300), call).await {
        Err(_) => false,
        Ok(answer) => {
            let answer = answer.unwrap();
            assert_eq!(answer.status(), 503);
            assert_eq!(answer.headers()["naru-problem"], "relay_full");
            assert!(answer.headers().contains_key("retry-after"));
            true
        }
    }
}

/// As many waiters as there are places. Whoever found none, because the probe was in the last one,
/// has an answer, and tries again.
async fn all_places_taken(relay: &RunningRelay, places: usize) -> Vec<TcpStream> {
    let mut waiting = Vec::new();
    until(async || {
        waiting.retain(|connection: &TcpStream| connection.try_read(&mut [0]).is_err());
        while waiting.len() < places {
            waiting.push(waiter(relay).await);
        }
        one_more_is_refused(relay).await
    })
    .await;
    waiting
}

async fn until(mut reached: impl AsyncFnMut() -> bool) {
    timeout(PATIENCE, async {
        while !reached().await {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_waiters_than_there_is_room_for_are_told_to_come_back() {
    for (all, of_a_network) in [(3, 100), (100, 3)] {
        let relay = joined(|settings| {
            settings.waiters = NonZeroU32::new(all).unwrap();
            settings.network_waiters = NonZeroU32::new(of_a_network).unwrap();
        })
        .await;
        let mut waiting = all_places_taken(&relay, 3).await;
        // What does not wait is served, and what is written is kept, whatever its writer hears.
        assert_eq!(append(&relay, 2, 100, Duration::ZERO).await.status(), 201);
        assert_eq!(append(&relay, 3, 100, WAIT).await.status(), 503);
        assert_eq!(append(&relay, 3, 100, Duration::ZERO).await.status(), 200);
        // Whoever hangs up makes room.
        drop(waiting.pop());
        until(async || !one_more_is_refused(&relay).await).await;
        relay.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_have_gone_do_not_wait_on() {
    const PLACES: usize = 50;
    let relay = joined(|settings| settings.waiters = NonZeroU32::new(50).unwrap()).await;
    drop(all_places_taken(&relay, PLACES).await);
    let gone = Instant::now();
    let mut again = Vec::new();
    for _ in 0..PLACES - 1 {
        again.push(waiter(&relay).await);
    }
    until(async || !one_more_is_refused(&relay).await).await;
    assert!(gone.elapsed() < WAIT / 2);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_its_answer_is_cut_off() {
    let relay = joined(|settings| settings.request_deadline = Duration::from_secs(1)).await;
    const FRAMES: u16 = 16;
    for number in 2..2 + FRAMES {
        assert_eq!(
            append(&relay, number, 64_000, Duration::ZERO)
                .await
                .status(),
            201
        );
    }
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut connection = socket.connect(relay.address()).await.unwrap();
    let path = frames_path(&id());
    let authorization = token(1).authorization();
    // More than the system's buffers hold.
    const CALLS: usize = 12;
    for _ in 0..CALLS {
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\n\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
    }
    // Longer than the relay's patience: nothing happens that could be waited for.
    sleep(Duration::from_secs(6)).await;
    let mut read = Vec::new();
    let end = timeout(PATIENCE, connection.read_to_end(&mut read))
        .await
        .unwrap();
    let whole = CALLS * usize::from(FRAMES) * 64_000;
    assert!(end.is_err() || read.len() < whole, "{} bytes", read.len());
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_most_wait_until_others_have_gone() {
    let workers = std::thread::available_parallelism().unwrap().get() as u32;
    let relay = RunningRelay::start(|settings| {
        settings.connections = NonZeroU32::new(workers).unwrap();
        settings.request_deadline = Duration::from_secs(2);
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..2 * workers + 2 {
        idle.push(TcpStream::connect(relay.address()).await.unwrap());
    }
    let asked = async {
        let answer = http_client()
            .get(format!("{}/healthz", relay.origin))
            .timeout(PATIENCE)
            .send();
        answer.await.unwrap().status()
    };
    // Those that say nothing are cut off after the deadline.
    assert_eq!(asked.await, 200);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_logs_in_no_account_is_counted() {
    let relay = RunningRelay::start(|settings| {
        settings.account_mailboxes = NonZeroU32::MIN;
        settings.account_joins = NonZeroU32::MIN;
    })
    .await;
    let open = Open {
        token: token(1).hash(),
        join: token(2).hash(),
        deposit: None,
    };
    let join = Join {
        token: token(3).hash(),
        m1: vec![1; 80],
    };
    for seed in 1..=3 {
        let id = MailboxId::from_bytes([seed; 16]);
        let path = mailbox_path(&id);
        let opened = call(&relay, Method::PUT, &path, &token(1), open.to_cbor()).await;
        assert_eq!(opened.status(), 201);
        let path = join_path(&id);
        let joined = call(&relay, Method::POST, &path, &token(2), join.to_cbor()).await;
        assert_eq!(joined.status(), 201);
    }
    relay.stop().await;
}
