//! The agencies' rules, over real HTTP and on both stores.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{fs, num::NonZeroU32, path::PathBuf, time::Duration};

use naru_core::{
    client::{TransferError, look_up},
    connection_number::ConnectionNumber,
    mailbox::{Join, MailboxId, Open, Token},
    rules::{Direction, Issued, Movement, RULES_PATH},
};
use naru_relay::{
    Application, Reference, Settings, StartError,
    agencies::{Agencies, CurrentRules, Fault},
    store::{Capacity, StoreUrl},
};
use naru_tests::{RunningRelay, http_client};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use tempfile::TempDir;

naru_tests::on_every_store!(
    holds_every_rule_against_every_request,
    lets_a_mailbox_live_as_short_as_its_agency_wants,
    keeps_a_deposit_no_longer_than_its_agency_wants,
    judges_what_it_cannot_see_by_what_clients_say,
);

const TWO: &str = r#"
[desk]
name = { ko = "통합 지원", en = "Relay desk" }
phone = "110"

[agency.interior]
name = { ko = "행정안전부", en = "Ministry of the Interior and Safety" }
networks = ["10.1.0.0/16", "2001:db8:1::/48"]
join_ttl = 20
transfer_ttl = 40
deposit_max_hours = 2
deposit_hours = 1
devices = 2
directions = ["from-pc"]
issuers = ["CA131000002"]
policies = ["1.2.410.100001.2.1.1"]
password_characters = 12
shared_pc = true
text = { ko = "행정안전부 직원용입니다.", en = "For the ministry's people." }
[agency.interior.desk]
name = { ko = "정보화담당관실", en = "IT office" }
phone = "02-2100-0000"
mail = "desk@example.go.kr"
hours = { ko = "평일 09:00~18:00", en = "weekdays 9 to 18" }

[agency.tax]
name = { ko = "국세청", en = "National Tax Service" }
networks = ["10.2.0.0/16"]
deposits = false
[agency.tax.desk]
name = { ko = "세정 지원", en = "Tax desk" }
"#;

const INTERIOR: &str = "10.1.2.3";
const TAX: &str = "10.2.0.1";
const NOBODY: &str = "10.3.0.1";

/// A relay with rules behind a proxy that tells where each request comes from.
struct Ruled {
    relay: RunningRelay,
    client: Client,
    rules: PathBuf,
    _folder: TempDir,
}

fn capacity() -> Capacity {
    Settings::local().unwrap().capacity
}

fn token(seed: u8) -> Token {
    Token::from_bytes([seed; 32])
}

impl Ruled {
    async fn start(store: StoreUrl, rules: &str, proxies: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("agencies.toml");
        fs::write(&path, rules).unwrap();
        let relay = RunningRelay::start_on(store, |settings| {
            settings.agencies = Some(path.clone());
            settings.trusted_proxies = proxies.iter().map(|it| it.parse().unwrap()).collect();
        })
        .await;
        Self {
            relay,
            client: http_client(),
            rules: path,
            _folder: folder,
        }
    }

    fn call(&self, from: &str, method: Method, path: &str, token: &Token) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.relay.origin))
            .header("x-forwarded-for", from)
            .header("authorization", token.authorization())
    }

    async fn open(&self, from: &str, id: u8, deposit: Option<u32>) -> Response {
        let open = Open {
            token: token(1).hash(),
            join: token(2).hash(),
            deposit: deposit.and_then(NonZeroU32::new),
        };
        let call = self.call(from, Method::PUT, &path(id), &token(1));
        let call = call.header("content-type", "application/cbor");
        call.body(open.to_cbor()).send().await.unwrap()
    }

    async fn join(&self, from: &str, id: u8) -> Response {
        let join = Join {
            token: token(3).hash(),
            m1: b"m1".to_vec(),
        };
        let call = self.call(from, Method::POST, &format!("{}/join", path(id)), &token(2));
        let call = call.header("content-type", "application/cbor");
        call.body(join.to_cbor()).send().await.unwrap()
    }

    async fn append(&self, from: &str, id: u8) -> Response {
        let path = format!("{}/frames/2", path(id));
        let call = self.call(from, Method::PUT, &path, &token(3));
        let call = call.header("content-type", "application/octet-stream");
        call.body("frame").send().await.unwrap()
    }

    async fn read(&self, from: &str, id: u8) -> Response {
        let path = format!("{}/frames", path(id));
        let call = self.call(from, Method::GET, &path, &token(1));
        call.send().await.unwrap()
    }

    async fn settings(&self, from: &str) -> Response {
        let call = self.call(from, Method::GET, "/v1/settings", &token(1));
        call.send().await.unwrap()
    }
}

fn path(id: u8) -> String {
    format!("/v1/mailboxes/{}", MailboxId::from_bytes([id; 16]))
}

/// Which rule refuses, and whose it is.
async fn refused(response: Response) -> (String, Option<String>, Value) {
    assert_eq!(response.status(), 403);
    let headers = response.headers().clone();
    assert_eq!(headers["naru-problem"], "not_allowed");
    let reference = headers["naru-reference"].to_str().unwrap();
    assert!(reference.parse::<Reference>().is_ok(), "{reference}");
    let document: Value = response.json().await.unwrap();
    let rule = document["rule"].as_str().unwrap().to_owned();
    assert_eq!(headers["naru-rule"], rule.as_str());
    let agency = document["agency"]["id"].as_str().map(str::to_owned);
    (rule, agency, document["desk"].clone())
}

fn lives(response: &Response) -> u64 {
    let left = response.headers()["naru-expires-in"].to_str().unwrap();
    left.parse().unwrap()
}

async fn holds_every_rule_against_every_request(store: StoreUrl) {
    let ruled = Ruled::start(store, TWO, &["127.0.0.0/8"]).await;
    for (id, from) in [(1, INTERIOR), (2, TAX), (3, "2001:db8:1::7")] {
        assert_eq!(ruled.open(from, id, None).await.status(), 201);
        assert_eq!(ruled.join(from, id).await.status(), 201);
        assert_eq!(ruled.append(from, id).await.status(), 201);
        assert_eq!(ruled.read(from, id).await.status(), 200);
        assert_eq!(ruled.settings(from).await.status(), 200);
    }
    // Whoever is nowhere may nothing, whatever they hold.
    for from in [NOBODY, "2001:db8:2::7", "::ffff:10.3.0.1", "127.0.0.1"] {
        let answers = [
            ruled.open(from, 4, None).await,
            ruled.open(from, 4, Some(60)).await,
            ruled.open(from, 1, None).await,
            ruled.join(from, 1).await,
            ruled.append(from, 1).await,
            ruled.read(from, 1).await,
            ruled.settings(from).await,
        ];
        for answer in answers {
            let (rule, agency, desk) = refused(answer).await;
            assert_eq!((rule.as_str(), agency), ("networks", None), "{from}");
            assert_eq!(desk["phone"], "110");
        }
    }
    // One agency's rule is not the other's.
    assert_eq!(ruled.open(INTERIOR, 5, Some(60)).await.status(), 201);
    let (rule, agency, desk) = refused(ruled.open(TAX, 6, Some(60)).await).await;
    assert_eq!(
        (rule.as_str(), agency.as_deref()),
        ("deposits", Some("tax"))
    );
    assert_eq!(desk["name"]["ko"], "세정 지원");
    ruled.relay.stop().await;
}

async fn judges_what_it_cannot_see_by_what_clients_say(store: StoreUrl) {
    let ruled = Ruled::start(store, TWO, &["127.0.0.0/8"]).await;
    let ask = async |from: &str, body: Vec<u8>| {
        let call = ruled.call(from, Method::POST, RULES_PATH, &token(1));
        let call = call.header("content-type", "application/cbor").body(body);
        call.send().await.unwrap()
    };
    let movement = |direction, certificate: Option<(&str, &[&str])>| {
        let certificate = certificate.map(|(issuer, policies)| Issued {
            issuer: issuer.to_owned(),
            policies: policies.iter().map(|&policy| policy.to_owned()).collect(),
        });
        Movement {
            direction,
            certificate,
        }
        .to_cbor()
    };
    let allowed = ("CA131000002", &["1.2.3", "1.2.410.100001.2.1.1"][..]);
    for (direction, certificate) in [
        (Some(Direction::FromPc), Some(allowed)),
        (Some(Direction::FromPc), None),
        (None, Some(allowed)),
        (None, None),
    ] {
        let answer = ask(INTERIOR, movement(direction, certificate)).await;
        assert_eq!(answer.status(), 204);
        assert_eq!(
            ask(TAX, movement(direction, certificate)).await.status(),
            204
        );
    }
    for (rule, direction, certificate) in [
        ("directions", Some(Direction::ToPc), Some(allowed)),
        ("directions", Some(Direction::ToPc), None),
        ("issuers", None, Some(("CA134040001", allowed.1))),
        ("issuers", None, Some(("", &[][..]))),
        (
            "policies",
            None,
            Some((allowed.0, &["1.2.410.100001.2.1"][..])),
        ),
        (
            "policies",
            Some(Direction::FromPc),
            Some((allowed.0, &[][..])),
        ),
    ] {
        let answer = ask(INTERIOR, movement(direction, certificate)).await;
        let (refusing, agency, desk) = refused(answer).await;
        assert_eq!(
            (refusing.as_str(), agency.as_deref()),
            (rule, Some("interior"))
        );
        assert_eq!(desk["phone"], "02-2100-0000");
        assert_eq!(
            ask(TAX, movement(direction, certificate)).await.status(),
            204
        );
    }
    let (rule, ..) = refused(ask(NOBODY, movement(None, None)).await).await;
    assert_eq!(rule, "networks");
    for body in [&b""[..], b"no cbor", b"\xa1\x00\x68sideways"] {
        assert_eq!(ask(INTERIOR, body.to_vec()).await.status(), 400);
    }
    ruled.relay.stop().await;
}

async fn lets_a_mailbox_live_as_short_as_its_agency_wants(store: StoreUrl) {
    let ruled = Ruled::start(store, TWO, &["127.0.0.0/8"]).await;
    assert!((18..=20).contains(&lives(&ruled.open(INTERIOR, 1, None).await)));
    assert_eq!(ruled.join(INTERIOR, 1).await.status(), 201);
    assert!((38..=40).contains(&lives(&ruled.read(INTERIOR, 1).await)));
    assert!((170..=180).contains(&lives(&ruled.open(TAX, 2, None).await)));
    assert_eq!(ruled.join(TAX, 2).await.status(), 201);
    assert!((590..=600).contains(&lives(&ruled.read(TAX, 2).await)));
    ruled.relay.stop().await;
}

async fn keeps_a_deposit_no_longer_than_its_agency_wants(store: StoreUrl) {
    let ruled = Ruled::start(store, TWO, &["127.0.0.0/8"]).await;
    let asked = 5 * 3_600;
    assert!((7_190..=7_200).contains(&lives(&ruled.open(INTERIOR, 1, Some(asked)).await)));
    // The same again is the same.
    assert_eq!(ruled.open(INTERIOR, 1, Some(asked)).await.status(), 200);
    assert!(lives(&ruled.open(INTERIOR, 2, Some(600)).await) <= 600);
    ruled.relay.stop().await;
}

#[tokio::test]
async fn believes_no_address_that_a_client_claims() {
    // No proxy is trusted: everybody is on this machine, which is nobody's network.
    let ruled = Ruled::start(StoreUrl::Memory, TWO, &[]).await;
    let (rule, _, _) = refused(ruled.open(INTERIOR, 1, None).await).await;
    assert_eq!(rule, "networks");
    ruled.relay.stop().await;
    // A proxy adds where the request came from; what the client has said before counts for nothing.
    let ruled = Ruled::start(StoreUrl::Memory, TWO, &["127.0.0.0/8"]).await;
    let spoofed = format!("{INTERIOR}, {NOBODY}");
    assert_eq!(ruled.open(&spoofed, 1, None).await.status(), 403);
    let honest = format!("{NOBODY}, {INTERIOR}");
    assert_eq!(ruled.open(&honest, 1, None).await.status(), 201);
    ruled.relay.stop().await;
}

#[tokio::test]
async fn tells_each_client_its_own_agencys_settings() {
    let ruled = Ruled::start(StoreUrl::Memory, TWO, &["127.0.0.0/8"]).await;
    let interior: Value = ruled.settings(INTERIOR).await.json().await.unwrap();
    assert_eq!(interior["agency"]["id"], "interior");
    assert_eq!(interior["agency"]["name"]["ko"], "행정안전부");
    assert_eq!(interior["text"]["en"], "For the ministry's people.");
    assert_eq!(interior["desk"]["mail"], "desk@example.go.kr");
    assert_eq!(interior["directions"], serde_json::json!(["from-pc"]));
    assert_eq!(interior["issuers"], serde_json::json!(["CA131000002"]));
    let policies = serde_json::json!(["1.2.410.100001.2.1.1"]);
    assert_eq!(interior["policies"], policies);
    assert_eq!(interior["devices"], 2);
    assert_eq!(interior["sharedPc"], true);
    assert_eq!(interior["password"]["minCharacters"], 12);
    let deposit = serde_json::json!({ "defaultHours": 1, "maxHours": 2 });
    assert_eq!(interior["deposit"], deposit);
    let tax: Value = ruled.settings(TAX).await.json().await.unwrap();
    assert_eq!(tax["agency"]["id"], "tax");
    assert_eq!(
        (&tax["deposit"], &tax["directions"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(tax["password"]["minCharacters"], 10);
    ruled.relay.stop().await;
}

#[tokio::test]
async fn a_relay_without_agencies_is_open() {
    let relay = RunningRelay::start(|_| {}).await;
    let settings = format!("{}/v1/settings", relay.origin);
    let answer = http_client().get(settings).send().await.unwrap();
    let settings: Value = answer.json().await.unwrap();
    for absent in [
        "agency",
        "desk",
        "directions",
        "issuers",
        "policies",
        "devices",
        "text",
    ] {
        assert_eq!(settings[absent], Value::Null, "{absent}");
    }
    relay.stop().await;
}

#[test]
fn changed_rules_hold_at_once_and_wrong_ones_never() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("agencies.toml");
    fs::write(&path, TWO).unwrap();
    let rules = CurrentRules::load(Some(&path), capacity()).unwrap();
    assert!(!rules.reload().unwrap());
    fs::write(&path, TWO.replace("deposits = false", "deposits = true")).unwrap();
    assert!(rules.reload().unwrap());
    fs::write(&path, "[agency.tax]\n").unwrap();
    let error = rules.reload().unwrap_err();
    assert_eq!(error.faults().len(), 1);
    assert!(
        error.to_string().contains("line 1: `agency.tax.name`"),
        "{error}"
    );
    fs::remove_file(&path).unwrap();
    assert!(
        rules
            .reload()
            .unwrap_err()
            .to_string()
            .contains("cannot read")
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn reads_its_rules_again_on_a_hang_up() {
    let ruled = Ruled::start(StoreUrl::Memory, TWO, &["127.0.0.0/8"]).await;
    assert_eq!(ruled.open(NOBODY, 1, None).await.status(), 403);
    let hang_up = || {
        let id = std::process::id().to_string();
        let told = std::process::Command::new("kill")
            .args(["-HUP", &id])
            .status();
        assert!(told.unwrap().success());
    };
    fs::write(&ruled.rules, TWO.replace("10.1.0.0/16", "10.3.0.0/16")).unwrap();
    hang_up();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while ruled.open(NOBODY, 1, None).await.status() != 201 {
        assert!(tokio::time::Instant::now() < deadline, "the rules stay");
    }
    assert_eq!(ruled.open(INTERIOR, 2, None).await.status(), 403);
    ruled.relay.stop().await;
}

#[tokio::test]
async fn does_not_start_with_wrong_rules() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("agencies.toml");
    fs::write(&path, "[agency.tax]\nnetwork = []\n").unwrap();
    let mut settings = Settings::local().unwrap();
    settings.agencies = Some(path);
    let Err(StartError::Rules(error)) = Application::build(settings).await else {
        panic!("it starts");
    };
    let said = error.to_string();
    assert!(
        said.contains("line 2: `agency.tax.network`: there is no such rule"),
        "{said}"
    );
}

fn faults(rules: &str) -> Vec<(usize, String)> {
    let faults = Agencies::parse(rules, &capacity()).expect_err("rules that are wrong");
    assert!(faults.iter().all(|Fault { reason, .. }| !reason.is_empty()));
    faults
        .into_iter()
        .map(|fault| (fault.line, fault.key))
        .collect()
}

#[test]
fn names_line_and_key_of_everything_that_is_wrong_at_once() {
    let rules = r#"desks = 1
[agency.one]
name = { ko = "하나" }
networks = ["10.0.0.0/33"]
directions = ["up"]
devices = 0
join_ttl = 181
transfer_ttl = "10"
deposits = "no"
deposit_max_hours = 169
deposit_hours = 169
issuers = []
policies = ["1"]
password_kinds = 5
password_characters = -1
shared_pc = 1
text = "text"
colour = "red"
[agency.one.desk]
phone = 110
mail = "nobody"
[agency."two words"]
name = { ko = "둘", en = "Two", fr = "Deux" }
"#;
    let expected = [
        (1, "desks"),
        (3, "agency.one.name"),
        (4, "agency.one.networks"),
        (5, "agency.one.directions"),
        (6, "agency.one.devices"),
        (7, "agency.one.join_ttl"),
        (8, "agency.one.transfer_ttl"),
        (9, "agency.one.deposits"),
        (10, "agency.one.deposit_max_hours"),
        (11, "agency.one.deposit_hours"),
        (12, "agency.one.issuers"),
        (13, "agency.one.policies"),
        (14, "agency.one.password_kinds"),
        (15, "agency.one.password_characters"),
        (16, "agency.one.shared_pc"),
        (17, "agency.one.text"),
        (18, "agency.one.colour"),
        (19, "agency.one.desk.name"),
        (20, "agency.one.desk.phone"),
        (21, "agency.one.desk.mail"),
        (22, "agency.two words"),
        (23, "agency.two words.name"),
    ];
    let expected = expected.map(|(line, key)| (line, key.to_owned()));
    assert_eq!(faults(rules), expected);
}

#[test]
fn refuses_files_that_name_no_agency_or_are_no_toml() {
    for (rules, line, key) in [
        ("", 1, "agency"),
        ("agency = 1", 1, "agency"),
        ("[agency]", 1, "agency"),
        ("[agency.one]\n\nname = ", 3, ""),
        (
            "[agency.one]\nname = {ko=\"a\",en=\"b\"}\n[agency.one]",
            3,
            "",
        ),
    ] {
        assert_eq!(faults(rules)[0], (line, key.to_owned()), "{rules}");
    }
    let name = "[agency.one]\nname = { ko = \"하나\", en = \"One\" }\n";
    assert!(Agencies::parse(name, &capacity()).is_ok());
    for network in ["10.1.2.3/16", "::ffff:10.0.0.0/104", "10.0.0.0", "all", ""] {
        let rules = format!("{name}networks = [\"{network}\"]");
        assert_eq!(
            faults(&rules),
            [(3, "agency.one.networks".to_owned())],
            "{network}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_hears_which_rule_whose_and_whom_to_ask() {
    let one = TWO.split("[agency.tax]").next().unwrap();
    let ruled = Ruled::start(StoreUrl::Memory, one, &[]).await;
    let transport = naru_tests::transport(&ruled.relay.origin);
    let number: ConnectionNumber = "4815 1623 4283".parse().unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let found = look_up(&transport, &ruled.relay.origin, &number, &mut rng).await;
    assert_eq!(found.err(), Some(TransferError::NotAllowed));
    let remark = transport.remark();
    assert!(remark.reference.unwrap().parse::<Reference>().is_ok());
    let refusal = remark.refusal.unwrap();
    assert_eq!(refusal.rule, "networks");
    // Where there is only one agency, it is the one that refuses.
    assert_eq!(refusal.agency.unwrap().ko, "행정안전부");
    assert_eq!(refusal.desk.unwrap().phone.as_deref(), Some("110"));
    ruled.relay.stop().await;
}
