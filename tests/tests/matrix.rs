//! Who may make which call: every route, for every role, in both agencies. A route without an entry fails.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{collections::BTreeSet, fs, num::NonZeroU32};

use naru_core::{
    client::Method as CoreMethod,
    device_key::DeviceKey,
    mailbox::{Join, MailboxId, Open, Token},
    rules::Movement,
};
use naru_tests::{
    RunningRelay,
    provider::{APP_CLIENT, HostileProvider, Lies, RELAY_CLIENT, cookie, now},
};
use reqwest::{Client, Method, RequestBuilder, redirect};
use serde_json::{Value, json};
use tempfile::TempDir;

const ORIGIN: &str = "http://localhost:8080";
const AGENCIES: &str = r#"
[agency.mois]
name = { ko = "행정안전부", en = "Interior" }
[agency.nts]
name = { ko = "국세청", en = "Tax" }
"#;

/// Who calls. The mailbox and the device are the owner's, who is one of the ministry's people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Nobody,
    /// Somebody with a session of another provider's person.
    OtherAgency,
    /// Somebody of the owner's agency.
    Member,
    Owner,
    /// The owner at a device that was removed.
    RevokedDevice,
    Admin,
    OtherAgencysAdmin,
    /// Somebody whose agency has no rules here.
    NoAgency,
}

const ROLES: [Role; 8] = [
    Role::Nobody,
    Role::OtherAgency,
    Role::Member,
    Role::Owner,
    Role::RevokedDevice,
    Role::Admin,
    Role::OtherAgencysAdmin,
    Role::NoAgency,
];

/// Every route, with what it answers to each of the roles in their order.
const MATRIX: &[(&str, &str, [&str; 8])] = {
    const LOG_IN: &str = "401 login_required";
    const OTHER: &str = "403 other_person";
    const REVOKED: &str = "403 device_revoked";
    const DENIED: &str = "403 not_allowed";
    const ADMINS: &str = "403 not_an_administrator";
    const TAKEN: &str = "409 mailbox_exists";
    const NONE: &str = "404 not_found";
    const OPEN: [&str; 8] = ["200"; 8];
    &[
        (
            "put",
            "/v1/mailboxes/{id}",
            [LOG_IN, TAKEN, TAKEN, "200", REVOKED, TAKEN, TAKEN, DENIED],
        ),
        (
            "post",
            "/v1/mailboxes/{id}/join",
            [LOG_IN, OTHER, OTHER, "201", REVOKED, OTHER, OTHER, DENIED],
        ),
        (
            "get",
            "/v1/mailboxes/{id}/frames",
            [LOG_IN, OTHER, OTHER, "200", REVOKED, OTHER, OTHER, DENIED],
        ),
        (
            "put",
            "/v1/mailboxes/{id}/frames/{number}",
            [
                LOG_IN,
                OTHER,
                OTHER,
                "409 not_joined",
                REVOKED,
                OTHER,
                OTHER,
                DENIED,
            ],
        ),
        (
            "delete",
            "/v1/mailboxes/{id}",
            // No rule keeps anybody from stopping what is theirs.
            [LOG_IN, OTHER, OTHER, "204", REVOKED, OTHER, OTHER, OTHER],
        ),
        (
            "get",
            "/v1/settings",
            ["200", "200", "200", "200", "200", "200", "200", DENIED],
        ),
        (
            "post",
            "/v1/rules",
            [LOG_IN, "204", "204", "204", REVOKED, "204", "204", DENIED],
        ),
        ("get", "/login/{provider}", ["303"; 8]),
        ("get", "/login/callback", ["303"; 8]),
        // Of this relay's providers none has a channel.
        ("get", "/login/channel", [NONE; 8]),
        (
            "post",
            "/logout",
            [LOG_IN, "204", "204", "204", REVOKED, "204", "204", "204"],
        ),
        (
            "get",
            "/v1/me",
            [LOG_IN, "200", "200", "200", REVOKED, "200", "200", DENIED],
        ),
        (
            "get",
            "/v1/devices",
            [LOG_IN, "200", "200", "200", REVOKED, "200", "200", DENIED],
        ),
        (
            "put",
            "/v1/devices/{device}",
            [LOG_IN, NONE, NONE, "204", REVOKED, NONE, NONE, DENIED],
        ),
        (
            "delete",
            "/v1/devices/{device}",
            [LOG_IN, NONE, NONE, "204", REVOKED, NONE, NONE, DENIED],
        ),
        (
            "post",
            "/v1/audit/search",
            [
                LOG_IN, ADMINS, ADMINS, ADMINS, REVOKED, "200", "200", DENIED,
            ],
        ),
        ("get", "/healthz", OPEN),
        ("get", "/readyz", OPEN),
        ("get", "/metrics", OPEN),
        ("get", "/openapi.json", OPEN),
    ]
};

struct World {
    relay: RunningRelay,
    mois: HostileProvider,
    nts: HostileProvider,
    client: Client,
    _folder: TempDir,
}

/// What a role shows the relay.
#[derive(Clone)]
enum Shown {
    Nothing,
    Session(String),
    Device(String),
}

impl World {
    async fn start() -> Self {
        let (mois, nts) = (
            HostileProvider::start().await,
            HostileProvider::start().await,
        );
        let folder = TempDir::new().unwrap();
        let provider = |id: &str, issuer: &str, more: &str| {
            format!(
                "[provider.{id}]\nissuer = \"{issuer}\"\nclient_id = \"{RELAY_CLIENT}\"\n\
                 app_client_ids = [\"{APP_CLIENT}\"]\nadmin = {{ name = \"role\", value = \"desk\" }}\n{more}"
            )
        };
        let text = [
            format!("origin = \"{ORIGIN}\"\n"),
            provider("mois", &mois.issuer, ""),
            provider("nts", &nts.issuer, ""),
            provider("gone", &nts.issuer, "agency = \"gone\"\n"),
        ];
        let identity = folder.path().join("identity.toml");
        let agencies = folder.path().join("agencies.toml");
        fs::write(&identity, text.concat()).unwrap();
        fs::write(&agencies, AGENCIES).unwrap();
        let relay = RunningRelay::start(|settings| {
            settings.identity = Some(identity);
            settings.agencies = Some(agencies);
            settings.account_mailboxes = NonZeroU32::MAX;
            settings.account_joins = NonZeroU32::MAX;
        })
        .await;
        let client = Client::builder().redirect(redirect::Policy::none());
        Self {
            relay,
            mois,
            nts,
            client: client.build().unwrap(),
            _folder: folder,
        }
    }

    fn call(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        self.client
            .request(method, format!("{}{path}", self.relay.origin))
    }

    async fn session(&self, id: &str, subject: &str, is_admin: bool) -> String {
        let provider = if id == "mois" { &self.mois } else { &self.nts };
        let claims = vec![("role", json!(if is_admin { "desk" } else { "staff" }))];
        provider.lie(Lies {
            claims,
            ..Lies::default()
        });
        let departed = self
            .call("get", &format!("/login/{id}"))
            .send()
            .await
            .unwrap();
        let state = provider.receive(&departed, subject);
        let back = format!("/login/callback?code=c&state={state}");
        let arrived = self
            .call("get", &back)
            .header("cookie", cookie(&departed))
            .send();
        cookie(&arrived.await.unwrap())
    }

    async fn shown(&self, role: Role) -> Shown {
        Shown::Session(match role {
            Role::Nobody => return Shown::Nothing,
            Role::RevokedDevice => return Shown::Device(self.mois.app_token("hong")),
            Role::OtherAgency => self.session("nts", "lee", false).await,
            Role::Member => self.session("mois", "kim", false).await,
            Role::Owner => self.session("mois", "hong", false).await,
            Role::Admin => self.session("mois", "desk", true).await,
            Role::OtherAgencysAdmin => self.session("nts", "desk", true).await,
            Role::NoAgency => self.session("gone", "park", true).await,
        })
    }

    /// As whoever shows this.
    fn by(&self, shown: &Shown, method: &str, path: &str) -> RequestBuilder {
        let call = self.call(method, path);
        match shown {
            Shown::Nothing => call.header("sec-fetch-site", "same-origin"),
            Shown::Session(cookie) => call
                .header("cookie", cookie)
                .header("sec-fetch-site", "same-origin"),
            Shown::Device(token) => {
                let method = match method {
                    "get" => CoreMethod::Get,
                    "put" => CoreMethod::Put,
                    "post" => CoreMethod::Post,
                    _ => CoreMethod::Delete,
                };
                let origin = ORIGIN.parse().unwrap();
                let proof = device(7).prove(method, &origin, path, token, now());
                call.header("naru-login", format!("Bearer {token}"))
                    .header("naru-device", proof)
            }
        }
    }

    /// A mailbox and a device of the owner's, of whom another device was removed; yields their names.
    async fn prepare(&self, owner: &Shown, id: u8) -> (String, String) {
        let mailbox = MailboxId::from_bytes([id; 16]).to_string();
        let opened = body(
            self.by(owner, "put", &format!("/v1/mailboxes/{mailbox}")),
            "put",
            "/v1/mailboxes/{id}",
        );
        assert_eq!(opened.send().await.unwrap().status(), 201);
        let token = Shown::Device(self.mois.app_token("hong"));
        let revoked = self.devices(owner).await;
        if revoked.is_empty() {
            let path = format!("/v1/mailboxes/{}", MailboxId::from_bytes([200; 16]));
            let enrolled = body(self.by(&token, "put", &path), "put", "/v1/mailboxes/{id}");
            assert_eq!(enrolled.send().await.unwrap().status(), 201);
            let device = self.devices(owner).await.remove(0);
            let revoked = self
                .by(owner, "delete", &format!("/v1/devices/{device}"))
                .send();
            assert_eq!(revoked.await.unwrap().status(), 204);
            return (mailbox, device);
        }
        (mailbox, revoked[0].clone())
    }

    async fn devices(&self, owner: &Shown) -> Vec<String> {
        let list = self.by(owner, "get", "/v1/devices").send().await.unwrap();
        let list: Vec<Value> = list.json().await.unwrap();
        list.iter()
            .map(|it| it["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn device(seed: u8) -> DeviceKey {
    DeviceKey::from_bytes(&[seed; 32]).unwrap()
}

/// What a well-formed call of a route has beside its address.
fn body(call: RequestBuilder, method: &str, route: &str) -> RequestBuilder {
    let token = |seed| Token::from_bytes([seed; 32]);
    let cbor = |call: RequestBuilder| call.header("content-type", "application/cbor");
    match (method, route) {
        ("put", "/v1/mailboxes/{id}") => cbor(call)
            .header("authorization", token(1).authorization())
            .body(
                Open {
                    token: token(1).hash(),
                    join: token(2).hash(),
                    deposit: None,
                }
                .to_cbor(),
            ),
        ("post", "/v1/mailboxes/{id}/join") => cbor(call)
            .header("authorization", token(2).authorization())
            .body(
                Join {
                    token: token(3).hash(),
                    m1: b"m1".to_vec(),
                }
                .to_cbor(),
            ),
        ("put", "/v1/mailboxes/{id}/frames/{number}") => call
            .header("authorization", token(1).authorization())
            .header("content-type", "application/octet-stream")
            .body("m2"),
        (_, route) if route.starts_with("/v1/mailboxes/") => {
            call.header("authorization", token(1).authorization())
        }
        ("post", "/v1/rules") => cbor(call).body(Movement::default().to_cbor()),
        ("put", "/v1/devices/{device}") => call.json(&json!({ "name": "new" })),
        ("post", "/v1/audit/search") => call.json(&json!({ "reason": "a call" })),
        _ => call,
    }
}

/// The routes as the relay's sources register them; those of mailboxes, which it knows without, as it answers.
async fn registered(world: &World) -> BTreeSet<(String, String)> {
    let source = include_str!("../../server/src/routes/mod.rs");
    let resources = source.split("web::resource(\"").skip(1);
    let routes = resources.flat_map(|resource| {
        let (path, rest) = resource.split_once('"').unwrap();
        let own = rest.split("web::resource").next().unwrap();
        let methods = own.split(".route(web::").skip(1);
        methods.map(|it| (it.split('(').next().unwrap().to_owned(), path.to_owned()))
    });
    let mut routes: BTreeSet<_> = routes.collect();
    for (parts, path) in [
        ("", "/v1/mailboxes/{id}"),
        ("/join", "/v1/mailboxes/{id}/join"),
        ("/frames", "/v1/mailboxes/{id}/frames"),
        ("/frames/1", "/v1/mailboxes/{id}/frames/{number}"),
    ] {
        for method in ["get", "head", "put", "post", "patch", "delete", "options"] {
            let asked = format!("/v1/mailboxes/{}{parts}", "A".repeat(22));
            let answer = world.call(method, &asked).send().await.unwrap();
            if answer.status() != 405 {
                routes.insert((method.to_owned(), path.to_owned()));
            }
        }
    }
    routes
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_has_an_entry_and_is_described() {
    let world = World::start().await;
    let entries: BTreeSet<_> = MATRIX
        .iter()
        .map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(entries, registered(&world).await);
    let description: Value = world
        .call("get", "/openapi.json")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let paths = description["paths"].as_object().unwrap();
    let described: BTreeSet<_> = paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| (method.clone(), path.clone()))
        })
        .collect();
    assert_eq!(entries, described);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_route_answers_each_role_as_its_entry_says() {
    let world = World::start().await;
    let owner = world.shown(Role::Owner).await;
    let mut wrong = Vec::new();
    let mut id = 0;
    for (method, route, expected) in MATRIX {
        for (role, expected) in ROLES.into_iter().zip(expected) {
            id += 1;
            let (mailbox, device) = world.prepare(&owner, id).await;
            let shown = world.shown(role).await;
            let path = route
                .replace("{id}", &mailbox)
                .replace("{number}", "2")
                .replace("{device}", &device)
                .replace("{provider}", "mois");
            let answer = body(world.by(&shown, method, &path), method, route);
            let answer = answer.send().await.unwrap();
            let problem = answer.headers().get("naru-problem");
            let problem = problem.map_or(String::new(), |it| format!(" {}", it.to_str().unwrap()));
            let found = format!("{}{problem}", answer.status().as_u16());
            if found != *expected {
                wrong.push(format!(
                    "{method} {route} as {role:?}: {found}, not {expected}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sees_the_own_agencys_entries_only() {
    let world = World::start().await;
    let owner = world.shown(Role::Owner).await;
    world.prepare(&owner, 1).await;
    for (role, sees) in [(Role::Admin, true), (Role::OtherAgencysAdmin, false)] {
        let shown = world.shown(role).await;
        let search = body(
            world.by(&shown, "post", "/v1/audit/search"),
            "post",
            "/v1/audit/search",
        );
        let found: Value = search.send().await.unwrap().json().await.unwrap();
        let entries = found["entries"].as_array().unwrap();
        let openings = entries.iter().filter(|it| it["kind"] == "opening");
        assert_eq!(openings.count() > 0, sees, "{role:?}");
        let others = entries
            .iter()
            .filter(|it| it["agency"] == if sees { "nts" } else { "mois" });
        assert_eq!(others.count(), 0, "{role:?}");
    }
}
