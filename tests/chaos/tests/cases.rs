//! A few of the cases of `cargo xtask chaos`, one after the other.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{env, path::PathBuf, process::Command, time::Duration};

use naru_chaos::{Case, Ending, Fault, Step, run};
use naru_tests::Kind;
use tokio::task::LocalSet;

/// The relay's program, which stands beside this test's folder.
fn relay() -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", "naru-relay"])
        .status();
    assert!(built.is_ok_and(|status| status.success()));
    let test = env::current_exe().unwrap();
    let folder = test.parent().and_then(|deps| deps.parent()).unwrap();
    folder.join("naru-relay")
}

#[tokio::test]
async fn a_transfer_survives_what_is_taken_away() {
    let relay = relay();
    for (store, fault, step) in [
        (Kind::Single, Fault::RelayKilled, Step::Sending),
        (Kind::Single, Fault::RedisKilled, Step::Arrived),
        (Kind::Sentinel, Fault::RedisKilled, Step::Sending),
        (Kind::Sentinel, Fault::RedisStopped, Step::Acknowledging),
        (Kind::Cluster, Fault::RedisFailedOver, Step::Joined),
        (Kind::Cluster, Fault::RelayKilled, Step::Acknowledging),
    ] {
        let case = Case { store, fault, step };
        let ended = LocalSet::new().run_until(run(case, &relay)).await;
        match ended.unwrap_or_else(|what| panic!("{case}: {what}")) {
            Ending::Done { recovered } => {
                assert!(recovered <= Duration::from_secs(8), "{case}: {recovered:?}");
            }
            // What the failover forgot was the mailbox itself.
            Ending::Failed { causes } => assert_eq!(causes[0], "relay_lost", "{case}"),
        }
    }
}
