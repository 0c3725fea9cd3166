//! The phone's library where people log in: its token, its device's key, and how each refusal is told.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod app;

use std::{
    fs,
    net::TcpListener,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use app::{Network, Phone, run};
use naru_core::device_key::DeviceKey;
use naru_tests::{
    RunningRelay,
    provider::{APP_CLIENT, HostileProvider, Lies, RELAY_CLIENT},
};
use naru_uniffi::{Failure, FailureKind, Login, LoginError, ReceivingEvent, RuleRefusal};
use serde_json::json;
use tempfile::TempDir;

const AGENCIES: &str = r#"
[agency.mois]
name = { ko = "행정안전부", en = "Interior" }
devices = 1
[agency.mois.desk]
name = { ko = "정보화담당관실", en = "IT office" }
phone = "02-2100-0000"
mail = "desk@mois.example"
hours = { ko = "평일", en = "weekdays" }
"#;

/// The app's own login, whose token can be exchanged.
struct Account {
    token: Mutex<Option<String>>,
    asked: AtomicUsize,
}

#[async_trait::async_trait]
impl Login for Account {
    async fn token(&self) -> Result<Option<String>, LoginError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(self.token.lock().unwrap().clone())
    }
}

struct BrokenLogin;

#[async_trait::async_trait]
impl Login for BrokenLogin {
    async fn token(&self) -> Result<Option<String>, LoginError> {
        Err(LoginError::NoToken)
    }
}

struct World {
    relay: RunningRelay,
    provider: HostileProvider,
    _folder: TempDir,
}

impl World {
    async fn start() -> Self {
        let provider = HostileProvider::start().await;
        let folder = TempDir::new().unwrap();
        let (identity, agencies) = (
            folder.path().join("identity.toml"),
            folder.path().join("agencies.toml"),
        );
        // A device signs the address at which it calls, which the relay has to know before it listens.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = free.local_addr().unwrap();
        drop(free);
        let issuer = &provider.issuer;
        let text = format!(
            "origin = \"http://{listen}\"\n[provider.mois]\nissuer = \"{issuer}\"\n\
             client_id = \"{RELAY_CLIENT}\"\napp_client_ids = [\"{APP_CLIENT}\"]\ndomains = [\"mois.example\"]\n\
             [provider.other]\nissuer = \"{issuer}\"\nclient_id = \"{RELAY_CLIENT}\"\n\
             app_client_ids = [\"{APP_CLIENT}\"]\nclaim = {{ name = \"org\", value = \"other\" }}\n"
        );
        fs::write(&identity, text).unwrap();
        fs::write(&agencies, AGENCIES).unwrap();
        let relay = RunningRelay::start(|settings| {
            settings.listen = listen;
            settings.identity = Some(identity);
            settings.agencies = Some(agencies);
        })
        .await;
        Self {
            relay,
            provider,
            _folder: folder,
        }
    }

    fn account(&self, person: &str) -> Arc<Account> {
        Arc::new(Account {
            token: Mutex::new(Some(self.provider.app_token(person))),
            asked: AtomicUsize::new(0),
        })
    }

    fn phone(&self, login: Option<Arc<dyn Login>>) -> Phone {
        Phone::of(login, Arc::new(Network::new()), &self.relay)
    }
}

/// Opens a transfer, which the relay allows; yields the code for the other device.
async fn opens(phone: &Phone) -> String {
    let receiving = phone.naru.receive_by_displaying().unwrap();
    let text = receiving.qr().unwrap().text;
    let running = run({
        let receiving = receiving.clone();
        async move { receiving.run().await }
    });
    until!(receiving, ReceivingEvent::Open { .. });
    // The mailbox stays for whoever scans the code.
    running.abort();
    text
}

/// Opens a transfer, which the relay does not allow.
async fn refused(phone: &Phone) -> (FailureKind, String, Option<RuleRefusal>, String) {
    let receiving = phone.naru.receive_by_displaying().unwrap();
    told(receiving.run().await.unwrap_err())
}

fn told(failure: Failure) -> (FailureKind, String, Option<RuleRefusal>, String) {
    let Failure::Failed {
        kind,
        code,
        refusal,
        message_en,
        ..
    } = failure;
    (kind, code, refusal.map(|refusal| *refusal), message_en)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_logged_in_hears_so() {
    let world = World::start().await;
    let nobody = Arc::new(Account {
        token: Mutex::new(None),
        asked: AtomicUsize::new(0),
    });
    let expired = world.account("hong");
    world.provider.lie(Lies {
        claims: vec![("exp", json!(1_000_000))],
        ..Lies::default()
    });
    *expired.token.lock().unwrap() = Some(world.provider.app_token("hong"));
    world.provider.lie(Lies::default());
    let logins: [Option<Arc<dyn Login>>; 4] = [
        None,
        Some(nobody),
        Some(Arc::new(BrokenLogin)),
        Some(expired),
    ];
    for login in logins {
        let (kind, code, refusal, _) = refused(&world.phone(login)).await;
        assert_eq!(kind, FailureKind::LoginRequired);
        assert_eq!((code.as_str(), refusal), ("login_required", None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asks_for_the_token_before_each_request_so_that_it_can_be_renewed() {
    let world = World::start().await;
    let account = world.account("hong");
    let phone = world.phone(Some(account.clone()));
    opens(&phone).await;
    assert!(account.asked.load(Ordering::Relaxed) >= phone.network.requests());
    *account.token.lock().unwrap() = None;
    assert_eq!(refused(&phone).await.0, FailureKind::LoginRequired);
    *account.token.lock().unwrap() = Some(world.provider.app_token("hong"));
    opens(&phone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_devices_key_in_the_store_and_uses_it_again() {
    let world = World::start().await;
    let phone = world.phone(Some(world.account("hong")));
    opens(&phone).await;
    let key = phone.store.note("device-key").expect("a key");
    assert!(DeviceKey::from_bytes(&key.try_into().unwrap()).is_ok());
    // One device is allowed: a second time it is the same one.
    opens(&phone).await;
    assert!(!format!("{:?}", phone.log.0.lock().unwrap()).contains("Bearer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_rule_agency_and_desk_when_there_are_enough_devices() {
    let world = World::start().await;
    opens(&world.phone(Some(world.account("hong")))).await;
    let second = world.phone(Some(world.account("hong")));
    let (kind, code, refusal, english) = refused(&second).await;
    let refusal = refusal.expect("a rule");
    let desk = refusal.desk.expect("a desk");
    assert_eq!(
        (kind, code.as_str()),
        (FailureKind::DeviceLimit, "not_allowed")
    );
    assert_eq!(refusal.rule, "devices");
    assert_eq!(refusal.agency.expect("an agency").ko, "행정안전부");
    assert_eq!(desk.name.en, "IT office");
    assert_eq!(desk.phone.as_deref(), Some("02-2100-0000"));
    assert_eq!(desk.mail.as_deref(), Some("desk@mois.example"));
    assert_eq!(desk.hours.expect("hours").en, "weekdays");
    assert!(english.contains("(reference "), "{english}");
    // Another person's devices are their own.
    opens(&world.phone(Some(world.account("kim")))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tells_whose_agency_has_no_rules_from_whoever_belongs_to_none() {
    let world = World::start().await;
    world.provider.lie(Lies {
        claims: vec![("email", json!("x@elsewhere.example"))],
        ..Lies::default()
    });
    let (kind, code, refusal, _) = refused(&world.phone(Some(world.account("x")))).await;
    assert_eq!(
        (kind, code.as_str()),
        (FailureKind::NotAllowed, "not_a_member")
    );
    assert_eq!(refusal, None);
    world.provider.lie(Lies {
        claims: vec![
            ("email", json!("x@elsewhere.example")),
            ("org", json!("other")),
        ],
        ..Lies::default()
    });
    let (kind, code, refusal, _) = refused(&world.phone(Some(world.account("x")))).await;
    assert_eq!(
        (kind, code.as_str()),
        (FailureKind::NotAllowed, "not_allowed")
    );
    assert_eq!(refusal.expect("a rule").rule, "accounts");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_persons_phone_that_has_scanned_the_code_is_told_so() {
    let world = World::start().await;
    let text = opens(&world.phone(Some(world.account("hong")))).await;
    let other = world.phone(Some(world.account("kim")));
    let folder = naru_tests::sample();
    let certificate = other.certificate(folder.path()).await;
    let giving = other.naru.give_by_scanning(&certificate, &text).unwrap();
    let (kind, code, ..) = told(giving.run().await.unwrap_err());
    assert_eq!(
        (kind, code.as_str()),
        (FailureKind::OtherPerson, "other_person")
    );
}
