//! What every store keeps to, in memory and in a real Redis.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use naru_core::mailbox::{FrameNumber, Join, MailboxId, Open, Token, TokenHash};
use naru_relay::store::{
    Accepted, Backend, Capacity, Store, StoreError, StoreUrl, Stored, Unread, redis::ConnectError,
};
use naru_tests::{PATIENCE, RunningRedis};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use tokio::time::{sleep, timeout};

const CAPACITY: Capacity = Capacity {
    join_ttl: Duration::from_secs(60),
    transfer_ttl: Duration::from_secs(60),
    deposit_ttl: Duration::from_secs(600),
    lane_frames: 4,
    mailbox_bytes: 1_000,
    mailboxes: 100,
    total_bytes: 100_000,
};

naru_tests::on_every_store!(
    opens_once_and_repeats_the_answer,
    refuses_a_mailbox_that_is_open_for_others,
    lets_only_the_first_scanner_in,
    keeps_a_join_token_from_everything_but_joining,
    tells_only_holders_of_a_token_that_there_is_a_mailbox,
    appends_in_order_and_knows_a_repetition,
    refuses_frames_before_the_join,
    reads_without_destroying_until_acknowledged,
    knows_a_repetition_of_what_was_acknowledged,
    bounds_a_lane_and_a_mailbox,
    acknowledging_makes_room,
    ends_for_everyone,
    expires_before_the_join,
    expires_after_the_join_and_never_slides,
    wakes_a_waiter_at_every_change,
    does_not_wake_a_waiter_by_its_own_change,
    lets_one_of_many_scanners_in_at_once,
    keeps_mailboxes_apart,
);

fn token(seed: u64) -> TokenHash {
    let mut bytes = [0; 32];
    ChaCha20Rng::seed_from_u64(seed).fill_bytes(&mut bytes);
    Token::from_bytes(bytes).hash()
}

fn id(seed: u64) -> MailboxId {
    let mut bytes = [0; 16];
    ChaCha20Rng::seed_from_u64(seed).fill_bytes(&mut bytes);
    MailboxId::from_bytes(bytes)
}

fn displayer() -> TokenHash {
    token(1)
}

fn join_token() -> TokenHash {
    token(2)
}

fn scanner() -> TokenHash {
    token(3)
}

fn opening() -> Open {
    Open {
        token: displayer(),
        join: join_token(),
        deposit: None,
    }
}

fn joining() -> Join {
    Join {
        token: scanner(),
        m1: b"m1".to_vec(),
    }
}

fn number(number: u16) -> FrameNumber {
    FrameNumber::new(number).unwrap()
}

/// A mailbox that both sides have entered.
async fn joined(store: &Backend) -> MailboxId {
    store.open(id(0), opening()).await.unwrap();
    store.join(id(0), join_token(), joining()).await.unwrap();
    id(0)
}

async fn append(
    store: &Backend,
    by: TokenHash,
    frame: u16,
    bytes: &[u8],
) -> Result<Accepted, StoreError> {
    store.append(id(0), by, number(frame), bytes.to_vec()).await
}

async fn frames(store: &Backend, by: TokenHash, after: u16) -> Vec<Vec<u8>> {
    let unread = store.read(id(0), by, after).await.unwrap();
    unread.frames.into_iter().map(Vec::from).collect()
}

async fn opens_once_and_repeats_the_answer(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    assert_eq!(store.ready().await, Ok(()));
    assert_eq!(store.open(id(0), opening()).await, Ok(Accepted::New));
    assert_eq!(store.open(id(0), opening()).await, Ok(Accepted::Again));
    let Unread {
        frames, expires_in, ..
    } = store.read(id(0), displayer(), 0).await.unwrap();
    assert!(frames.is_empty());
    assert!(expires_in > CAPACITY.join_ttl / 2 && expires_in <= CAPACITY.join_ttl);
}

async fn refuses_a_mailbox_that_is_open_for_others(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    store.open(id(0), opening()).await.unwrap();
    let other_token = Open {
        token: token(9),
        ..opening()
    };
    let other_join = Open {
        join: token(9),
        ..opening()
    };
    for other in [other_token, other_join] {
        assert_eq!(store.open(id(0), other).await, Err(StoreError::Exists));
    }
    assert_eq!(store.open(id(0), opening()).await, Ok(Accepted::Again));
}

async fn lets_only_the_first_scanner_in(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    joined(&store).await;
    let again = store.join(id(0), join_token(), joining()).await;
    assert_eq!(again, Ok(Accepted::Again));
    let second = Join {
        token: token(9),
        ..joining()
    };
    let changed = Join {
        m1: b"m1'".to_vec(),
        ..joining()
    };
    for other in [second, changed] {
        let refused = store.join(id(0), join_token(), other).await;
        assert_eq!(refused, Err(StoreError::AlreadyJoined));
    }
    assert_eq!(frames(&store, displayer(), 0).await, [b"m1"]);
    let unknown = store.read(id(0), token(9), 0).await;
    assert_eq!(unknown, Err(StoreError::Unknown));
}

async fn keeps_a_join_token_from_everything_but_joining(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    joined(&store).await;
    let read = store.read(id(0), join_token(), 0).await;
    assert_eq!(read, Err(StoreError::Unknown));
    let appended = append(&store, join_token(), 2, b"x").await;
    assert_eq!(appended, Err(StoreError::Unknown));
    let ended = store.end(id(0), join_token()).await;
    assert_eq!(ended, Err(StoreError::Unknown));
    assert_eq!(frames(&store, displayer(), 0).await, [b"m1"]);
}

async fn tells_only_holders_of_a_token_that_there_is_a_mailbox(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    for mailbox in [id(0), joined(&store).await] {
        let stranger = token(9);
        let unknown = Err(StoreError::Unknown);
        let join = store.join(mailbox, stranger, joining()).await;
        assert_eq!(join, unknown);
        let appended = store.append(mailbox, stranger, number(1), vec![1]).await;
        assert_eq!(appended, unknown);
        assert_eq!(store.end(mailbox, stranger).await, Err(StoreError::Unknown));
        let read = store.read(mailbox, stranger, 0).await;
        assert_eq!(read, Err(StoreError::Unknown));
    }
}

async fn appends_in_order_and_knows_a_repetition(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    joined(&store).await;
    let gap = append(&store, displayer(), 2, b"m4").await;
    assert_eq!(gap, Err(StoreError::Gap { expected: 1 }));
    let first = append(&store, displayer(), 1, b"m2").await;
    assert_eq!(first, Ok(Accepted::New));
    let again = append(&store, displayer(), 1, b"m2").await;
    assert_eq!(again, Ok(Accepted::Again));
    let other = append(&store, displayer(), 1, b"m3").await;
    assert_eq!(other, Err(StoreError::Conflict));
    let far = append(&store, scanner(), u16::MAX, b"m3").await;
    assert_eq!(far, Err(StoreError::Gap { expected: 2 }));
    assert_eq!(append(&store, scanner(), 2, b"m3").await, Ok(Accepted::New));
    assert_eq!(frames(&store, scanner(), 0).await, [b"m2"]);
    assert_eq!(frames(&store, displayer(), 0).await, [b"m1", b"m3"]);
}

async fn refuses_frames_before_the_join(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    store.open(id(0), opening()).await.unwrap();
    let early = append(&store, displayer(), 1, b"m2").await;
    assert_eq!(early, Err(StoreError::NotJoined));
    store.join(id(0), join_token(), joining()).await.unwrap();
    assert!(frames(&store, scanner(), 0).await.is_empty());
}

async fn reads_without_destroying_until_acknowledged(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    joined(&store).await;
    append(&store, scanner(), 2, b"m3").await.unwrap();
    for _ in 0..2 {
        assert_eq!(frames(&store, displayer(), 0).await, [b"m1", b"m3"]);
    }
    for _ in 0..2 {
        assert_eq!(frames(&store, displayer(), 1).await, [b"m3"]);
    }
    let gone = store.read(id(0), displayer(), 0).await;
    assert_eq!(gone, Err(StoreError::Acknowledged));
    assert!(frames(&store, displayer(), 9).await.is_empty());
    append(&store, scanner(), 3, b"m5").await.unwrap();
    assert_eq!(frames(&store, displayer(), 2).await, [b"m5"]);
}

async fn knows_a_repetition_of_what_was_acknowledged(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    joined(&store).await;
    append(&store, scanner(), 2, b"m3").await.unwrap();
    frames(&store, displayer(), 2).await;
    let again = append(&store, scanner(), 2, b"m3").await;
    assert_eq!(again, Ok(Accepted::Again));
    let other = append(&store, scanner(), 2, b"m4").await;
    assert_eq!(other, Err(StoreError::Conflict));
    let again = store.join(id(0), join_token(), joining()).await;
    assert_eq!(again, Ok(Accepted::Again));
    assert!(frames(&store, displayer(), 2).await.is_empty());
}

async fn bounds_a_lane_and_a_mailbox(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    store.open(id(0), opening()).await.unwrap();
    let huge = Join {
        m1: vec![0; 1_001],
        ..joining()
    };
    let refused = store.join(id(0), join_token(), huge).await;
    assert_eq!(refused, Err(StoreError::MailboxFull));
    store.join(id(0), join_token(), joining()).await.unwrap();
    let large = append(&store, displayer(), 1, &[0; 999]).await;
    assert_eq!(large, Err(StoreError::MailboxFull));
    for frame in 1..=4 {
        append(&store, displayer(), frame, b"x").await.unwrap();
    }
    let fifth = append(&store, displayer(), 5, b"x").await;
    assert_eq!(fifth, Err(StoreError::MailboxFull));
    assert_eq!(frames(&store, scanner(), 0).await.len(), 4);
}

async fn acknowledging_makes_room(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    joined(&store).await;
    append(&store, displayer(), 1, &[1; 900]).await.unwrap();
    let full = append(&store, displayer(), 2, &[2; 900]).await;
    assert_eq!(full, Err(StoreError::MailboxFull));
    frames(&store, scanner(), 1).await;
    append(&store, displayer(), 2, &[2; 900]).await.unwrap();
    assert_eq!(frames(&store, scanner(), 1).await, [vec![2; 900]]);
}

async fn ends_for_everyone(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    joined(&store).await;
    store.end(id(0), scanner()).await.unwrap();
    for holder in [displayer(), scanner(), join_token()] {
        let read = store.read(id(0), holder, 0).await;
        assert_eq!(read, Err(StoreError::Ended));
        assert_eq!(store.end(id(0), holder).await, Err(StoreError::Ended));
        let appended = append(&store, holder, 2, b"x").await;
        assert_eq!(appended, Err(StoreError::Ended));
    }
    assert_eq!(store.open(id(0), opening()).await, Err(StoreError::Ended));
    let join = store.join(id(0), join_token(), joining()).await;
    assert_eq!(join, Err(StoreError::Ended));
    let stranger = store.read(id(0), token(9), 0).await;
    assert_eq!(stranger, Err(StoreError::Unknown));
}

async fn expires_before_the_join(url: StoreUrl) {
    let join_ttl = Duration::from_millis(100);
    let store = Backend::open(
        &url,
        Capacity {
            join_ttl,
            ..CAPACITY
        },
    )
    .await
    .unwrap();
    store.open(id(0), opening()).await.unwrap();
    sleep(join_ttl).await;
    let expired = Err(StoreError::Expired);
    assert_eq!(store.open(id(0), opening()).await, expired);
    let join = store.join(id(0), join_token(), joining()).await;
    assert_eq!(join, expired);
    let read = store.read(id(0), displayer(), 0).await;
    assert_eq!(read, Err(StoreError::Expired));
    let stranger = store.read(id(0), token(9), 0).await;
    assert_eq!(stranger, Err(StoreError::Unknown));
}

async fn expires_after_the_join_and_never_slides(url: StoreUrl) {
    let transfer_ttl = Duration::from_millis(400);
    let store = Backend::open(
        &url,
        Capacity {
            transfer_ttl,
            ..CAPACITY
        },
    )
    .await
    .unwrap();
    joined(&store).await;
    let before = store.read(id(0), displayer(), 0).await.unwrap().expires_in;
    assert!(before <= transfer_ttl);
    sleep(Duration::from_millis(2)).await;
    store.join(id(0), join_token(), joining()).await.unwrap();
    append(&store, scanner(), 2, b"m3").await.unwrap();
    let after = store.read(id(0), displayer(), 0).await.unwrap().expires_in;
    assert!(after < before);
    sleep(after + Duration::from_millis(1)).await;
    for holder in [displayer(), scanner()] {
        let read = store.read(id(0), holder, 0).await;
        assert_eq!(read, Err(StoreError::Expired));
    }
    // A tombstone tells of the end for as long again, and then there is nothing left.
    timeout(PATIENCE, async {
        while store.read(id(0), displayer(), 0).await != Err(StoreError::Unknown) {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
}

async fn wakes_a_waiter_at_every_change(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    store.open(id(0), opening()).await.unwrap();
    let watch = store.watch(id(0), displayer());
    let woken = async || timeout(PATIENCE, watch.changed()).await.unwrap();
    store.join(id(0), join_token(), joining()).await.unwrap();
    woken().await;
    append(&store, scanner(), 2, b"m3").await.unwrap();
    woken().await;
    store.end(id(0), scanner()).await.unwrap();
    woken().await;
}

async fn does_not_wake_a_waiter_by_its_own_change(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    joined(&store).await;
    let watch = store.watch(id(0), displayer());
    append(&store, displayer(), 1, b"m2").await.unwrap();
    assert!(watch.changed().now_or_never().is_none());
    append(&store, scanner(), 2, b"m3").await.unwrap();
    timeout(PATIENCE, watch.changed()).await.unwrap();
}

async fn lets_one_of_many_scanners_in_at_once(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    let store = Arc::new(store);
    store.open(id(0), opening()).await.unwrap();
    let joins = (10..60).map(|seed| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let join = Join {
                token: token(seed),
                m1: vec![seed as u8],
            };
            store.join(id(0), join_token(), join).await
        })
    });
    let mut accepted = 0;
    for join in joins.collect::<Vec<_>>() {
        match join.await.unwrap() {
            Ok(Accepted::New) => accepted += 1,
            refused => assert_eq!(refused, Err(StoreError::AlreadyJoined)),
        }
    }
    assert_eq!(accepted, 1);
    assert_eq!(frames(&store, displayer(), 0).await.len(), 1);
}

async fn keeps_mailboxes_apart(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    joined(&store).await;
    store.open(id(1), opening()).await.unwrap();
    store.join(id(1), join_token(), joining()).await.unwrap();
    store.end(id(0), scanner()).await.unwrap();
    let other = store.read(id(1), displayer(), 0).await.unwrap();
    assert_eq!(other.frames, [&b"m1"[..]]);
}

/// A mailbox takes more than one frame that does not go through a script.
const ROOM_FOR_LARGE: Capacity = Capacity {
    mailbox_bytes: 3_000,
    ..CAPACITY
};

async fn redis_store(redis: &RunningRedis) -> Backend {
    Backend::open(&redis.url(), CAPACITY).await.unwrap()
}

#[tokio::test]
async fn two_relays_share_a_redis_and_wake_each_other() {
    let redis = RunningRedis::start(&[]);
    let (here, there) = (redis_store(&redis).await, redis_store(&redis).await);
    here.open(id(0), opening()).await.unwrap();
    let watch = here.watch(id(0), displayer());
    let mut heard = false;
    // The subscription may still be on its way.
    for frame in 1.. {
        here.read(id(0), displayer(), 0).await.unwrap();
        if frame == 1 {
            there.join(id(0), join_token(), joining()).await.unwrap();
        } else if frame <= CAPACITY.lane_frames {
            append(&there, scanner(), frame, b"x").await.unwrap();
        } else {
            break;
        }
        heard |= timeout(Duration::from_secs(1), watch.changed())
            .await
            .is_ok();
    }
    assert!(heard);
    assert_eq!(frames(&here, displayer(), 0).await.len(), 4);
}

/// Until one relay has subscribed to what others tell it.
async fn hears(here: &Backend, there: &Backend) {
    for mailbox in 1.. {
        let watch = here.watch(id(mailbox), displayer());
        here.open(id(mailbox), opening()).await.unwrap();
        here.read(id(mailbox), displayer(), 0).await.unwrap();
        let joined = there.join(id(mailbox), join_token(), joining());
        joined.await.unwrap();
        let heard = timeout(Duration::from_secs(1), watch.changed()).await;
        if heard.is_ok() && watch.take(0).is_some() {
            return;
        }
    }
}

/// A small frame comes with the news of it, and the name of a large one.
#[tokio::test]
async fn a_waiter_at_another_relay_need_not_read_the_mailbox() {
    let redis = RunningRedis::start(&[]);
    let store = async || Backend::open(&redis.url(), ROOM_FOR_LARGE).await.unwrap();
    let (here, there) = (store().await, store().await);
    hears(&here, &there).await;
    joined(&here).await;
    let displayer = here.watch(id(0), displayer());
    let scanner_itself = here.watch(id(0), scanner());
    let noted = async |after| here.read(id(0), self::displayer(), after).await.unwrap();
    noted(1).await;
    append(&there, scanner(), 2, b"small").await.unwrap();
    timeout(PATIENCE, displayer.changed()).await.unwrap();
    let handed = displayer.take(1).expect("it is small");
    assert_eq!(handed.frame, Stored::Here(b"small".to_vec().into()));
    assert!(handed.expires_in > CAPACITY.transfer_ttl / 2, "it lives on");
    assert!(scanner_itself.take(1).is_none(), "its own");
    noted(2).await;
    append(&there, scanner(), 3, &[7; 2_000]).await.unwrap();
    timeout(PATIENCE, displayer.changed()).await.unwrap();
    let large = displayer.take(2).unwrap().frame;
    assert_eq!(
        here.fetch(id(0), large.clone()).await.unwrap(),
        [7; 2_000][..]
    );
    there.end(id(0), scanner()).await.unwrap();
    assert_eq!(here.fetch(id(0), large).await, None, "it is gone");
}

/// The clients of Redis that send commands and are told of changes over one connection, by their numbers: as many as
/// are wanted.
async fn workers_of(redis: &RunningRedis, count: usize) -> Vec<String> {
    loop {
        let workers = workers(redis).await;
        if workers.len() == count {
            return workers;
        }
        sleep(Duration::from_millis(20)).await;
    }
}

async fn workers(redis: &RunningRedis) -> Vec<String> {
    let mut connection = redis.connect().await;
    let list = redis::cmd("CLIENT")
        .arg(&["LIST", "TYPE", "pubsub"])
        .clone();
    let list: String = list.query_async(&mut connection).await.unwrap();
    let workers = list.lines().filter(|line| line.contains(" resp=3"));
    let number = |line: &str| line.split(' ').next().unwrap().replace("id=", "");
    workers.map(number).collect()
}

#[tokio::test]
async fn who_only_waits_hears_again_after_its_workers_connection_has_ended() {
    let redis = RunningRedis::start(&[]);
    let (here, there) = (redis_store(&redis).await, redis_store(&redis).await);
    hears(&here, &there).await;
    let one_of_each_relay = timeout(PATIENCE, workers_of(&redis, 2));
    let killed = one_of_each_relay.await.unwrap();
    joined(&here).await;
    let watch = here.watch(id(0), displayer());
    here.read(id(0), displayer(), 1).await.unwrap();
    let watched = redis.monitor().await;
    append(&there, scanner(), 2, b"told").await.unwrap();
    timeout(PATIENCE, watch.changed()).await.unwrap();
    assert_eq!(
        watch.take(1).unwrap().frame,
        Stored::Here(b"told".to_vec().into())
    );
    let arguments = watched.arguments().await;
    let told = arguments.iter().position(|it| it == b"PUBLISH").unwrap();
    let channel = String::from_utf8(arguments[told + 1].clone()).unwrap();
    assert_eq!(channel.split(':').count(), 4, "the worker's own: {channel}");

    here.read(id(0), displayer(), 2).await.unwrap();
    for number in &killed {
        let kill = redis::cmd("CLIENT").arg(&["KILL", "ID", number]).clone();
        kill.exec_async(&mut redis.connect().await).await.unwrap();
    }
    let woken = timeout(PATIENCE, watch.changed());
    woken
        .await
        .expect("it reads again, though it sends nothing");
    here.read(id(0), displayer(), 2).await.unwrap();
    append(&there, scanner(), 3, b"told again").await.unwrap();
    timeout(PATIENCE, watch.changed()).await.unwrap();
    assert_eq!(frames(&here, displayer(), 2).await, [b"told again"]);
    assert!(workers(&redis).await.iter().all(|it| !killed.contains(it)));
}

#[tokio::test]
async fn small_frames_come_with_the_answer_and_large_ones_are_fetched() {
    let redis = RunningRedis::start(&[]);
    let store = Backend::open(&redis.url(), ROOM_FOR_LARGE).await.unwrap();
    joined(&store).await;
    append(&store, scanner(), 2, &[7; 1_024]).await.unwrap();
    let watched = redis.monitor().await;
    let small = frames(&store, displayer(), 0).await;
    assert_eq!(small, [b"m1".to_vec(), vec![7; 1_024]]);
    let fetched = |arguments: &[Vec<u8>]| arguments.iter().any(|it| it == b"MGET");
    assert!(!fetched(&watched.arguments().await));
    append(&store, scanner(), 3, &[8; 1_025]).await.unwrap();
    append(&store, scanner(), 4, b"small").await.unwrap();
    let watched = redis.monitor().await;
    let mixed = frames(&store, displayer(), 1).await;
    assert_eq!(mixed, [vec![7; 1_024], vec![8; 1_025], b"small".to_vec()]);
    assert!(fetched(&watched.arguments().await));
}

#[tokio::test]
async fn comes_back_after_redis_was_restarted() {
    let mut redis = RunningRedis::start(&[]);
    let store = redis_store(&redis).await;
    joined(&store).await;
    redis.kill();
    let down = store.read(id(0), displayer(), 0).await;
    assert_eq!(down, Err(StoreError::Unavailable));
    assert_eq!(store.ready().await, Err(StoreError::Unavailable));
    redis.restart_empty();
    let back = async {
        while store.open(id(1), opening()).await != Ok(Accepted::New) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(5), back).await.unwrap();
    let forgotten = store.read(id(0), displayer(), 0).await;
    assert_eq!(forgotten, Err(StoreError::Unknown));
}

#[tokio::test]
async fn a_full_redis_refuses_newcomers_and_drops_nothing() {
    let redis = RunningRedis::start(&["--maxmemory", "2500000"]);
    let capacity = Capacity {
        mailbox_bytes: 1 << 24,
        lane_frames: u16::MAX,
        ..CAPACITY
    };
    let store = Backend::open(&redis.url(), capacity).await.unwrap();
    joined(&store).await;
    let one_of_the_relay = timeout(PATIENCE, workers_of(&redis, 1));
    one_of_the_relay.await.unwrap();
    let connections = connections(&redis).await;
    let mut stored = 0;
    let refused = loop {
        match append(&store, displayer(), stored + 1, &vec![stored as u8; 20_000]).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(refused, StoreError::Full);
    let mut newcomers = 1..;
    let refused = loop {
        if let Err(error) = store.open(id(newcomers.next().unwrap()), opening()).await {
            break error;
        }
    };
    assert_eq!(refused, StoreError::Full);
    let kept = frames(&store, scanner(), 0).await;
    assert_eq!(kept.len(), usize::from(stored));
    assert!(frames(&store, scanner(), stored).await.is_empty());
    let room = append(&store, displayer(), stored + 1, &[9; 20_000]).await;
    assert_eq!(room, Ok(Accepted::New));
    assert_eq!(store.end(id(0), displayer()).await, Ok(()));
    let own = 1;
    assert_eq!(self::connections(&redis).await, connections + own, "of all");
}

/// How many there have been.
async fn connections(redis: &RunningRedis) -> u64 {
    let mut info = redis::cmd("INFO");
    let mut connection = redis.connect().await;
    let info: String = info
        .arg("stats")
        .query_async(&mut connection)
        .await
        .unwrap();
    let mut lines = info.lines();
    let count = lines.find_map(|line| line.strip_prefix("total_connections_received:"));
    count.unwrap().parse().unwrap()
}

#[tokio::test]
async fn refuses_a_redis_that_would_evict() {
    let redis = RunningRedis::start(&["--maxmemory-policy", "allkeys-lru"]);
    let refused = Backend::open(&redis.url(), CAPACITY).await;
    assert!(matches!(refused, Err(ConnectError::Evicts(policy)) if policy == "allkeys-lru"));
}

#[tokio::test]
async fn everything_in_redis_has_a_time_to_live_and_ends_with_the_mailbox() {
    let redis = RunningRedis::start(&[]);
    let store = redis_store(&redis).await;
    joined(&store).await;
    append(&store, displayer(), 1, b"m2").await.unwrap();
    // What is refused leaves nothing behind.
    append(&store, displayer(), 1, b"other").await.unwrap_err();
    append(&store, displayer(), 3, b"gap").await.unwrap_err();
    append(&store, token(9), 2, b"stranger").await.unwrap_err();
    let mut connection = redis.connect().await;
    let keys: Vec<Vec<u8>> = redis::cmd("KEYS")
        .arg("*")
        .query_async(&mut connection)
        .await
        .unwrap();
    assert_eq!(keys.len(), 3);
    for key in keys {
        let left: i64 = redis::cmd("PTTL")
            .arg(key)
            .query_async(&mut connection)
            .await
            .unwrap();
        assert!(left > 0 && left <= 120_000);
    }
    store.end(id(0), scanner()).await.unwrap();
    let left: usize = redis::cmd("DBSIZE")
        .query_async(&mut connection)
        .await
        .unwrap();
    assert_eq!(left, 1);
}
