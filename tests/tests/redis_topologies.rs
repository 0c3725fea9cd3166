//! Relays on one Redis, on Redis with Sentinel and on Redis Cluster, and what becomes of a transfer when
//! a master is taken away.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    process::Command,
    time::{Duration, Instant},
};

use naru_core::{
    client::GiverCommand,
    giver::Conclusion,
    mailbox::{FrameNumber, Join, MailboxId, Open, Token, TokenHash},
    pairing::Direction,
};
use naru_relay::store::{
    Accepted, Backend, Capacity, Store, StoreError, StoreUrl, redis::ConnectError,
};
use naru_tests::{
    Kind, PATIENCE, RunningCluster, RunningRedis, RunningRelay, RunningSentinels, Topology, offer,
    pair, sample, start_giver_over, start_receiver_over, transport,
};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

const CAPACITY: Capacity = Capacity {
    join_ttl: Duration::from_secs(60),
    transfer_ttl: Duration::from_secs(60),
    deposit_ttl: Duration::from_secs(600),
    lane_frames: 32,
    mailbox_bytes: 100_000,
    mailboxes: 100,
    total_bytes: 1_000_000,
};
/// From the moment at which a master is gone: until its followers know, and until the relay has heard.
const RECOVERED_WITHIN: Duration = Duration::from_secs(5);

fn token(byte: u8) -> TokenHash {
    Token::from_bytes([byte; 32]).hash()
}

fn id(byte: u8) -> MailboxId {
    MailboxId::from_bytes([byte; 16])
}

fn opening(deposit: bool) -> Open {
    Open {
        token: token(1),
        join: token(2),
        deposit: deposit.then(|| 60.try_into().unwrap()),
    }
}

fn joining() -> Join {
    Join {
        token: token(3),
        m1: b"m1".to_vec(),
    }
}

fn number(number: u16) -> FrameNumber {
    FrameNumber::new(number).unwrap()
}

/// Runs `Store::open` until it is answered; how long that took.
async fn recovers(store: &Backend, mailbox: MailboxId) -> Duration {
    let started = Instant::now();
    timeout(PATIENCE, async {
        while store.open(mailbox, opening(false)).await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("the store comes back");
    started.elapsed()
}

/// A certificate crosses from a device at one relay to a device at another.
async fn crosses_between_two_relays(store: StoreUrl) {
    let here = RunningRelay::start_on(store.clone(), |_| {}).await;
    let there = RunningRelay::start_on(store, |_| {}).await;
    for (direction, seed) in [
        (Direction::DisplayerGives, 1),
        (Direction::ScannerGives, 20),
    ] {
        let (ours, theirs) = pair(&here, direction, seed);
        let folder = sample();
        let mut giver = start_giver_over(transport(&here.origin), ours, offer(&folder), seed + 1);
        let mut receiver = start_receiver_over(transport(&there.origin), theirs, seed + 2);
        let code = receiver.code().await;
        giver.joined().await;
        giver.tell(GiverCommand::EnterCode(code));
        let arrival = receiver.arrival().await;
        receiver.store(&arrival);
        giver.received().await;
        giver.tell(GiverCommand::Conclude(Conclusion::Deleted));
        assert_eq!(giver.end().await, Ok(()));
        assert_eq!(receiver.end().await, Ok(Some(Conclusion::Deleted)));
    }
    here.stop().await;
    there.stop().await;
}

/// A waiter on one relay hears of a write on another at once, and not by looking again.
async fn wakes_across_relays(url: StoreUrl) {
    let here = Backend::open(&url, CAPACITY).await.unwrap();
    let there = Backend::open(&url, CAPACITY).await.unwrap();
    for mailbox in 0..20 {
        let mailbox = id(mailbox);
        here.open(mailbox, opening(false)).await.unwrap();
        let watch = here.watch(mailbox, token(1));
        // The subscription may still be on its way: then it wakes everyone when it is there.
        loop {
            if !here
                .read(mailbox, token(1), 0)
                .await
                .unwrap()
                .frames
                .is_empty()
            {
                break;
            }
            there.join(mailbox, token(2), joining()).await.unwrap();
            timeout(Duration::from_secs(3), watch.changed())
                .await
                .expect("it is woken");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_relays_share_sentinels_and_what_they_watch() {
    let sentinels = RunningSentinels::start(&[]).await;
    wakes_across_relays(sentinels.url()).await;
    crosses_between_two_relays(sentinels.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_relays_share_a_cluster() {
    let cluster = RunningCluster::start(&[]).await;
    wakes_across_relays(cluster.url()).await;
    crosses_between_two_relays(cluster.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_failover_is_not_noticed() {
    for kind in [Kind::Sentinel, Kind::Cluster] {
        let mut topology = Topology::start(kind).await;
        let store = Backend::open(&topology.url(), CAPACITY).await.unwrap();
        let calls = async {
            let mut refused = 0;
            for mailbox in 0..100 {
                let opened = store.open(id(mailbox), opening(false)).await;
                refused += usize::from(opened.is_err());
                sleep(Duration::from_millis(20)).await;
            }
            refused
        };
        let (refused, ()) = tokio::join!(calls, topology.fail_over());
        assert_eq!(refused, 0, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn comes_back_when_a_master_is_killed() {
    for kind in [Kind::Sentinel, Kind::Cluster] {
        let mut topology = Topology::start(kind).await;
        let store = Backend::open(&topology.url(), CAPACITY).await.unwrap();
        topology.masters().await[0].kill();
        // All slots, so that the one that was killed is among them.
        for mailbox in 0..16 {
            let took = recovers(&store, id(mailbox)).await;
            assert!(took < RECOVERED_WITHIN, "{took:?} {kind:?}");
        }
        assert_eq!(store.ready().await, Ok(()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn comes_back_when_a_master_is_silent_and_does_not_return_to_it() {
    for kind in [Kind::Sentinel, Kind::Cluster] {
        let mut topology = Topology::start(kind).await;
        let store = Backend::open(&topology.url(), CAPACITY).await.unwrap();
        let silent = topology.masters().await.remove(0);
        silent.freeze();
        let process = silent.process();
        for mailbox in 0..16 {
            let took = recovers(&store, id(mailbox)).await;
            assert!(took < RECOVERED_WITHIN, "{took:?} {kind:?}");
        }
        naru_tests::thaw(process);
        for mailbox in 0..16 {
            let again = store.open(id(mailbox), opening(false)).await;
            assert_eq!(again, Ok(Accepted::Again));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_is_not_acknowledged_before_a_replica_has_it() {
    let sentinels = RunningSentinels::start(&[]).await;
    let url: StoreUrl = (sentinels.address() + "?replicas=2").parse().unwrap();
    let store = Backend::open(&url, CAPACITY).await.unwrap();
    let (kept, lost) = (id(1), id(2));
    // Until both replicas have caught up, a deposit is not acknowledged either.
    timeout(PATIENCE, async {
        while store.open(kept, opening(true)).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    let replicas = sentinels.freeze_replicas().await;
    assert_eq!(
        store.open(lost, opening(true)).await,
        Err(StoreError::Unavailable)
    );
    let frame = store.append(kept, token(1), number(1), vec![1]).await;
    assert_eq!(frame, Err(StoreError::Unavailable));
    // A transfer does not wait: both of its devices are there to send again what is forgotten.
    assert_eq!(store.open(id(3), opening(false)).await, Ok(Accepted::New));
    replicas.into_iter().for_each(naru_tests::thaw);
    timeout(PATIENCE, async {
        while store.append(kept, token(1), number(1), vec![1]).await != Ok(Accepted::Again) {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_acl_is_all_that_the_relay_needs() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/redis/users.acl");
    let shipped = std::fs::read_to_string(file).unwrap();
    let folder = TempDir::new().unwrap();
    let acl = folder.path().join("users.acl");
    // The shipped file locks everybody out until the operator has put in a hash of a password.
    assert!(shipped.contains("<SHA-256 of the password>"));
    let hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    let text = shipped.replace("<SHA-256 of the password>", hash);
    let text: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("user "))
        .collect();
    let administrator = "user default on nopass ~* &* +@all".to_owned();
    let users = text
        .iter()
        .map(ToString::to_string)
        .filter(|line| !line.starts_with("user default"));
    let lines: Vec<_> = users.chain([administrator]).collect();
    std::fs::write(&acl, lines.join("\n") + "\n").unwrap();
    let acl = acl.display().to_string();

    let redis = RunningRedis::start(&["--aclfile", &acl]);
    let login = |address: String, scheme: &str| -> StoreUrl {
        let address = address.replace(scheme, &format!("{scheme}naru:secret@"));
        address.parse().unwrap()
    };
    crosses_between_two_relays(login(redis.address(), "redis://")).await;
    let refused: Vec<redis::Value> = redis::cmd("ACL")
        .arg("LOG")
        .query_async(&mut redis.connect().await)
        .await
        .unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    let mut stranger =
        redis::Client::open(format!("redis://naru:secret@127.0.0.1:{}/", redis.port()))
            .unwrap()
            .get_multiplexed_async_connection()
            .await
            .unwrap();
    for command in [
        redis::cmd("KEYS").arg("*").clone(),
        redis::cmd("FLUSHALL"),
        redis::cmd("CONFIG").arg("GET").arg("*").clone(),
        redis::cmd("GET").arg("other").clone(),
        redis::cmd("SET").arg("other").arg("1").clone(),
        redis::cmd("PUBLISH").arg("other").arg("1").clone(),
    ] {
        assert!(command.exec_async(&mut stranger).await.is_err());
    }

    let sentinels = RunningSentinels::start(&["--aclfile", &acl]).await;
    crosses_between_two_relays(login(sentinels.address(), "redis+sentinel://")).await;
    drop(sentinels);
    let cluster = RunningCluster::start(&["--aclfile", &acl]).await;
    crosses_between_two_relays(login(cluster.address(), "redis+cluster://")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trusts_only_the_servers_of_the_operators_authority() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    for authority in ["ours", "other"] {
        openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=authority",
            "-days",
            "2",
            "-keyout",
            &path(&format!("{authority}.key")),
            "-out",
            &path(&format!("{authority}.pem")),
        ]);
    }
    openssl(&[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=redis",
        "-days",
        "2",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-CA",
        &path("ours.pem"),
        "-CAkey",
        &path("ours.key"),
        "-keyout",
        &path("redis.key"),
        "-out",
        &path("redis.pem"),
    ]);
    let tls = [
        "--tls-cert-file",
        &path("redis.pem"),
        "--tls-key-file",
        &path("redis.key"),
        "--tls-ca-cert-file",
        &path("ours.pem"),
        "--tls-auth-clients",
        "no",
    ];
    let redis = RunningRedis::start_tls(&tls);
    let url = |file: &str| -> StoreUrl {
        let file = path(file);
        format!("rediss://127.0.0.1:{}/?ca_file={file}", redis.tls_port())
            .parse()
            .unwrap()
    };
    crosses_between_two_relays(url("ours.pem")).await;
    let other = Backend::open(&url("other.pem"), CAPACITY).await;
    assert!(matches!(other, Err(ConnectError::Unreachable(_))));
    let missing = Backend::open(&url("missing.pem"), CAPACITY).await;
    assert!(matches!(missing, Err(ConnectError::CaFile { .. })));
}
