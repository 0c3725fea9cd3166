//! What `deploy/` says fits what the relay does.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{collections::BTreeSet, fs, path::PathBuf};

use naru_tests::{RunningRedis, RunningRelay, http_client};

fn deployed(name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(name)).unwrap()
}

/// The words of a text that begin with `start`.
fn words<'t>(text: &'t str, start: &str) -> BTreeSet<&'t str> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let words = text.split(|character| !is_part(character));
    words.filter(|word| word.starts_with(start)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_and_dashboard_ask_only_for_metrics_that_there_are() {
    let redis = RunningRedis::start(&[]);
    let relay = RunningRelay::start_on(redis.url(), |_| {}).await;
    let get = async |path: &str| {
        let answer = http_client()
            .get(format!("{}{path}", relay.origin))
            .send()
            .await;
        answer.unwrap().text().await.unwrap()
    };
    get("/healthz").await;
    let exported = get("/metrics").await;
    let exported = words(&exported, "naru_");
    for file in [
        "deploy/prometheus/alerts.yaml",
        "deploy/grafana/naru-relay.json",
    ] {
        let text = deployed(file);
        let asked = words(&text, "naru_");
        assert!(!asked.is_empty());
        for metric in asked {
            assert!(exported.contains(metric), "{file}: {metric}");
        }
    }
    let protocol = deployed("docs/protocol.md");
    let alerts = deployed("deploy/prometheus/alerts.yaml");
    for code in alerts.split("code=\"").skip(1) {
        let code = code.split('"').next().unwrap();
        assert!(protocol.contains(&format!("`{code}`")), "{code}");
    }
    relay.stop().await;
}

#[test]
fn every_setting_that_is_named_exists() {
    let help = deployed("server/src/settings.rs");
    let known = words(&help, "NARU_");
    for file in [
        "deploy/docker/Dockerfile",
        "deploy/compose/compose.yaml",
        "deploy/helm/naru-relay/values.yaml",
        "deploy/helm/naru-relay/templates/deployment.yaml",
        "deploy/systemd/naru-relay.service",
        "docs/running.md",
    ] {
        for setting in words(&deployed(file), "NARU_") {
            assert!(known.contains(setting), "{file}: {setting}");
        }
    }
}

#[test]
fn every_redis_that_is_shipped_keeps_what_it_has() {
    for file in ["deploy/redis/redis.conf", "deploy/compose/compose.yaml"] {
        let text = deployed(file);
        assert!(text.contains("maxmemory-policy noeviction"), "{file}");
        assert!(text.contains("appendonly yes"), "{file}");
    }
}
