//! A change and the read after it in one call come to the same as two calls, in memory and in a real
//! Redis.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{num::NonZeroU32, time::Duration};

use naru_core::mailbox::{FrameNumber, Join, MailboxId, Open, Token, TokenHash};
use naru_relay::store::{
    Accepted, Backend, Capacity, Change, Changed, Lifetimes, Store, StoreError, StoreUrl, Stored,
    Unread,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

const CAPACITY: Capacity = Capacity {
    join_ttl: Duration::from_secs(60),
    transfer_ttl: Duration::from_secs(120),
    deposit_ttl: Duration::from_secs(600),
    lane_frames: 6,
    mailbox_bytes: 4_000,
    mailboxes: 10_000,
    total_bytes: 10_000_000,
};

naru_tests::on_every_store!(
    comes_to_the_same_as_two_calls,
    keeps_a_change_whose_reading_is_refused,
    hands_a_frame_to_the_peer_and_not_to_its_writer,
    keeps_a_lane_of_thousands_of_frames,
);

fn token(byte: u8) -> TokenHash {
    Token::from_bytes([byte; 32]).hash()
}

const DISPLAYER: u8 = 1;
const JOIN: u8 = 2;
const SCANNER: u8 = 3;
const STRANGER: u8 = 9;

fn id(number: u64) -> MailboxId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    MailboxId::from_bytes(bytes)
}

fn opening(deposit: Option<NonZeroU32>) -> Change {
    Change::Open {
        open: Open {
            token: token(DISPLAYER),
            join: token(JOIN),
            deposit,
        },
        lifetimes: Lifetimes::LONGEST,
    }
}

fn joining(by: u8, scanner: u8) -> Change {
    Change::Join {
        by: token(by),
        join: Join {
            token: token(scanner),
            m1: vec![scanner; 20],
        },
        lifetimes: Lifetimes::LONGEST,
    }
}

fn writing(by: u8, number: u16, bytes: &[u8]) -> Change {
    Change::Write {
        by: token(by),
        number: FrameNumber::new(number).unwrap(),
        frame: bytes.to_vec().into(),
    }
}

/// A change that is accepted.
async fn make(store: &Backend, change: Change, after: u16) {
    store.change(id(0), change, after).await.unwrap().1.unwrap();
}

/// The change by itself, which acknowledges nothing, and then the reading.
async fn by_two_calls(
    store: &Backend,
    id: MailboxId,
    change: Change,
    after: u16,
) -> Result<Changed, StoreError> {
    let reader = change.reader();
    let (outcome, _) = store.change(id, change, 0).await?;
    Ok((outcome, store.read(id, reader, after).await))
}

/// Whatever somebody might ask, sensible or not.
fn any_change(random: &mut ChaCha20Rng, deposit: Option<NonZeroU32>) -> (Change, u16) {
    let mut one_of = |most: u32| random.next_u32() % most;
    let after = one_of(4) as u16;
    let change = match one_of(12) {
        0 => opening(deposit),
        1 => joining(JOIN, SCANNER),
        2 => joining([JOIN, STRANGER][one_of(2) as usize], 4),
        _ => {
            let by = [DISPLAYER, SCANNER, DISPLAYER, SCANNER, STRANGER, JOIN][one_of(6) as usize];
            let number = 1 + one_of(7) as u16;
            // Redis is given small frames otherwise than large ones.
            let size = [40, 1_024, 1_025][one_of(3) as usize];
            let bytes = vec![one_of(2) as u8 + number as u8; size];
            writing(by, number, &bytes)
        }
    };
    (change, after)
}

fn without_time(result: Result<Changed, StoreError>) -> String {
    let said = result.map(|(outcome, unread)| {
        let unread = unread.map(|unread| {
            // What has passed between two calls is far less.
            let lives = unread.expires_in.as_secs_f64() / 60.0;
            (unread.frames, unread.written, lives.round())
        });
        (outcome, unread)
    });
    format!("{said:?}")
}

async fn comes_to_the_same_as_two_calls(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    let mut read = 0;
    for seed in 0..150 {
        let deposit = NonZeroU32::new(300).filter(|_| seed % 3 == 0);
        let (one, other) = (id(2 * seed), id(2 * seed + 1));
        let changes = |seed| {
            let mut random = ChaCha20Rng::seed_from_u64(seed);
            let begin = [(opening(deposit), 0), (joining(JOIN, SCANNER), 0)];
            let go_on = std::iter::repeat_with(move || any_change(&mut random, deposit));
            begin.into_iter().chain(go_on.take(40))
        };
        for ((change, after), (same, _)) in changes(seed).zip(changes(seed)) {
            let said = format!("seed {seed}: {change:?} after {after}");
            let in_one = without_time(store.change(one, change, after).await);
            let in_two = without_time(by_two_calls(&store, other, same, after).await);
            read += usize::from(in_one.contains("Ok(([b"));
            assert_eq!(in_one, in_two, "{said}");
        }
    }
    assert!(read > 100, "only {read} changes had something to read");
}

async fn keeps_a_lane_of_thousands_of_frames(url: StoreUrl) {
    const FRAMES: u16 = 3_300;
    let capacity = Capacity {
        lane_frames: u16::MAX,
        ..CAPACITY
    };
    let store = Backend::open(&url, capacity).await.unwrap();
    make(&store, opening(None), 0).await;
    make(&store, joining(JOIN, SCANNER), 0).await;
    for number in 1..=FRAMES {
        make(&store, writing(DISPLAYER, number, &[number as u8]), 1).await;
    }
    let unread = store.read(id(0), token(SCANNER), FRAMES - 1).await.unwrap();
    assert_eq!(unread.frames, [vec![FRAMES as u8]]);
    let others = store.read(id(0), token(DISPLAYER), 1).await.unwrap();
    assert_eq!((others.frames.len(), others.written), (0, FRAMES));
}

/// Whatever is asked of a mailbox, and whoever ends it.
#[tokio::test]
async fn redis_says_what_memory_says() {
    let redis = naru_tests::RunningRedis::start(&[]);
    let in_memory = Backend::open(&StoreUrl::Memory, CAPACITY).await.unwrap();
    let in_redis = Backend::open(&redis.url(), CAPACITY).await.unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..300 {
        let deposit = NonZeroU32::new(300).filter(|_| seed % 3 == 0);
        for step in 0..30 {
            let said = format!("seed {seed}, step {step}");
            let mut random = ChaCha20Rng::seed_from_u64(1_000 * seed + step);
            let by = token([DISPLAYER, SCANNER, STRANGER, JOIN][random.next_u32() as usize % 4]);
            let after = (random.next_u32() % 4) as u16;
            match random.next_u32() % 16 {
                0 => {
                    let one = in_memory.close(id(seed), by).await;
                    assert_eq!(one, in_redis.close(id(seed), by).await, "{said}: end");
                }
                1..4 => {
                    let read = async |store: &Backend| {
                        let read = store.read(id(seed), by, after).await;
                        read.map(|unread| (unread.frames, unread.written))
                    };
                    let one = read(&in_memory).await;
                    assert_eq!(one, read(&in_redis).await, "{said}: read");
                }
                _ => {
                    let asked = || match step {
                        0 => (opening(deposit), 0),
                        1 => (joining(JOIN, SCANNER), 0),
                        _ => any_change(&mut random.clone(), deposit),
                    };
                    let make = async |store: &Backend| {
                        let (change, after) = asked();
                        store.change(id(seed), change, after).await
                    };
                    let one = make(&in_memory).await;
                    accepted += usize::from(one.is_ok());
                    refused += usize::from(one.is_err());
                    let other = make(&in_redis).await;
                    assert_eq!(without_time(one), without_time(other), "{said}: change");
                }
            }
        }
    }
    assert!(
        accepted > 1_000 && refused > 1_000,
        "{accepted} and {refused}"
    );
}

async fn keeps_a_change_whose_reading_is_refused(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    make(&store, opening(None), 0).await;
    make(&store, joining(JOIN, SCANNER), 0).await;
    let written = store.change(id(0), writing(DISPLAYER, 1, b"one"), 1);
    let (_, unread) = written.await.unwrap();
    assert!(
        unread.unwrap().frames.is_empty(),
        "the join is acknowledged"
    );
    let written = store.change(id(0), writing(DISPLAYER, 2, b"two"), 0);
    let (outcome, unread) = written.await.unwrap();
    assert_eq!(outcome.accepted, Accepted::New);
    assert_eq!(unread, Err(StoreError::Acknowledged));
    let Unread { frames, .. } = store.read(id(0), token(SCANNER), 0).await.unwrap();
    assert_eq!(frames, [&b"one"[..], b"two"]);
}

async fn hands_a_frame_to_the_peer_and_not_to_its_writer(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    make(&store, opening(None), 0).await;
    let displayer = store.watch(id(0), token(DISPLAYER));
    let scanner = store.watch(id(0), token(SCANNER));
    make(&store, joining(JOIN, SCANNER), 0).await;
    assert!(scanner.take(0).is_none(), "its own");
    assert!(displayer.take(1).is_none(), "it has it");
    let handed = displayer.take(0).expect("the join's");
    assert_eq!(handed.frame, Stored::Here(vec![SCANNER; 20].into()));
    assert!(handed.expires_in > CAPACITY.join_ttl, "it lives on");
    assert!(displayer.take(0).is_none(), "once");
    let refused = store.change(id(0), writing(STRANGER, 1, b"no"), 0).await;
    assert_eq!(refused, Err(StoreError::Unknown));
    assert!(scanner.take(0).is_none(), "it was refused");
    for _ in 0..2 {
        make(&store, writing(DISPLAYER, 1, b"one"), 1).await;
    }
    assert!(displayer.take(0).is_none(), "its own");
    let handed = scanner.take(0).expect("the frame");
    assert_eq!(handed.frame, Stored::Here(b"one".to_vec().into()));
}
