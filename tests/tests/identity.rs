//! Login, sessions, accounts and devices, over real HTTP and on both stores, with a provider that lies.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{fs, num::NonZeroU32, path::Path, time::Duration};

use naru_core::{
    device_key::DeviceKey,
    mailbox::{Join, MailboxId, Open, Token},
};
use naru_relay::{Settings, store::StoreUrl};
use naru_tests::{
    RunningRelay,
    provider::{APP_CLIENT, Algorithm, HostileProvider, Lies, RELAY_CLIENT, now},
};
use reqwest::{Client, Method, RequestBuilder, Response, redirect};
use serde_json::{Value, json};
use tempfile::TempDir;

naru_tests::on_every_store!(
    lets_somebody_in_and_out,
    refuses_everything_to_those_who_are_not_logged_in,
    refuses_another_person_at_the_other_end,
    counts_devices_however_many_come_at_once,
    stops_a_revoked_device_at_once,
);

const ORIGIN: &str = "http://localhost:8080";
const PROOF: &str = "naru-device";

struct World {
    relay: RunningRelay,
    provider: HostileProvider,
    client: Client,
    _folder: TempDir,
}

impl World {
    async fn start(store: StoreUrl) -> Self {
        Self::start_with(store, "").await
    }

    async fn start_with(store: StoreUrl, more: &str) -> Self {
        Self::start_as(store, more, |_| {}).await
    }

    async fn start_limited(change: impl FnOnce(&mut Settings)) -> Self {
        let change = |settings: &mut Settings| {
            settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
            change(settings);
        };
        Self::start_as(StoreUrl::Memory, "", change).await
    }

    async fn start_as(store: StoreUrl, more: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let provider = HostileProvider::start().await;
        let folder = TempDir::new().unwrap();
        let identity = folder.path().join("identity.toml");
        let issuer = &provider.issuer;
        let text = format!(
            "origin = \"{ORIGIN}\"\n[provider.mois]\nissuer = \"{issuer}\"\nclient_id = \"{RELAY_CLIENT}\"\n\
             app_client_ids = [\"{APP_CLIENT}\"]\ndomains = [\"mois.example\"]\n\
             admin = {{ name = \"role\", value = \"desk\" }}\n{more}"
        );
        fs::write(&identity, text).unwrap();
        let agencies = folder.path().join("agencies.toml");
        fs::write(&agencies, AGENCIES).unwrap();
        let relay = start(store, &identity, &agencies, change).await;
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            relay,
            provider,
            client,
            _folder: folder,
        }
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.relay.origin))
    }

    /// Goes to the provider; yields state and the browser's cookie.
    async fn depart(&self, subject: &str) -> Result<(String, String), String> {
        let response = self.call(Method::GET, "/login/mois").send().await.unwrap();
        let to = location(&response);
        if let Some(code) = failure(&to) {
            return Err(code);
        }
        assert!(to.contains("code_challenge_method=S256"), "{to}");
        self.provider.expect(subject, &parameter(&to, "nonce"));
        let cookie = cookie(&response, "__Host-naru-login").expect("a cookie");
        Ok((parameter(&to, "state"), cookie))
    }

    async fn arrive(&self, state: &str, cookie: &str) -> Response {
        self.call(
            Method::GET,
            &format!("/login/callback?code=c&state={state}"),
        )
        .header("cookie", cookie)
        .send()
        .await
        .unwrap()
    }

    /// The session's cookie, or the code of what went wrong.
    async fn log_in(&self, subject: &str) -> Result<String, String> {
        let (state, browser) = self.depart(subject).await?;
        let response = self.arrive(&state, &browser).await;
        match failure(&location(&response)) {
            Some(code) => Err(code),
            None => Ok(cookie(&response, "__Host-naru-session").expect("a session")),
        }
    }

    async fn me(&self, session: &str) -> u16 {
        let call = self.call(Method::GET, "/v1/me").header("cookie", session);
        call.send().await.unwrap().status().as_u16()
    }

    fn open(&self, id: u8) -> RequestBuilder {
        self.open_for(id, None)
    }

    fn open_for(&self, id: u8, deposit: Option<NonZeroU32>) -> RequestBuilder {
        let open = Open {
            token: token(1).hash(),
            join: token(2).hash(),
            deposit,
        };
        self.call(Method::PUT, &path(id))
            .header("authorization", token(1).authorization())
            .header("content-type", "application/cbor")
            .body(open.to_cbor())
    }

    fn join(&self, id: u8) -> RequestBuilder {
        let join = Join {
            token: token(3).hash(),
            m1: b"m1".to_vec(),
        };
        self.call(Method::POST, &format!("{}/join", path(id)))
            .header("authorization", token(2).authorization())
            .header("content-type", "application/cbor")
            .body(join.to_cbor())
    }
}

const AGENCIES: &str = r#"
[agency.mois]
name = { ko = "행정안전부", en = "Interior" }
devices = 2
[agency.mois.desk]
name = { ko = "정보화담당관실", en = "IT office" }
phone = "02-2100-0000"
"#;

async fn start(
    store: StoreUrl,
    identity: &Path,
    agencies: &Path,
    change: impl FnOnce(&mut Settings),
) -> RunningRelay {
    RunningRelay::start_on(store.clone(), |settings| {
        settings.identity = Some(identity.to_owned());
        settings.agencies = Some(agencies.to_owned());
        if let StoreUrl::Redis(deployment) = store {
            settings.registry = naru_relay::registry::RegistryUrl::Redis(deployment);
        }
        change(settings);
    })
    .await
}

fn token(seed: u8) -> Token {
    Token::from_bytes([seed; 32])
}

fn path(id: u8) -> String {
    format!("/v1/mailboxes/{}", MailboxId::from_bytes([id; 16]))
}

fn location(response: &Response) -> String {
    assert_eq!(response.status(), 303);
    response.headers()["location"].to_str().unwrap().to_owned()
}

fn failure(location: &str) -> Option<String> {
    let rest = location.strip_prefix("/#login=")?;
    let (code, reference) = rest.split_once("&reference=")?;
    reference
        .parse::<naru_relay::Reference>()
        .expect("a reference number");
    Some(code.to_owned())
}

fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).unwrap().1.to_owned()
}

fn cookie(response: &Response, name: &str) -> Option<String> {
    let cookies = response.headers().get_all("set-cookie").iter();
    let mut cookies = cookies.filter_map(|it| it.to_str().ok());
    let whole =
        cookies.find(|it| it.starts_with(&format!("{name}=")) && !it.contains("Max-Age=0"))?;
    for attribute in ["Secure", "HttpOnly", "Path=/", "SameSite="] {
        assert!(whole.contains(attribute), "{whole}");
    }
    assert!(!whole.contains("Domain"), "{whole}");
    Some(whole.split(';').next()?.to_owned())
}

async fn code(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let header = response.headers().get("naru-problem");
    let code = header.map_or("", |it| it.to_str().unwrap()).to_owned();
    (status, code)
}

/// A phone with a key of its own.
struct Phone {
    key: DeviceKey,
    token: String,
}

impl Phone {
    fn new(world: &World, seed: u8, subject: &str) -> Self {
        Self {
            key: DeviceKey::from_bytes(&[seed; 32]).unwrap(),
            token: world.provider.app_token(subject),
        }
    }

    fn sign(&self, call: RequestBuilder) -> RequestBuilder {
        self.sign_at(call, now())
    }

    fn sign_at(&self, call: RequestBuilder, time: u64) -> RequestBuilder {
        let request = call.try_clone().unwrap().build().unwrap();
        let target = &request.url()[url::Position::BeforePath..];
        let method = match request.method().as_str() {
            "GET" => naru_core::client::Method::Get,
            "PUT" => naru_core::client::Method::Put,
            "POST" => naru_core::client::Method::Post,
            _ => naru_core::client::Method::Delete,
        };
        let origin = ORIGIN.parse().unwrap();
        let proof = self.key.prove(method, &origin, target, &self.token, time);
        call.header("naru-login", format!("Bearer {}", self.token))
            .header(PROOF, proof)
            .header("naru-device-name", "%ED%99%8D%20phone,Android")
    }
}

async fn lets_somebody_in_and_out(store: StoreUrl) {
    let world = World::start(store).await;
    let session = world.log_in("hong").await.unwrap();
    assert_eq!(world.me(&session).await, 200);
    let out = || {
        world
            .call(Method::POST, "/logout")
            .header("cookie", &session)
    };
    // Another site's form has the cookie too, in old browsers.
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let refused = out().header(name, value).send().await.unwrap();
        assert_eq!(code(refused).await, (403, "cross_site".into()));
    }
    assert_eq!(
        code(out().send().await.unwrap()).await,
        (403, "cross_site".into())
    );
    let done = out()
        .header("sec-fetch-site", "same-origin")
        .send()
        .await
        .unwrap();
    assert_eq!(done.status(), 204);
    assert_eq!(
        world.me(&session).await,
        401,
        "a cookie is replayed after the logout"
    );
}

async fn refuses_everything_to_those_who_are_not_logged_in(store: StoreUrl) {
    let world = World::start(store).await;
    let mailbox = path(1);
    let calls = [
        (Method::PUT, mailbox.clone()),
        (Method::POST, format!("{mailbox}/join")),
        (Method::PUT, format!("{mailbox}/frames/2")),
        (Method::GET, format!("{mailbox}/frames")),
        (Method::DELETE, mailbox),
        (Method::GET, "/v1/me".into()),
        (Method::GET, "/v1/devices".into()),
        (Method::PUT, "/v1/devices/x".into()),
        (Method::DELETE, "/v1/devices/x".into()),
        (Method::POST, "/v1/audit/search".into()),
        (Method::POST, "/logout".into()),
    ];
    let unknown = format!("__Host-naru-session={}", "A".repeat(43));
    for (method, path) in &calls {
        let call = || {
            let call = world
                .call(method.clone(), path)
                .header("sec-fetch-site", "same-origin");
            call.header("authorization", token(1).authorization())
        };
        let nobody = call().send().await.unwrap();
        assert_eq!(
            code(nobody).await,
            (401, "login_required".into()),
            "{method} {path}"
        );
        let stranger = call().header("cookie", &unknown).send().await.unwrap();
        assert_eq!(
            code(stranger).await,
            (401, "login_required".into()),
            "{method} {path}"
        );
        let forged = call()
            .header("naru-login", "Bearer a.b.c")
            .send()
            .await
            .unwrap();
        assert_eq!(
            code(forged).await,
            (401, "token_malformed".into()),
            "{method} {path}"
        );
    }
    // A person is no administrator.
    let session = world.log_in("hong").await.unwrap();
    let search = world
        .call(Method::POST, "/v1/audit/search")
        .header("cookie", session);
    let search = search
        .header("sec-fetch-site", "same-origin")
        .json(&json!({ "reason": "curious" }));
    let refused = code(search.send().await.unwrap()).await;
    assert_eq!(refused, (403, "not_an_administrator".into()));
}

async fn refuses_another_person_at_the_other_end(store: StoreUrl) {
    let world = World::start(store).await;
    let hong = world.log_in("hong").await.unwrap();
    let opened = world
        .open(1)
        .header("cookie", &hong)
        .header("sec-fetch-site", "same-origin");
    assert_eq!(opened.send().await.unwrap().status(), 201);
    // Somebody who has photographed the QR has the join token.
    let thief = Phone::new(&world, 7, "kim");
    let refused = thief.sign(world.join(1)).send().await.unwrap();
    assert_eq!(code(refused).await, (403, "other_person".into()));
    let kim = world.log_in("kim").await.unwrap();
    let taken = world
        .open(1)
        .header("cookie", &kim)
        .header("sec-fetch-site", "same-origin");
    assert_eq!(code(taken.send().await.unwrap()).await.0, 409);
    let own = Phone::new(&world, 8, "hong");
    assert_eq!(own.sign(world.join(1)).send().await.unwrap().status(), 201);
}

async fn counts_devices_however_many_come_at_once(store: StoreUrl) {
    let world = World::start(store).await;
    let hong = world.log_in("hong").await.unwrap();
    let opened = world
        .open(1)
        .header("cookie", &hong)
        .header("sec-fetch-site", "same-origin");
    assert_eq!(opened.send().await.unwrap().status(), 201);
    let joins = (10..60).map(|seed| {
        let phone = Phone::new(&world, seed, "hong");
        phone.sign(world.join(1)).send()
    });
    let mut refused = 0;
    for response in futures_util::future::join_all(joins).await {
        let response = response.unwrap();
        if response
            .headers()
            .get("naru-rule")
            .is_some_and(|rule| rule == "devices")
        {
            assert_eq!(response.status(), 403);
            let body: Value = response.json().await.unwrap();
            assert_eq!(body["agency"]["name"]["ko"], "행정안전부");
            assert_eq!(body["desk"]["phone"], "02-2100-0000");
            refused += 1;
        }
    }
    assert_eq!(refused, 48);
    let list = world
        .call(Method::GET, "/v1/devices")
        .header("cookie", &hong);
    let list: Value = list.send().await.unwrap().json().await.unwrap();
    assert_eq!(list.as_array().unwrap().len(), 2, "{list}");
    assert_eq!(list[0]["name"], "홍 phone");
    assert_eq!(list[0]["platform"], "Android");
}

async fn stops_a_revoked_device_at_once(store: StoreUrl) {
    let world = World::start(store).await;
    let hong = world.log_in("hong").await.unwrap();
    let own = |call: RequestBuilder| {
        call.header("cookie", &hong)
            .header("sec-fetch-site", "same-origin")
    };
    assert_eq!(own(world.open(1)).send().await.unwrap().status(), 201);
    let phone = Phone::new(&world, 7, "hong");
    let read = || {
        let path = format!("{}/frames", path(1));
        let call = world.call(Method::GET, &path);
        phone.sign(call.header("authorization", token(3).authorization()))
    };
    // It is not known before it joins.
    let early = read().send().await.unwrap();
    assert_eq!(code(early).await, (403, "device_required".into()));
    let old = phone
        .sign_at(world.join(1), now() - 400)
        .send()
        .await
        .unwrap();
    assert_eq!(code(old).await, (403, "device_required".into()));
    assert_eq!(
        phone.sign(world.join(1)).send().await.unwrap().status(),
        201
    );
    assert_eq!(read().send().await.unwrap().status(), 200);
    let list: Value = own(world.call(Method::GET, "/v1/devices"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let device = format!("/v1/devices/{}", list[0]["id"].as_str().unwrap());
    let named = own(world.call(Method::PUT, &device)).json(&json!({ "name": "업무용" }));
    assert_eq!(named.send().await.unwrap().status(), 204);
    let kim = world.log_in("kim").await.unwrap();
    let foreign = world.call(Method::DELETE, &device).header("cookie", kim);
    let foreign = foreign
        .header("sec-fetch-site", "same-origin")
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), 404, "another's device");
    let revoked = own(world.call(Method::DELETE, &device))
        .send()
        .await
        .unwrap();
    assert_eq!(revoked.status(), 204);
    for refused in [read(), phone.sign(world.join(1)), phone.sign(world.open(2))] {
        let refused = refused.send().await.unwrap();
        assert_eq!(code(refused).await, (403, "device_revoked".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_each_lie_of_a_provider_with_its_own_code() {
    let world = World::start(StoreUrl::Memory).await;
    let claim = |name, value| Lies {
        claims: vec![(name, value)],
        ..Lies::default()
    };
    let signed = |algorithm| Lies {
        algorithm,
        ..Lies::default()
    };
    let lies = [
        (claim("iss", json!("https://other.example")), "token_issuer"),
        (claim("aud", json!("another")), "token_audience"),
        (
            claim("aud", json!([RELAY_CLIENT, "another"])),
            "token_audience",
        ),
        (claim("exp", json!(now() - 3_600)), "token_expired"),
        (claim("iat", json!(now() + 3_600)), "token_future"),
        (claim("nonce", json!("of another login")), "token_nonce"),
        (claim("nonce", Value::Null), "token_nonce"),
        (claim("email_verified", json!(false)), "not_a_member"),
        (
            claim("email", json!("hong@mois.example.evil.example")),
            "not_a_member",
        ),
        (signed(Algorithm::ForeignKey), "token_signature"),
        (signed(Algorithm::UnknownKey), "token_signature"),
        (signed(Algorithm::None), "token_algorithm"),
        (signed(Algorithm::Hs256), "token_algorithm"),
        (
            Lies {
                refuses_code: true,
                ..Lies::default()
            },
            "login_code",
        ),
    ];
    for (lie, expected) in lies {
        world.provider.lie(lie);
        assert_eq!(world.log_in("hong").await, Err(expected.to_owned()));
    }
    world.provider.lie(Lies::default());
    assert!(
        world.log_in("hong").await.is_ok(),
        "it may tell the truth again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn survives_a_provider_that_is_silent_or_talks_nonsense() {
    for (lie, expected) in [
        (
            Lies {
                other_issuer: true,
                ..Lies::default()
            },
            "provider_invalid",
        ),
        (
            Lies {
                garbage: true,
                ..Lies::default()
            },
            "provider_invalid",
        ),
        (
            Lies {
                silent: true,
                ..Lies::default()
            },
            "provider_unavailable",
        ),
    ] {
        let world = World::start(StoreUrl::Memory).await;
        world.provider.lie(lie);
        assert_eq!(world.log_in("hong").await, Err(expected.to_owned()));
        assert_eq!(
            world
                .call(Method::GET, "/healthz")
                .send()
                .await
                .unwrap()
                .status(),
            200
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_state_that_is_used_again_or_in_another_browser() {
    let world = World::start(StoreUrl::Memory).await;
    let (state, browser) = world.depart("hong").await.unwrap();
    let (_, other) = world.depart("hong").await.unwrap();
    let refused = |response: Response| failure(&location(&response));
    assert_eq!(
        refused(world.arrive(&state, &other).await).as_deref(),
        Some("login_state")
    );
    assert_eq!(
        refused(world.arrive("unknown", &browser).await).as_deref(),
        Some("login_state")
    );
    let (state, browser) = world.depart("hong").await.unwrap();
    assert_eq!(refused(world.arrive(&state, &browser).await), None);
    assert_eq!(
        refused(world.arrive(&state, &browser).await).as_deref(),
        Some("login_state")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn gives_every_login_a_session_of_its_own() {
    let world = World::start(StoreUrl::Memory).await;
    let planted = world.log_in("kim").await.unwrap();
    let (state, browser) = world.depart("hong").await.unwrap();
    let arrived = world.arrive(&state, &format!("{browser}; {planted}")).await;
    let own = cookie(&arrived, "__Host-naru-session").unwrap();
    assert_ne!(own, planted);
    assert_eq!(world.me(&own).await, 200);
    assert_eq!(
        world.me(&planted).await,
        401,
        "the browser's former session goes on"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn asks_no_provider_for_every_forgery() {
    let world = World::start(StoreUrl::Memory).await;
    world.log_in("hong").await.unwrap();
    let before = world.provider.asked();
    world.provider.lie(Lies {
        algorithm: Algorithm::UnknownKey,
        ..Lies::default()
    });
    for _ in 0..20 {
        assert_eq!(world.log_in("hong").await, Err("token_signature".into()));
    }
    assert!(world.provider.asked() <= before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn takes_the_new_keys_of_a_provider_at_once_and_the_old_ones_no_more() {
    let world = World::start(StoreUrl::Memory).await;
    let old = Phone::new(&world, 7, "hong");
    let opened = old.sign(world.open(1)).send().await.unwrap();
    assert_eq!(opened.status(), 201);
    world.provider.rotate();
    assert!(world.log_in("hong").await.is_ok());
    let refused = old.sign(world.open(1)).send().await.unwrap();
    assert_eq!(code(refused).await, (401, "token_signature".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_apps_token_that_is_another_clients_or_another_devices() {
    let world = World::start(StoreUrl::Memory).await;
    let refused = |call: RequestBuilder| async move { code(call.send().await.unwrap()).await };
    let phone = Phone::new(&world, 7, "hong");
    let bare = world
        .open(1)
        .header("naru-login", format!("Bearer {}", phone.token));
    assert_eq!(refused(bare).await, (403, "device_required".into()));
    // The proof of another request.
    let stolen = phone.sign(world.open(2)).build().unwrap().headers()[PROOF].clone();
    let moved = world
        .open(1)
        .header("naru-login", format!("Bearer {}", phone.token));
    assert_eq!(
        refused(moved.header(PROOF, stolen)).await,
        (403, "device_required".into())
    );
    for (claim, value, expected) in [
        ("aud", json!(RELAY_CLIENT), "token_audience"),
        ("exp", json!(now() - 3_600), "token_expired"),
        ("iss", json!("https://other.example"), "token_issuer"),
    ] {
        world.provider.lie(Lies {
            claims: vec![(claim, value)],
            ..Lies::default()
        });
        let phone = Phone::new(&world, 7, "hong");
        assert_eq!(
            refused(phone.sign(world.open(1))).await,
            (401, expected.into())
        );
    }
    world.provider.lie(Lies::default());
    let phone = Phone::new(&world, 7, "hong");
    assert_eq!(
        phone.sign(world.open(1)).send().await.unwrap().status(),
        201
    );
    let out = phone
        .sign(world.call(Method::POST, "/logout"))
        .send()
        .await
        .unwrap();
    assert_eq!(out.status(), 204);
    assert_eq!(
        refused(phone.sign(world.open(1))).await,
        (401, "logged_out".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tells_by_which_clients_devices_prove_whose_they_are() {
    let channel = "channel = { page_client_id = \"page\", app_client_ids = [\"a\", \"b\"] }\n";
    let world = World::start_with(StoreUrl::Memory, channel).await;
    let settings = world.call(Method::GET, "/v1/settings").send().await;
    let settings: Value = settings.unwrap().json().await.unwrap();
    let provider = &settings["login"]["providers"][0];
    assert_eq!(
        provider["channel"],
        json!({ "pageClientId": "page", "appClientIds": ["a", "b"] })
    );
    let session = world.log_in("hong").await.unwrap();
    let me = world
        .call(Method::GET, "/v1/me")
        .header("cookie", session)
        .send()
        .await;
    let me: Value = me.unwrap().json().await.unwrap();
    assert_eq!(me["provider"], provider["id"]);

    let world = World::start(StoreUrl::Memory).await;
    let settings = world.call(Method::GET, "/v1/settings").send().await;
    let settings: Value = settings.unwrap().json().await.unwrap();
    assert!(settings["login"]["providers"][0].get("channel").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn lets_the_page_ask_the_providers_of_its_channels_and_nobody_else() {
    let connect = |response: Response| {
        let policy = response.headers()["content-security-policy"].to_str();
        let mut parts = policy.unwrap().split(';').map(str::trim);
        let connect = parts.find(|it| it.starts_with("connect-src"));
        connect.unwrap().to_owned()
    };
    let get = |world: &World, path: &str| world.call(Method::GET, path).send();
    let channel = "channel = { page_client_id = \"page\", app_client_ids = [\"a\"] }\n\
        [provider.other]\nissuer = \"https://other.example\"\nclient_id = \"relay\"\n";
    let world = World::start_with(StoreUrl::Memory, channel).await;
    let page = get(&world, "/").await.unwrap();
    assert_eq!(page.headers()["cache-control"], "no-store");
    let asked = format!("connect-src 'self' {}", world.provider.issuer);
    assert_eq!(connect(page), asked);
    // Where the window comes back to asks nobody, and no cache keeps the code in its address.
    let back = get(&world, "/login/channel?code=c&state=s").await.unwrap();
    assert_eq!(back.headers()["cache-control"], "no-store");
    assert_eq!(connect(back), "connect-src 'self'");
    let nothing = get(&world, "/nothing").await.unwrap();
    assert_eq!(connect(nothing), "connect-src 'self'");

    let world = World::start(StoreUrl::Memory).await;
    assert_eq!(
        connect(get(&world, "/").await.unwrap()),
        "connect-src 'self'"
    );
    assert_eq!(world.provider.asked(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_who_looks_something_up_and_why() {
    let world = World::start(StoreUrl::Memory).await;
    world.provider.lie(Lies {
        claims: vec![("role", json!(["desk", "other"]))],
        ..Lies::default()
    });
    let desk = world.log_in("desk").await.unwrap();
    let search = |body: Value| {
        let call = world
            .call(Method::POST, "/v1/audit/search")
            .header("cookie", &desk);
        call.header("sec-fetch-site", "same-origin").json(&body)
    };
    let silent = search(json!({ "reason": " " })).send().await.unwrap();
    assert_eq!(code(silent).await, (400, "malformed".into()));
    let found = search(json!({ "reason": "전화 문의" }))
        .send()
        .await
        .unwrap();
    let found: Value = found.json().await.unwrap();
    let kinds: Vec<_> = found["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["kind"].as_str().unwrap())
        .collect();
    assert!(
        kinds.contains(&"login") && kinds.contains(&"look_up"),
        "{kinds:?}"
    );
    assert!(found.to_string().contains("전화 문의"));
}

const OFFICE: &str = "198.51.100.1";
const HOME: &str = "198.51.100.2";

/// A call of somebody's browser, which is in that network.
async fn from(network: &str, session: &str, call: RequestBuilder) -> Response {
    call.header("cookie", session)
        .header("sec-fetch-site", "same-origin")
        .header("x-forwarded-for", network)
        .send()
        .await
        .unwrap()
}

/// Refused with this code, until one of `count` has come back that are there in `lifetime`.
fn comes_back(response: &Response, code: &str, lifetime: Duration, count: u64) {
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["naru-problem"], code);
    let after = response.headers()["retry-after"].to_str().unwrap();
    let after: u64 = after.parse().unwrap();
    let one = lifetime.as_secs() / count;
    assert!((one - 30..=one).contains(&after), "{after} of {one}");
}

fn two() -> NonZeroU32 {
    NonZeroU32::new(2).unwrap()
}

fn mailbox_lifetime() -> Duration {
    let capacity = Settings::local().unwrap().capacity;
    capacity.join_ttl + capacity.transfer_ttl
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_opens_so_many_mailboxes_from_wherever_and_no_other_accounts() {
    let world = World::start_limited(|settings| settings.account_mailboxes = two()).await;
    let hong = world.log_in("hong").await.unwrap();
    let kim = world.log_in("kim").await.unwrap();
    for (id, network) in [(1, OFFICE), (2, HOME)] {
        assert_eq!(from(network, &hong, world.open(id)).await.status(), 201);
    }
    for network in [OFFICE, HOME] {
        let third = from(network, &hong, world.open(3)).await;
        comes_back(&third, "too_many_mailboxes", mailbox_lifetime(), 2);
    }
    assert_eq!(from(OFFICE, &kim, world.open(4)).await.status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_refused_takes_nothing_from_its_network() {
    let world = World::start_limited(|settings| {
        settings.account_mailboxes = NonZeroU32::MIN;
        settings.network_mailboxes = two();
    })
    .await;
    let hong = world.log_in("hong").await.unwrap();
    let kim = world.log_in("kim").await.unwrap();
    let lee = world.log_in("lee").await.unwrap();
    assert_eq!(from(OFFICE, &hong, world.open(1)).await.status(), 201);
    for _ in 0..3 {
        let refused = from(OFFICE, &hong, world.open(2)).await;
        comes_back(&refused, "too_many_mailboxes", mailbox_lifetime(), 1);
    }
    assert_eq!(from(OFFICE, &kim, world.open(3)).await.status(), 201);
    let network_is_full = from(OFFICE, &lee, world.open(4)).await;
    comes_back(
        &network_is_full,
        "too_many_mailboxes",
        mailbox_lifetime(),
        2,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_tries_to_join_so_often_from_wherever_and_no_other_accounts() {
    let world = World::start_limited(|settings| settings.account_joins = two()).await;
    let hong = world.log_in("hong").await.unwrap();
    let kim = world.log_in("kim").await.unwrap();
    for session in [&hong, &kim] {
        let id = if session == &hong { 1 } else { 2 };
        assert_eq!(from(OFFICE, session, world.open(id)).await.status(), 201);
    }
    assert_eq!(from(OFFICE, &hong, world.join(1)).await.status(), 201);
    // Another's mailbox counts like one's own: it is what somebody guesses.
    assert_eq!(from(HOME, &hong, world.join(2)).await.status(), 403);
    for network in [OFFICE, HOME] {
        let third = from(network, &hong, world.join(1)).await;
        comes_back(&third, "too_many_joins", mailbox_lifetime(), 2);
    }
    assert_eq!(from(OFFICE, &kim, world.join(2)).await.status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_makes_so_many_deposits_and_opens_mailboxes_all_the_same() {
    let lifetime = Duration::from_secs(7_200);
    let world = World::start_limited(|settings| {
        settings.account_deposits = two();
        settings.capacity.deposit_ttl = lifetime;
    })
    .await;
    let hong = world.log_in("hong").await.unwrap();
    let kim = world.log_in("kim").await.unwrap();
    let deposit = |id| world.open_for(id, NonZeroU32::new(60));
    for (id, network) in [(1, OFFICE), (2, HOME)] {
        assert_eq!(from(network, &hong, deposit(id)).await.status(), 201);
    }
    let third = from(OFFICE, &hong, deposit(3)).await;
    comes_back(&third, "too_many_mailboxes", lifetime, 2);
    assert_eq!(from(OFFICE, &hong, world.open(4)).await.status(), 201);
    assert_eq!(from(OFFICE, &kim, deposit(5)).await.status(), 201);
}
