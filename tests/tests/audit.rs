//! What every store of the audit keeps to, and what the relay notes in it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{fs, num::NonZeroU32, path::Path, time::Duration};

use futures_util::future::join_all;
use naru_core::mailbox::{Join, MailboxId, Open, Token};
use naru_relay::{
    Reference,
    audit::{
        AuditStore, AuditUrl, Break, Entry, Event, ExportTarget, Kind, Retention, Trail,
        UnknownAudit, verify,
    },
};
use naru_tests::{RunningCluster, RunningRedis, RunningRelay, http_client};
use reqwest::{Method, Response};
use tempfile::TempDir;

/// Makes a test for each store of each `async fn name(trail: &Trail)`.
macro_rules! on_every_trail {
    ($($name:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&super::open(&super::AuditUrl::Memory).await).await;
            })*
        }
        mod in_sqlite {
            $(#[tokio::test]
            async fn $name() {
                let folder = tempfile::TempDir::new().unwrap();
                super::$name(&super::open(&super::sqlite(folder.path())).await).await;
            })*
        }
        mod in_redis {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let redis = naru_tests::RunningRedis::start(&[]);
                super::$name(&super::open(&redis.address().parse().unwrap()).await).await;
            })*
        }
    };
}

on_every_trail!(
    keeps_events_in_their_order,
    finds_what_has_a_reference_number,
    removes_what_is_old_and_says_so,
    tells_when_entries_were_removed_before_their_time,
    chains_what_many_write_at_once,
);

async fn open(url: &AuditUrl) -> Trail {
    Trail::open(url).await.unwrap()
}

fn sqlite(folder: &Path) -> AuditUrl {
    AuditUrl::Sqlite(folder.join("audit.sqlite"))
}

fn reference(seed: u8) -> Reference {
    Reference::of(&MailboxId::from_bytes([seed; 16]))
}

fn event(seed: u8) -> Event {
    Event::now(Kind::Opening).about(reference(seed))
}

async fn entries(trail: &Trail) -> Vec<Entry> {
    let lines = trail.lines(0, 10_000).await.unwrap();
    let entries = lines.iter().map(|line| serde_json::from_str(line).unwrap());
    entries.collect()
}

async fn keeps_events_in_their_order(trail: &Trail) {
    assert_eq!(verify(trail).await.unwrap(), Ok(0));
    let events: Vec<_> = (0..5).map(event).collect();
    trail.append(&events[..2]).await.unwrap();
    trail.append(&events[2..]).await.unwrap();
    trail.append(&[]).await.unwrap();
    let entries = entries(trail).await;
    let numbers: Vec<u64> = entries.iter().map(|entry| entry.sequence).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    let kept: Vec<Event> = entries.into_iter().map(|entry| entry.event).collect();
    assert_eq!(kept, events);
    assert_eq!(verify(trail).await.unwrap(), Ok(5));
    assert_eq!(trail.lines(3, 1).await.unwrap().len(), 1);
    assert_eq!(trail.lines(5, 10).await.unwrap().len(), 0);
}

async fn finds_what_has_a_reference_number(trail: &Trail) {
    let events = [event(1), event(2), Event::now(Kind::RuleChange), event(1)];
    trail.append(&events).await.unwrap();
    let found = trail.find(reference(1)).await.unwrap();
    let found: Vec<u64> = found
        .iter()
        .map(|line| serde_json::from_str::<Entry>(line).unwrap().sequence)
        .collect();
    assert_eq!(found, [1, 4]);
    assert!(trail.find(reference(3)).await.unwrap().is_empty());
}

async fn removes_what_is_old_and_says_so(trail: &Trail) {
    let old: Vec<_> = (0..3)
        .map(|seed| Event {
            at: "2024-01-02T03:04:05.678Z".parse().unwrap(),
            ..event(seed)
        })
        .collect();
    trail.append(&old).await.unwrap();
    trail.append(&[event(7)]).await.unwrap();
    let before = "2025-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(trail.remove_before(before).await.unwrap(), 3);
    assert_eq!(trail.remove_before(before).await.unwrap(), 0);
    let kept: Vec<Kind> = entries(trail)
        .await
        .iter()
        .map(|it| it.event.kind)
        .collect();
    assert_eq!(kept, [Kind::Opening, Kind::Retention]);
    assert_eq!(verify(trail).await.unwrap(), Ok(2));
    trail.append(&[event(8)]).await.unwrap();
    assert_eq!(verify(trail).await.unwrap(), Ok(3));
}

async fn tells_when_entries_were_removed_before_their_time(trail: &Trail) {
    trail.append(&[event(1), event(2), event(3)]).await.unwrap();
    let second = entries(trail).await[1].link();
    trail.forget(&second).await.unwrap();
    let broken = verify(trail).await.unwrap();
    assert_eq!(broken, Err(Break::RemovedEarly { sequence: 2 }));
}

async fn chains_what_many_write_at_once(trail: &Trail) {
    let writers = (0..20).map(|seed| async move {
        for _ in 0..5 {
            trail.append(&[event(seed), event(seed)]).await.unwrap();
        }
    });
    join_all(writers).await;
    assert_eq!(verify(trail).await.unwrap(), Ok(200));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_relays_write_one_chain() {
    let redis = RunningRedis::start(&[]);
    let url: AuditUrl = redis.address().parse().unwrap();
    let (one, other) = (open(&url).await, open(&url).await);
    for seed in 0..10 {
        one.append(&[event(seed)]).await.unwrap();
        other.append(&[event(seed)]).await.unwrap();
    }
    assert_eq!(verify(&one).await.unwrap(), Ok(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_has_the_whole_chain_in_one_place() {
    let cluster = RunningCluster::start(&[]).await;
    let trail = open(&cluster.address().parse().unwrap()).await;
    removes_what_is_old_and_says_so(&trail).await;
    assert_eq!(trail.find(reference(7)).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sees_an_entry_that_was_taken_out_of_a_stream() {
    let redis = RunningRedis::start(&[]);
    let trail = open(&redis.address().parse().unwrap()).await;
    trail.append(&[event(1), event(2), event(3)]).await.unwrap();
    let mut taken = redis::cmd("XDEL");
    taken.arg("naru:{audit}:entries").arg("2-0");
    let taken: u64 = taken.query_async(&mut redis.connect().await).await.unwrap();
    assert_eq!(taken, 1);
    let broken = verify(&trail).await.unwrap();
    assert_eq!(broken, Err(Break::Missing { expected: 2 }));
}

#[tokio::test]
async fn a_file_is_read_while_another_writes_and_after_it() {
    let folder = TempDir::new().unwrap();
    let writer = open(&sqlite(folder.path())).await;
    writer.append(&[event(1)]).await.unwrap();
    let reader = open(&sqlite(folder.path())).await;
    assert_eq!(reader.find(reference(1)).await.unwrap().len(), 1);
    reader.append(&[Event::now(Kind::LookUp)]).await.unwrap();
    writer.append(&[event(2)]).await.unwrap();
    drop((writer, reader));
    assert_eq!(
        verify(&open(&sqlite(folder.path())).await).await.unwrap(),
        Ok(3)
    );
}

/// Does to the stored entries what whoever has the file can do.
async fn tampered(change: &str) -> Break {
    let folder = TempDir::new().unwrap();
    let AuditUrl::Sqlite(path) = sqlite(folder.path()) else {
        panic!("no file");
    };
    let trail = open(&AuditUrl::Sqlite(path.clone())).await;
    let events: Vec<_> = (1..=5).map(event).collect();
    trail.append(&events).await.unwrap();
    assert_eq!(verify(&trail).await.unwrap(), Ok(5));
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch("DROP TRIGGER entry_is_final")
        .unwrap();
    connection.execute_batch(change).unwrap();
    verify(&trail).await.unwrap().unwrap_err()
}

#[tokio::test]
async fn sees_a_changed_removed_added_or_reordered_entry() {
    let cases = [
        (
            "UPDATE entry SET line = replace(line, 'opening', 'join') WHERE sequence = 3",
            Break::Changed { sequence: 3 },
        ),
        (
            "UPDATE entry SET line = replace(line, ',\"event\"', ', \"event\"') WHERE sequence = 3",
            Break::Changed { sequence: 3 },
        ),
        (
            "UPDATE entry SET line = 'gone' WHERE sequence = 2",
            Break::Changed { sequence: 2 },
        ),
        (
            "DELETE FROM entry WHERE sequence = 3",
            Break::Missing { expected: 3 },
        ),
        (
            "DELETE FROM entry WHERE sequence = 1",
            Break::Missing { expected: 1 },
        ),
        (
            "DELETE FROM entry WHERE sequence >= 4",
            Break::Missing { expected: 4 },
        ),
        ("DELETE FROM entry", Break::Missing { expected: 1 }),
        (
            "UPDATE entry SET sequence = 9 WHERE sequence = 2;
            UPDATE entry SET sequence = 2 WHERE sequence = 3;
            UPDATE entry SET sequence = 3 WHERE sequence = 9",
            Break::Missing { expected: 2 },
        ),
        (
            "UPDATE entry SET line = (SELECT line FROM entry WHERE sequence = 4) WHERE sequence = 3",
            Break::Missing { expected: 3 },
        ),
        (
            "UPDATE chain_end SET hash = 'other' WHERE name = 'head'",
            Break::Changed { sequence: 5 },
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(tampered(change).await, expected, "{change}");
    }
}

#[tokio::test]
async fn a_stored_entry_cannot_be_changed_by_mistake() {
    let folder = TempDir::new().unwrap();
    let url = sqlite(folder.path());
    open(&url).await.append(&[event(1)]).await.unwrap();
    let AuditUrl::Sqlite(path) = url else {
        panic!("no file");
    };
    let connection = rusqlite::Connection::open(path).unwrap();
    assert!(
        connection
            .execute("UPDATE entry SET line = ''", [])
            .is_err()
    );
}

#[test]
fn knows_where_a_log_can_be() {
    assert!(matches!("memory".parse(), Ok(AuditUrl::Memory)));
    assert!(
        matches!("sqlite:/a/b".parse(), Ok(AuditUrl::Sqlite(path)) if path == Path::new("/a/b"))
    );
    assert!(matches!("redis://host".parse(), Ok(AuditUrl::Redis(_))));
    for text in ["", "sqlite:", "postgres://host", "/a/b"] {
        assert!(
            matches!(text.parse::<AuditUrl>(), Err(UnknownAudit)),
            "{text}"
        );
    }
    assert_eq!(Retention::OneYear.duration().as_hours(), 365 * 24);
    assert_eq!(Retention::TwoYears.duration().as_hours(), 730 * 24);
}

/// Secrets that are looked for wherever they must not be.
fn token(seed: u8) -> Token {
    Token::from_bytes([seed; 32])
}

const M1: &str = "canary-of-the-first-message";
const FRAME: &str = "canary-of-a-frame";

struct Noted {
    relay: RunningRelay,
    folder: TempDir,
}

impl Noted {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().to_owned();
        let relay = RunningRelay::start(|settings| {
            settings.audit = sqlite(&path);
            settings.audit_exports = vec![ExportTarget::File(path.join("audit.jsonl"))];
        })
        .await;
        Self { relay, folder }
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        by: &Token,
        kind: &str,
        body: Vec<u8>,
    ) -> Response {
        let url = format!("{}/v1/mailboxes/{path}", self.relay.origin);
        let call = http_client()
            .request(method, url)
            .header("content-type", kind);
        let call = call.header("authorization", by.authorization()).body(body);
        call.send().await.unwrap()
    }

    async fn open(&self, id: &MailboxId, deposit: Option<u32>) -> Response {
        let open = Open {
            token: token(201).hash(),
            join: token(202).hash(),
            deposit: deposit.and_then(NonZeroU32::new),
        };
        let path = id.to_string();
        self.call(
            Method::PUT,
            &path,
            &token(201),
            "application/cbor",
            open.to_cbor(),
        )
        .await
    }

    async fn join(&self, id: &MailboxId, by: &Token) -> Response {
        let join = Join {
            token: token(203).hash(),
            m1: M1.into(),
        };
        let path = format!("{id}/join");
        self.call(Method::POST, &path, by, "application/cbor", join.to_cbor())
            .await
    }

    async fn append(&self, id: &MailboxId, number: u16, by: &Token) -> Response {
        let path = format!("{id}/frames/{number}");
        self.call(
            Method::PUT,
            &path,
            by,
            "application/octet-stream",
            FRAME.into(),
        )
        .await
    }

    async fn end(&self, id: &MailboxId, by: &Token) -> Response {
        self.call(
            Method::DELETE,
            &id.to_string(),
            by,
            "text/plain",
            Vec::new(),
        )
        .await
    }

    /// Stops the relay; yields what it has noted about a mailbox.
    async fn noted(self, id: &MailboxId) -> (Vec<(Kind, Option<String>)>, TempDir) {
        self.relay.stop().await;
        let trail = open(&sqlite(self.folder.path())).await;
        verify(&trail).await.unwrap().unwrap();
        let lines = trail.find(Reference::of(id)).await.unwrap();
        let events = lines
            .iter()
            .map(|line| serde_json::from_str::<Entry>(line).unwrap().event)
            .inspect(|event| assert!(event.from.unwrap().is_loopback()))
            .map(|event| (event.kind, event.failure));
        (events.collect(), self.folder)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_a_transfer_from_its_opening_to_its_end() {
    let noted = Noted::start().await;
    let id = MailboxId::from_bytes([77; 16]);
    let opened = noted.open(&id, None).await;
    assert_eq!(
        opened.headers()["naru-reference"],
        Reference::of(&id).to_string().as_str()
    );
    noted.open(&id, None).await;
    noted.join(&id, &token(202)).await;
    noted.append(&id, 2, &token(203)).await;
    let wrong = noted.join(&id, &token(209)).await;
    assert_eq!(
        wrong.headers()["naru-reference"],
        Reference::of(&id).to_string().as_str()
    );
    noted.end(&id, &token(201)).await;
    noted.end(&id, &token(203)).await;
    let (events, _) = noted.noted(&id).await;
    let failure = |code: &str| (Kind::Failure, Some(code.to_owned()));
    let expected = [
        (Kind::Opening, None),
        (Kind::Join, None),
        failure("mailbox_unknown"),
        (Kind::End, None),
        failure("mailbox_ended"),
    ];
    assert_eq!(events, expected);
}

/// What came with the request is let go of while it waits.
#[tokio::test(flavor = "multi_thread")]
async fn notes_from_where_behind_a_proxy_somebody_has_waited_in_vain() {
    let folder = TempDir::new().unwrap();
    let relay = RunningRelay::start(|settings| {
        settings.audit = sqlite(folder.path());
        settings.capacity.join_ttl = Duration::from_secs(1);
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let noted = Noted { relay, folder };
    let id = MailboxId::from_bytes([79; 16]);
    noted.open(&id, None).await;
    let url = format!("{}/v1/mailboxes/{id}/frames?wait=25", noted.relay.origin);
    let waited = http_client()
        .get(url)
        .header("authorization", token(201).authorization())
        .header("x-forwarded-for", "198.51.100.7")
        .send()
        .await
        .unwrap();
    assert_eq!(waited.status(), 410);
    noted.relay.stop().await;
    let trail = open(&sqlite(noted.folder.path())).await;
    let last = entries(&trail).await.pop().unwrap().event;
    assert_eq!(last.failure.as_deref(), Some("mailbox_expired"));
    assert_eq!(last.from, Some("198.51.100.7".parse().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_a_deposit_with_its_claim_return_receipt_and_withdrawal() {
    let noted = Noted::start().await;
    let id = MailboxId::from_bytes([78; 16]);
    noted.open(&id, Some(600)).await;
    noted.append(&id, 1, &token(201)).await;
    noted.join(&id, &token(202)).await;
    noted.end(&id, &token(203)).await;
    noted.join(&id, &token(202)).await;
    noted.append(&id, 2, &token(203)).await;
    noted.end(&id, &token(201)).await;
    let (events, _) = noted.noted(&id).await;
    let kinds: Vec<Kind> = events.into_iter().map(|(kind, _)| kind).collect();
    use Kind::{Claim, Deposit, Receipt, Return, Withdrawal};
    assert_eq!(kinds, [Deposit, Claim, Return, Claim, Receipt, Withdrawal]);
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_what_it_notes_line_by_line() {
    let noted = Noted::start().await;
    let id = MailboxId::from_bytes([79; 16]);
    noted.open(&id, None).await;
    noted.end(&id, &token(201)).await;
    let (_, folder) = noted.noted(&id).await;
    let exported = fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    let trail = open(&sqlite(folder.path())).await;
    let lines: Vec<&str> = exported.lines().collect();
    assert_eq!(trail.lines(0, 100).await.unwrap(), lines);
    assert_eq!(lines.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_no_secret_anywhere() {
    let redis = RunningRedis::start(&[]);
    let folder = TempDir::new().unwrap();
    let export = folder.path().join("audit.jsonl");
    let relay = RunningRelay::start_on(redis.url(), |settings| {
        settings.audit = redis.address().parse().unwrap();
        settings.audit_exports = vec![ExportTarget::File(export.clone())];
    })
    .await;
    let noted = Noted {
        relay,
        folder: TempDir::new().unwrap(),
    };
    let ids = [[80; 16], [81; 16]].map(MailboxId::from_bytes);
    for (id, kept) in ids.iter().zip([None, Some(600)]) {
        noted.open(id, kept).await;
        noted.join(id, &token(209)).await;
        noted.join(id, &token(202)).await;
        noted.append(id, 2, &token(203)).await;
        noted.append(id, 9, &token(203)).await;
    }
    let metrics = format!("{}/metrics", noted.relay.origin);
    let metrics = http_client()
        .get(metrics)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let keys = keys(&redis).await;
    for id in &ids {
        noted.end(id, &token(203)).await;
        noted.end(id, &token(201)).await;
    }
    noted.relay.stop().await;
    let exported = fs::read_to_string(export).unwrap();
    let trail = open(&redis.address().parse().unwrap()).await;
    let stored = trail.lines(0, 1_000).await.unwrap().join("\n");
    assert!(stored.lines().count() >= 8, "{stored}");
    let tokens = [201, 202, 203, 209].map(|seed| {
        let header = token(seed).authorization();
        header.trim_start_matches("Bearer ").to_owned()
    });
    let hashes = [201, 202, 203].map(|seed| {
        let hash = token(seed).hash();
        hash.as_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    });
    let ids = ids.map(|id| id.to_string());
    let places = [
        ("export", &exported),
        ("audit", &stored),
        ("metrics", &metrics),
        ("keys", &keys),
    ];
    for (place, text) in places {
        let canaries = tokens.iter().chain(&hashes).map(String::as_str);
        for canary in canaries.chain([M1, FRAME]) {
            assert!(!text.contains(canary), "{canary} is in the {place}");
        }
        // A mailbox is named in the keys that hold it, and nowhere else.
        for id in ids.iter().filter(|_| place != "keys") {
            assert!(!text.contains(id), "{id} is in the {place}");
        }
    }
}

async fn keys(redis: &RunningRedis) -> String {
    let keys = redis.keys().await;
    let keys = keys
        .iter()
        .map(|key| String::from_utf8_lossy(key).into_owned());
    keys.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_written_keeps_nobody_from_moving_a_certificate() {
    let mut redis = RunningRedis::start(&[]);
    let relay = RunningRelay::start(|settings| {
        settings.audit = redis.address().parse().unwrap();
    })
    .await;
    redis.kill();
    let noted = Noted {
        relay,
        folder: TempDir::new().unwrap(),
    };
    let id = MailboxId::from_bytes([82; 16]);
    let opened = tokio::time::timeout(Duration::from_secs(2), noted.open(&id, None));
    assert_eq!(opened.await.unwrap().status(), 201);
    noted.relay.stop().await;
}
