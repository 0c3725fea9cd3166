//! What every registry does alike.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{sync::Arc, time::Duration};

use naru_relay::registry::{AnyRegistry, Registry, RegistryUrl};
use naru_tests::RunningRedis;
use tempfile::TempDir;

const LONG: Option<Duration> = Some(Duration::from_secs(60));

/// Makes three tests of each `async fn name(registry: Arc<AnyRegistry>)`.
macro_rules! on_every_registry {
    ($($name:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::open(&super::RegistryUrl::Memory).await).await;
            })*
        }
        mod in_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let folder = super::TempDir::new().unwrap();
                let url = super::RegistryUrl::Sqlite(folder.path().join("registry"));
                super::$name(super::open(&url).await).await;
            })*
        }
        mod in_redis {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let redis = super::RunningRedis::start(&[]);
                let url = match redis.url() {
                    naru_relay::store::StoreUrl::Redis(deployment) => super::RegistryUrl::Redis(deployment),
                    naru_relay::store::StoreUrl::Memory => panic!("it is a Redis"),
                };
                super::$name(super::open(&url).await).await;
            })*
        }
    };
}

on_every_registry!(
    changes_only_what_is_as_expected,
    lets_one_of_many_be_first,
    gives_away_once_what_is_taken,
    forgets_after_the_time,
);

async fn open(url: &RegistryUrl) -> Arc<AnyRegistry> {
    Arc::new(AnyRegistry::open(url).await.unwrap())
}

async fn changes_only_what_is_as_expected(registry: Arc<AnyRegistry>) {
    assert_eq!(registry.get("a").await.unwrap(), None);
    assert!(
        !registry
            .swap("a", Some(b"1"), Some(b"2"), LONG)
            .await
            .unwrap()
    );
    assert!(
        !registry
            .swap("a", Some(b""), Some(b"2"), LONG)
            .await
            .unwrap()
    );
    assert!(registry.swap("a", None, Some(b"1"), LONG).await.unwrap());
    assert!(!registry.swap("a", None, Some(b"1"), LONG).await.unwrap());
    assert!(
        !registry
            .swap("a", Some(b"2"), Some(b"1"), LONG)
            .await
            .unwrap()
    );
    assert!(
        registry
            .swap("a", Some(b"1"), Some(&[0, 255]), None)
            .await
            .unwrap()
    );
    assert_eq!(registry.get("a").await.unwrap(), Some(vec![0, 255]));
    assert_eq!(registry.get("b").await.unwrap(), None);
    assert!(!registry.swap("a", Some(b"1"), None, None).await.unwrap());
    assert!(
        registry
            .swap("a", Some(&[0, 255]), None, None)
            .await
            .unwrap()
    );
    assert_eq!(registry.get("a").await.unwrap(), None);
}

async fn lets_one_of_many_be_first(registry: Arc<AnyRegistry>) {
    let attempts = (0..50_u8).map(|attempt| {
        let registry = Arc::clone(&registry);
        tokio::spawn(async move {
            registry
                .swap("a", None, Some(&[attempt]), LONG)
                .await
                .unwrap()
        })
    });
    let won = futures_util::future::join_all(attempts).await;
    assert_eq!(
        won.into_iter().filter(|won| *won.as_ref().unwrap()).count(),
        1
    );
}

async fn gives_away_once_what_is_taken(registry: Arc<AnyRegistry>) {
    assert!(registry.swap("a", None, Some(b"1"), LONG).await.unwrap());
    let attempts = (0..50).map(|_| {
        let registry = Arc::clone(&registry);
        tokio::spawn(async move { registry.swap("a", Some(b"1"), None, None).await.unwrap() })
    });
    let won = futures_util::future::join_all(attempts).await;
    assert_eq!(
        won.into_iter().filter(|won| *won.as_ref().unwrap()).count(),
        1
    );
}

async fn forgets_after_the_time(registry: Arc<AnyRegistry>) {
    let short = Some(Duration::from_millis(20));
    assert!(registry.swap("a", None, Some(b"1"), short).await.unwrap());
    while registry.get("a").await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    assert!(registry.swap("a", None, Some(b"2"), LONG).await.unwrap());
}
