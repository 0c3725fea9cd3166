//! What every store keeps to for deposits, in memory and in a real Redis.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{num::NonZeroU32, time::Duration};

use naru_core::mailbox::{FrameNumber, Join, MailboxId, Open, Token, TokenHash};
use naru_relay::store::{Accepted, Backend, Capacity, Store, StoreError, StoreUrl};
use naru_tests::{PATIENCE, RunningRedis};
use tokio::time::{sleep, timeout};

const CAPACITY: Capacity = Capacity {
    join_ttl: Duration::from_secs(60),
    transfer_ttl: Duration::from_secs(60),
    deposit_ttl: Duration::from_secs(600),
    lane_frames: 8,
    mailbox_bytes: 1_000,
    mailboxes: 100,
    total_bytes: 100_000,
};
/// Over at once.
const NO_LEASE: Capacity = Capacity {
    transfer_ttl: Duration::from_millis(1),
    ..CAPACITY
};

naru_tests::on_every_store!(
    keeps_frames_that_came_before_anybody_and_for_as_long_as_asked,
    cuts_the_time_to_the_operators_longest,
    refuses_the_same_tokens_for_another_kind_of_mailbox,
    holds_a_deposit_for_one_claimant,
    gives_an_abandoned_deposit_to_the_next,
    a_claimant_that_gives_it_back_leaves_it_whole,
    keeps_the_bundle_until_there_is_a_receipt,
    a_receipt_closes_the_deposit_for_all_others,
    a_claimant_cannot_end_it_and_the_depositor_can,
    lets_one_of_many_claimants_have_it,
);

fn token(seed: u8) -> TokenHash {
    Token::from_bytes([seed; 32]).hash()
}

fn depositor() -> TokenHash {
    token(1)
}

fn join_token() -> TokenHash {
    token(2)
}

fn id() -> MailboxId {
    MailboxId::from_bytes([7; 16])
}

fn opening(seconds: u32) -> Open {
    Open {
        token: depositor(),
        join: join_token(),
        deposit: NonZeroU32::new(seconds),
    }
}

fn claim(seed: u8) -> Join {
    Join {
        token: token(seed),
        m1: vec![seed; 32],
    }
}

async fn append(store: &Backend, by: TokenHash, frame: u16, bytes: &[u8]) -> Accepted {
    let number = FrameNumber::new(frame).unwrap();
    store
        .append(id(), by, number, bytes.to_vec())
        .await
        .unwrap()
}

async fn frames(store: &Backend, by: TokenHash, after: u16) -> Vec<Vec<u8>> {
    let unread = store.read(id(), by, after).await.unwrap();
    unread.frames.into_iter().map(Vec::from).collect()
}

/// A store with a deposit of two frames.
async fn deposited(url: &StoreUrl, capacity: Capacity) -> Backend {
    let store = Backend::open(url, capacity).await.unwrap();
    store.open(id(), opening(300)).await.unwrap();
    append(&store, depositor(), 1, b"nonce").await;
    append(&store, depositor(), 2, b"bundle").await;
    store
}

async fn keeps_frames_that_came_before_anybody_and_for_as_long_as_asked(url: StoreUrl) {
    let store = deposited(&url, CAPACITY).await;
    assert_eq!(
        append(&store, depositor(), 2, b"bundle").await,
        Accepted::Again
    );
    let unread = store.read(id(), depositor(), 0).await.unwrap();
    assert!(unread.frames.is_empty());
    let kept = Duration::from_secs(300);
    assert!(unread.expires_in <= kept && unread.expires_in > kept - PATIENCE);
    store.join(id(), join_token(), claim(3)).await.unwrap();
    let unread = store.read(id(), token(3), 0).await.unwrap();
    assert_eq!(unread.frames, [&b"nonce"[..], b"bundle"]);
    // A claim makes it neither shorter nor longer.
    assert!(unread.expires_in <= kept && unread.expires_in > kept - PATIENCE);
}

async fn cuts_the_time_to_the_operators_longest(url: StoreUrl) {
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    store.open(id(), opening(u32::MAX)).await.unwrap();
    let unread = store.read(id(), depositor(), 0).await.unwrap();
    assert!(unread.expires_in <= CAPACITY.deposit_ttl);
}

async fn refuses_the_same_tokens_for_another_kind_of_mailbox(url: StoreUrl) {
    let store = deposited(&url, CAPACITY).await;
    assert_eq!(store.open(id(), opening(300)).await, Ok(Accepted::Again));
    for other in [
        opening(301),
        Open {
            deposit: None,
            ..opening(300)
        },
    ] {
        assert_eq!(store.open(id(), other).await, Err(StoreError::Exists));
    }
}

async fn holds_a_deposit_for_one_claimant(url: StoreUrl) {
    let store = deposited(&url, CAPACITY).await;
    let first = store.join(id(), join_token(), claim(3)).await;
    assert_eq!(first, Ok(Accepted::New));
    let again = store.join(id(), join_token(), claim(3)).await;
    assert_eq!(again, Ok(Accepted::Again));
    let second = store.join(id(), join_token(), claim(4)).await;
    assert_eq!(second, Err(StoreError::AlreadyJoined));
    let stranger = store.join(id(), token(9), claim(4)).await;
    assert_eq!(stranger, Err(StoreError::Unknown));
    assert_eq!(frames(&store, depositor(), 0).await, [[3; 32]]);
}

async fn gives_an_abandoned_deposit_to_the_next(url: StoreUrl) {
    let store = deposited(&url, NO_LEASE).await;
    store.join(id(), join_token(), claim(3)).await.unwrap();
    timeout(PATIENCE, async {
        while store.join(id(), join_token(), claim(4)).await.is_err() {
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .unwrap();
    let late = store.read(id(), token(3), 0).await;
    assert_eq!(late, Err(StoreError::Unknown));
    assert_eq!(frames(&store, token(4), 0).await.len(), 2);
    assert_eq!(frames(&store, depositor(), 0).await, [[4; 32]]);
}

async fn a_claimant_that_gives_it_back_leaves_it_whole(url: StoreUrl) {
    let store = deposited(&url, CAPACITY).await;
    for seed in [3, 4] {
        store.join(id(), join_token(), claim(seed)).await.unwrap();
        assert_eq!(frames(&store, token(seed), 0).await.len(), 2);
        store.end(id(), token(seed)).await.unwrap();
        assert!(frames(&store, depositor(), 0).await.is_empty());
        let gone = store.read(id(), token(seed), 0).await;
        assert_eq!(gone, Err(StoreError::Unknown));
    }
}

async fn keeps_the_bundle_until_there_is_a_receipt(url: StoreUrl) {
    let store = deposited(&url, CAPACITY).await;
    store.join(id(), join_token(), claim(3)).await.unwrap();
    assert_eq!(frames(&store, token(3), 1).await, [b"bundle"]);
    assert!(frames(&store, token(3), 2).await.is_empty());
    assert_eq!(frames(&store, token(3), 0).await.len(), 2);
    append(&store, token(3), 2, b"receipt").await;
    assert!(frames(&store, token(3), 2).await.is_empty());
    let forgotten = store.read(id(), token(3), 0).await;
    assert_eq!(forgotten, Err(StoreError::Acknowledged));
    assert_eq!(frames(&store, depositor(), 1).await, [b"receipt"]);
}

async fn a_receipt_closes_the_deposit_for_all_others(url: StoreUrl) {
    let store = deposited(&url, NO_LEASE).await;
    store.join(id(), join_token(), claim(3)).await.unwrap();
    append(&store, token(3), 2, b"receipt").await;
    // The lease is over by now or will be; it does not matter any more.
    for _ in 0..20 {
        let second = store.join(id(), join_token(), claim(4)).await;
        assert_eq!(second, Err(StoreError::AlreadyJoined));
        sleep(Duration::from_millis(1)).await;
    }
    store.end(id(), token(3)).await.unwrap();
    let read = frames(&store, depositor(), 0).await;
    assert_eq!(read, [&[3; 32][..], b"receipt"]);
    let second = store.join(id(), join_token(), claim(4)).await;
    assert_eq!(second, Err(StoreError::AlreadyJoined));
}

async fn a_claimant_cannot_end_it_and_the_depositor_can(url: StoreUrl) {
    let store = deposited(&url, CAPACITY).await;
    assert_eq!(
        store.end(id(), join_token()).await,
        Err(StoreError::Unknown)
    );
    store.join(id(), join_token(), claim(3)).await.unwrap();
    store.end(id(), depositor()).await.unwrap();
    for holder in [depositor(), token(3)] {
        let read = store.read(id(), holder, 0).await;
        assert_eq!(read, Err(StoreError::Ended));
    }
    let late = store.join(id(), join_token(), claim(4)).await;
    assert_eq!(late, Err(StoreError::Ended));
}

async fn lets_one_of_many_claimants_have_it(url: StoreUrl) {
    let store = std::sync::Arc::new(deposited(&url, CAPACITY).await);
    let claims: Vec<_> = (10..40)
        .map(|seed| {
            let store = store.clone();
            tokio::spawn(async move { store.join(id(), join_token(), claim(seed)).await })
        })
        .collect();
    let mut admitted = 0;
    for claim in claims {
        match claim.await.unwrap() {
            Ok(accepted) => {
                assert_eq!(accepted, Accepted::New);
                admitted += 1;
            }
            Err(error) => assert_eq!(error, StoreError::AlreadyJoined),
        }
    }
    assert_eq!(admitted, 1);
}

#[tokio::test]
async fn a_redis_that_keeps_a_log_has_the_deposit_after_every_restart() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let mut redis = RunningRedis::start(&["--dir", path, "--appendonly", "yes"]);
    let url = redis.url();
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    store.open(id(), opening(300)).await.unwrap();
    redis.restart().await;
    reconnected(&store).await;
    append(&store, depositor(), 1, b"nonce").await;
    redis.restart().await;
    reconnected(&store).await;
    append(&store, depositor(), 2, b"bundle").await;
    redis.restart().await;
    reconnected(&store).await;
    store.join(id(), join_token(), claim(3)).await.unwrap();
    redis.restart().await;
    reconnected(&store).await;
    let second = store.join(id(), join_token(), claim(4)).await;
    assert_eq!(second, Err(StoreError::AlreadyJoined));
    assert_eq!(
        frames(&store, token(3), 0).await,
        [&b"nonce"[..], b"bundle"]
    );
    append(&store, token(3), 2, b"receipt").await;
    redis.restart().await;
    reconnected(&store).await;
    let read = frames(&store, depositor(), 0).await;
    assert_eq!(read, [&[3; 32][..], b"receipt"]);
    let second = store.join(id(), join_token(), claim(4)).await;
    assert_eq!(second, Err(StoreError::AlreadyJoined));
}

async fn reconnected(store: &Backend) {
    timeout(PATIENCE, async {
        while store.ready().await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
}
