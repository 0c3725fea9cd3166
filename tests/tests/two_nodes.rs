//! Two relays on one Redis: what one of them ends is over at the other at once, and no secret of a login lies
//! anywhere.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;

use base64ct::{Base64UrlUnpadded, Encoding};
use naru_core::{
    client::Method as CoreMethod,
    device_key::DeviceKey,
    mailbox::{Join, MailboxId, Open, Token},
};
use naru_relay::{audit::ExportTarget, registry::RegistryUrl, store::StoreUrl};
use naru_tests::{
    RunningRedis, RunningRelay, http_client,
    provider::{APP_CLIENT, HostileProvider, RELAY_CLIENT, cookie, now},
};
use reqwest::{Client, Method, RequestBuilder, redirect};
use serde_json::{Value, json};
use tempfile::TempDir;

const ORIGIN: &str = "http://localhost:8080";
const CODE: &str = "canary-of-the-providers-code";

struct World {
    nodes: [RunningRelay; 2],
    provider: HostileProvider,
    redis: RunningRedis,
    client: Client,
    folder: TempDir,
}

impl World {
    async fn start() -> Self {
        let provider = HostileProvider::start().await;
        let redis = RunningRedis::start(&[]);
        let folder = TempDir::new().unwrap();
        let identity = folder.path().join("identity.toml");
        let text = format!(
            "origin = \"{ORIGIN}\"\n[provider.mois]\nissuer = \"{}\"\nclient_id = \"{RELAY_CLIENT}\"\n\
             app_client_ids = [\"{APP_CLIENT}\"]\n",
            provider.issuer
        );
        fs::write(&identity, text).unwrap();
        let start = |at: usize| {
            let (identity, export) = (identity.clone(), folder.path().join(format!("{at}.jsonl")));
            let (store, audit) = (redis.url(), redis.address().parse().unwrap());
            RunningRelay::start_on(store.clone(), move |settings| {
                settings.identity = Some(identity);
                settings.audit = audit;
                settings.audit_exports = vec![ExportTarget::File(export)];
                if let StoreUrl::Redis(deployment) = store {
                    settings.registry = RegistryUrl::Redis(deployment);
                }
            })
        };
        let nodes = [start(0).await, start(1).await];
        let client = Client::builder().redirect(redirect::Policy::none());
        Self {
            nodes,
            provider,
            redis,
            client: client.build().unwrap(),
            folder,
        }
    }

    fn call(&self, node: usize, method: Method, path: &str) -> RequestBuilder {
        let origin = &self.nodes[node].origin;
        self.client.request(method, format!("{origin}{path}"))
    }

    /// Departs at one node and arrives at the other; yields the session's cookie and the state.
    async fn log_in(&self) -> (String, String) {
        let departed = self
            .call(0, Method::GET, "/login/mois")
            .send()
            .await
            .unwrap();
        let state = self.provider.receive(&departed, "hong");
        let back = format!("/login/callback?code={CODE}&state={state}");
        let arrived = self
            .call(1, Method::GET, &back)
            .header("cookie", cookie(&departed));
        (cookie(&arrived.send().await.unwrap()), state)
    }

    fn own(&self, node: usize, method: Method, path: &str, session: &str) -> RequestBuilder {
        let call = self.call(node, method, path).header("cookie", session);
        call.header("sec-fetch-site", "same-origin")
    }

    /// As an app at a device.
    fn app(&self, node: usize, method: Method, path: &str, token: &str) -> RequestBuilder {
        let signed = match method.as_str() {
            "GET" => CoreMethod::Get,
            "POST" => CoreMethod::Post,
            _ => CoreMethod::Put,
        };
        let proof = key().prove(signed, &ORIGIN.parse().unwrap(), path, token, now());
        self.call(node, method, path)
            .header("naru-login", format!("Bearer {token}"))
            .header("naru-device", proof)
    }
}

fn key() -> DeviceKey {
    DeviceKey::from_bytes(&[0x5a; 32]).unwrap()
}

fn token(seed: u8) -> Token {
    Token::from_bytes([seed; 32])
}

async fn code(call: RequestBuilder) -> (u16, String) {
    let response = call.send().await.unwrap();
    let header = response.headers().get("naru-problem");
    let code = header.map_or("", |it| it.to_str().unwrap()).to_owned();
    (response.status().as_u16(), code)
}

fn open(call: RequestBuilder) -> RequestBuilder {
    let open = Open {
        token: token(1).hash(),
        join: token(2).hash(),
        deposit: None,
    };
    call.header("authorization", token(1).authorization())
        .header("content-type", "application/cbor")
        .body(open.to_cbor())
}

fn join(call: RequestBuilder) -> RequestBuilder {
    let join = Join {
        token: token(3).hash(),
        m1: b"m1".to_vec(),
    };
    call.header("authorization", token(2).authorization())
        .header("content-type", "application/cbor")
        .body(join.to_cbor())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_or_a_revoked_device_is_over_at_the_other_node_and_no_secret_stays() {
    let world = World::start().await;
    let (session, state) = world.log_in().await;
    let app_token = world.provider.app_token("hong");
    let mailbox = format!("/v1/mailboxes/{}", MailboxId::from_bytes([9; 16]));
    let opened = open(world.own(0, Method::PUT, &mailbox, &session));
    assert_eq!(code(opened).await.0, 201);
    let joining = format!("{mailbox}/join");
    let joined = join(world.app(1, Method::POST, &joining, &app_token));
    assert_eq!(code(joined).await.0, 201);

    // A call that waits at one node while its device is revoked at the other ends as refused.
    let reading = format!("{mailbox}/frames?wait=25");
    let waits = world
        .app(1, Method::GET, &reading, &app_token)
        .header("authorization", token(3).authorization())
        .send();
    let waits = tokio::spawn(waits);
    let list = world.own(0, Method::GET, "/v1/devices", &session).send();
    let list: Value = list.await.unwrap().json().await.unwrap();
    let device = format!("/v1/devices/{}", list[0]["id"].as_str().unwrap());
    let revoked = world.own(0, Method::DELETE, &device, &session);
    assert_eq!(code(revoked).await.0, 204);
    for node in [0, 1] {
        let again = join(world.app(node, Method::POST, &joining, &app_token));
        assert_eq!(code(again).await, (403, "device_revoked".into()), "{node}");
    }
    // The page's next frame wakes it.
    let frame = world
        .own(0, Method::PUT, &format!("{mailbox}/frames/1"), &session)
        .header("authorization", token(1).authorization())
        .header("content-type", "application/octet-stream")
        .body("m2");
    frame.send().await.unwrap();
    let refused = waits.await.unwrap().unwrap();
    assert_eq!(refused.headers()["naru-problem"], "device_revoked");

    let left = world.own(0, Method::POST, "/logout", &session);
    assert_eq!(code(left).await.0, 204);
    for node in [0, 1] {
        let replayed = world.own(node, Method::GET, "/v1/me", &session);
        assert_eq!(
            code(replayed).await,
            (401, "login_required".into()),
            "{node}"
        );
    }
    let refused = world.app(1, Method::GET, "/v1/me", "a.b.c");
    assert_eq!(code(refused).await.0, 401);
    let search = world
        .own(0, Method::POST, "/v1/audit/search", &session)
        .json(&json!({ "reason": "x" }));
    assert_eq!(code(search).await.0, 401);

    let mut places = Vec::new();
    for node in &world.nodes {
        let metrics = http_client().get(format!("{}/metrics", node.origin));
        places.push(metrics.send().await.unwrap().text().await.unwrap());
    }
    places.push(everything(&world.redis).await);
    for node in world.nodes {
        node.stop().await;
    }
    for at in [0, 1] {
        let export = world.folder.path().join(format!("{at}.jsonl"));
        places.push(fs::read_to_string(export).unwrap());
    }
    assert!(
        places.concat().contains("device_revoked"),
        "nothing is noted"
    );
    let bytes = key().to_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let value = session.split_once('=').unwrap().1;
    let canaries = [
        value,
        &state,
        CODE,
        &app_token,
        &hex,
        &Base64UrlUnpadded::encode_string(bytes.as_ref()),
    ];
    for canary in canaries {
        for place in &places {
            assert!(!place.contains(canary), "{canary} is in {place}");
        }
    }
}

/// Every key of the Redis, and what is under it, whatever its kind.
async fn everything(redis: &RunningRedis) -> String {
    let mut connection = redis.connect().await;
    // A compressed text would hide what is in it.
    redis::cmd("CONFIG")
        .arg(&["SET", "rdbcompression", "no"])
        .exec_async(&mut connection)
        .await
        .unwrap();
    let mut all = String::new();
    for key in redis.keys().await {
        all += &String::from_utf8_lossy(&key);
        let dumped: Vec<u8> = redis::cmd("DUMP")
            .arg(&key)
            .query_async(&mut connection)
            .await
            .unwrap();
        all += &String::from_utf8_lossy(&dumped);
    }
    all
}
