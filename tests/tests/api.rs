//! The relay's calls as `docs/protocol.md` §5 has them, over real HTTP and on both stores.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use naru_core::mailbox::{Join, MailboxId, Open, Token, frames_from_cbor};
use naru_relay::store::StoreUrl;
use naru_tests::{RunningRelay, http_client};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

naru_tests::on_every_store!(
    opens_once,
    lets_the_first_scanner_in,
    appends_in_order,
    hands_out_frames_until_they_are_acknowledged,
    is_gone_for_everyone_after_its_end,
    is_gone_after_its_time,
    answers_a_waiter_as_soon_as_the_peer_writes,
    a_write_waits_for_the_answer,
);

const PATIENCE: Duration = Duration::from_secs(10);

/// Everyone who may call about one mailbox.
struct Mailbox {
    relay: RunningRelay,
    client: Client,
    id: MailboxId,
}

fn displayer() -> Token {
    Token::from_bytes([1; 32])
}

fn join_token() -> Token {
    Token::from_bytes([2; 32])
}

fn scanner() -> Token {
    Token::from_bytes([3; 32])
}

fn stranger() -> Token {
    Token::from_bytes([9; 32])
}

fn opening() -> Vec<u8> {
    Open {
        token: displayer().hash(),
        join: join_token().hash(),
        deposit: None,
    }
    .to_cbor()
}

fn joining(token: &Token) -> Vec<u8> {
    Join {
        token: token.hash(),
        m1: b"m1".to_vec(),
    }
    .to_cbor()
}

impl Mailbox {
    async fn on(store: StoreUrl) -> Self {
        Self::of(RunningRelay::start_on(store, |_| {}).await)
    }

    fn of(relay: RunningRelay) -> Self {
        Self {
            relay,
            client: http_client(),
            id: MailboxId::from_bytes([7; 16]),
        }
    }

    fn call(&self, method: Method, tail: &str, token: &Token) -> RequestBuilder {
        let url = format!("{}/v1/mailboxes/{}{tail}", self.relay.origin, self.id);
        self.client
            .request(method, url)
            .header("authorization", token.authorization())
    }

    async fn open(&self, body: Vec<u8>, token: &Token) -> Response {
        let call = self.call(Method::PUT, "", token);
        send(call.header("content-type", "application/cbor").body(body)).await
    }

    async fn join(&self, body: Vec<u8>, token: &Token) -> Response {
        let call = self.call(Method::POST, "/join", token);
        send(call.header("content-type", "application/cbor").body(body)).await
    }

    async fn append(&self, tail: &str, token: &Token, frame: &[u8]) -> Response {
        let call = self.call(Method::PUT, &format!("/frames/{tail}"), token);
        let call = call.header("content-type", "application/octet-stream");
        send(call.body(frame.to_vec())).await
    }

    async fn read(&self, query: &str, token: &Token) -> Response {
        send(self.call(Method::GET, &format!("/frames{query}"), token)).await
    }

    async fn end(&self, token: &Token) -> Response {
        send(self.call(Method::DELETE, "", token)).await
    }

    async fn joined(&self) {
        assert_eq!(self.open(opening(), &displayer()).await.status(), 201);
        let join = self.join(joining(&scanner()), &join_token()).await;
        assert_eq!(join.status(), 201);
    }
}

async fn send(call: RequestBuilder) -> Response {
    timeout(PATIENCE, call.send()).await.unwrap().unwrap()
}

/// The status and the code of a refusal, whose document says the same as its header.
async fn refusal(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    assert_eq!(headers["content-type"], "application/problem+json");
    let document: Value = response.json().await.unwrap();
    assert_eq!(document["status"], status);
    assert_eq!(document["type"], "about:blank");
    assert!(document["title"].as_str().is_some_and(|it| !it.is_empty()));
    let code = document["code"].as_str().unwrap().to_owned();
    assert_eq!(headers["naru-problem"], code.as_str());
    assert_eq!(
        headers.contains_key("retry-after"),
        [429, 503].contains(&status)
    );
    (status, code)
}

async fn refused(response: Response, status: u16, code: &str) {
    assert_eq!(refusal(response).await, (status, code.to_owned()));
}

async fn frames(response: Response) -> Vec<Vec<u8>> {
    assert!(response.status().is_success(), "{response:?}");
    assert_eq!(response.headers()["content-type"], "application/cbor-seq");
    let left: u64 = response.headers()["naru-expires-in"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(left <= 600);
    frames_from_cbor(&response.bytes().await.unwrap()).unwrap()
}

async fn opens_once(store: StoreUrl) {
    let mailbox = Mailbox::on(store).await;
    assert_eq!(mailbox.open(opening(), &displayer()).await.status(), 201);
    assert_eq!(mailbox.open(opening(), &displayer()).await.status(), 200);
    let other = Open {
        token: stranger().hash(),
        join: join_token().hash(),
        deposit: None,
    };
    let taken = mailbox.open(other.to_cbor(), &stranger()).await;
    refused(taken, 409, "mailbox_exists").await;
    // The body has to name the token that the call presents.
    let foreign = mailbox.open(opening(), &stranger()).await;
    refused(foreign, 401, "token_required").await;
    mailbox.relay.stop().await;
}

async fn lets_the_first_scanner_in(store: StoreUrl) {
    let mailbox = Mailbox::on(store).await;
    let early = mailbox.join(joining(&scanner()), &join_token()).await;
    refused(early, 404, "mailbox_unknown").await;
    mailbox.joined().await;
    let again = mailbox.join(joining(&scanner()), &join_token()).await;
    assert_eq!(again.status(), 200);
    let second = mailbox.join(joining(&stranger()), &join_token()).await;
    refused(second, 409, "already_joined").await;
    let unknown = mailbox.join(joining(&stranger()), &stranger()).await;
    refused(unknown, 404, "mailbox_unknown").await;
    for outsider in [stranger(), join_token()] {
        let read = mailbox.read("", &outsider).await;
        refused(read, 404, "mailbox_unknown").await;
        let write = mailbox.append("2", &outsider, b"x").await;
        refused(write, 404, "mailbox_unknown").await;
        let end = mailbox.end(&outsider).await;
        refused(end, 404, "mailbox_unknown").await;
    }
    mailbox.relay.stop().await;
}

async fn appends_in_order(store: StoreUrl) {
    let mailbox = Mailbox::on(store).await;
    mailbox.open(opening(), &displayer()).await;
    let early = mailbox.append("1", &displayer(), b"m2").await;
    refused(early, 409, "not_joined").await;
    mailbox.join(joining(&scanner()), &join_token()).await;
    let first = mailbox.append("1", &displayer(), b"m2").await;
    assert_eq!(first.status(), 201);
    let again = mailbox.append("1", &displayer(), b"m2").await;
    assert_eq!(again.status(), 200);
    let other = mailbox.append("1", &displayer(), b"m2'").await;
    refused(other, 409, "frame_conflict").await;
    let gap = mailbox.append("3", &displayer(), b"m4").await;
    assert_eq!(gap.status(), 409);
    let document: Value = gap.json().await.unwrap();
    assert_eq!(document["code"], "frame_gap");
    assert_eq!(document["expected"], 2);
    let large = mailbox.append("2", &displayer(), &[0; 64_001]).await;
    refused(large, 413, "frame_too_large").await;
    let largest = mailbox.append("2", &displayer(), &[0; 64_000]).await;
    assert_eq!(largest.status(), 201);
    for number in ["0", "65536", "-1", "x"] {
        let odd = mailbox.append(number, &displayer(), b"x").await;
        refused(odd, 400, "malformed").await;
    }
    refused(
        mailbox.append("3", &displayer(), b"").await,
        400,
        "malformed",
    )
    .await;
    for number in 3..=32 {
        let frame = mailbox
            .append(&number.to_string(), &displayer(), b"x")
            .await;
        assert_eq!(frame.status(), 201);
    }
    let full = mailbox.append("33", &displayer(), b"x").await;
    refused(full, 413, "mailbox_full").await;
    mailbox.relay.stop().await;
}

async fn hands_out_frames_until_they_are_acknowledged(store: StoreUrl) {
    let mailbox = Mailbox::on(store).await;
    mailbox.joined().await;
    mailbox.append("2", &scanner(), b"m3").await;
    for _ in 0..2 {
        let read = mailbox.read("?after=0", &displayer()).await;
        assert_eq!(frames(read).await, [b"m1", b"m3"]);
    }
    let read = mailbox.read("?after=1", &displayer()).await;
    assert_eq!(frames(read).await, [b"m3"]);
    let late = mailbox.read("?after=0", &displayer()).await;
    refused(late, 409, "frames_acknowledged").await;
    // A write acknowledges and reads as well.
    let write = mailbox.append("1?after=1", &displayer(), b"m2").await;
    assert_eq!(frames(write).await, [b"m3"]);
    for query in ["?after=x", "?wait=-1", "?after=65536"] {
        let odd = mailbox.read(query, &displayer()).await;
        refused(odd, 400, "malformed").await;
    }
    mailbox.relay.stop().await;
}

async fn is_gone_for_everyone_after_its_end(store: StoreUrl) {
    let mailbox = Mailbox::on(store).await;
    mailbox.joined().await;
    assert_eq!(mailbox.end(&scanner()).await.status(), 204);
    for holder in [displayer(), scanner()] {
        refused(mailbox.read("", &holder).await, 410, "mailbox_ended").await;
        let write = mailbox.append("2", &holder, b"x").await;
        refused(write, 410, "mailbox_ended").await;
        refused(mailbox.end(&holder).await, 410, "mailbox_ended").await;
    }
    let join = mailbox.join(joining(&stranger()), &join_token()).await;
    refused(join, 410, "mailbox_ended").await;
    let stranger = mailbox.read("", &stranger()).await;
    refused(stranger, 404, "mailbox_unknown").await;
    mailbox.relay.stop().await;
}

async fn is_gone_after_its_time(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |settings| {
        settings.capacity.join_ttl = Duration::from_millis(200);
    })
    .await;
    let mailbox = Mailbox::of(relay);
    mailbox.open(opening(), &displayer()).await;
    // The waiting call ends with the mailbox.
    let waiting = mailbox.read("?wait=25", &displayer()).await;
    refused(waiting, 410, "mailbox_expired").await;
    let join = mailbox.join(joining(&scanner()), &join_token()).await;
    refused(join, 410, "mailbox_expired").await;
    mailbox.relay.stop().await;
}

async fn answers_a_waiter_as_soon_as_the_peer_writes(store: StoreUrl) {
    let mailbox = Mailbox::on(store).await;
    mailbox.joined().await;
    let (displayers_token, scanners_token) = (displayer(), scanner());
    let waiting = mailbox.read("?after=1&wait=25", &displayers_token);
    let writing = mailbox.append("2", &scanners_token, b"m3");
    let (waited, written) = tokio::join!(waiting, writing);
    assert_eq!(frames(waited).await, [b"m3"]);
    assert_eq!(written.status(), 201);
    mailbox.relay.stop().await;
}

async fn a_write_waits_for_the_answer(store: StoreUrl) {
    let mailbox = Mailbox::on(store).await;
    mailbox.joined().await;
    let (displayers_token, scanners_token) = (displayer(), scanner());
    let (asked, answered) = tokio::join!(
        mailbox.append("2?wait=25", &scanners_token, b"m3"),
        mailbox.append("1", &displayers_token, b"m2"),
    );
    assert_eq!(frames(asked).await, [b"m2"]);
    assert_eq!(answered.status(), 201);
    mailbox.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_a_token_or_of_another_form_is_told_so() {
    let mailbox = Mailbox::on(StoreUrl::Memory).await;
    let bare = mailbox.client.get(format!(
        "{}/v1/mailboxes/{}/frames",
        mailbox.relay.origin, mailbox.id
    ));
    let response = send(bare).await;
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    refused(response, 401, "token_required").await;
    let call = mailbox.call(Method::PUT, "", &displayer());
    let text = call.header("content-type", "text/plain").body(opening());
    refused(send(text).await, 415, "unsupported_media_type").await;
    let call = mailbox.call(Method::PUT, "", &displayer());
    let untyped = send(call.body(opening())).await;
    refused(untyped, 415, "unsupported_media_type").await;
    let mut trailing = opening();
    trailing.push(0);
    for body in [trailing, opening()[..20].to_vec(), vec![], vec![0xff]] {
        let odd = mailbox.open(body, &displayer()).await;
        refused(odd, 400, "malformed").await;
    }
    for method in [Method::POST, Method::PATCH, Method::OPTIONS] {
        let other = mailbox.call(method, "", &displayer());
        refused(send(other).await, 405, "method_not_allowed").await;
    }
    let url = format!("{}/v1/mailboxes/short/frames", mailbox.relay.origin);
    let short = mailbox.client.get(url).bearer_auth("x");
    refused(send(short).await, 400, "malformed").await;
    let url = format!("{}/v1/nothing", mailbox.relay.origin);
    refused(send(mailbox.client.get(url)).await, 404, "not_found").await;
    mailbox.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_private_and_locked_down() {
    let mailbox = Mailbox::on(StoreUrl::Memory).await;
    mailbox.joined().await;
    let get = |path: &str| {
        let url = format!("{}{path}", mailbox.relay.origin);
        mailbox.client.get(url)
    };
    let page = send(get("/")).await.text().await.unwrap();
    let asset = page
        .split(['"', '\''])
        .find(|part| part.starts_with("/assets/"))
        .unwrap()
        .to_owned();
    let calls = [
        get("/"),
        get(&asset),
        get("/healthz"),
        get("/readyz"),
        get("/metrics"),
        get("/openapi.json"),
        get("/nothing"),
        get("/v1/mailboxes/x/frames"),
        mailbox.call(Method::GET, "/frames", &displayer()),
        mailbox.call(Method::PATCH, "", &displayer()),
        mailbox.call(Method::DELETE, "", &displayer()),
    ];
    for call in calls {
        let response = send(call).await;
        let (url, headers) = (response.url().clone(), response.headers());
        assert_eq!(headers["x-content-type-options"], "nosniff", "{url}");
        if !url.path().starts_with("/v1/") {
            for (name, value) in [
                ("referrer-policy", "no-referrer"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"),
            ] {
                assert_eq!(headers[name], value, "{url}");
            }
            assert!(headers.contains_key("permissions-policy"), "{url}");
        }
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'"), "{url}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{url}: {policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
        let cache = headers["cache-control"].to_str().unwrap();
        let expected = match url.path() {
            "/" => "no-cache",
            path if path.starts_with("/assets/") => "immutable",
            _ => "no-store",
        };
        assert!(cache.contains(expected), "{url}: {cache}");
    }
    mailbox.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn describes_every_call_with_every_status() {
    let mailbox = Mailbox::on(StoreUrl::Memory).await;
    let url = format!("{}/openapi.json", mailbox.relay.origin);
    let document: Value = send(mailbox.client.get(url)).await.json().await.unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let expected = [
        (
            "/v1/mailboxes/{id}",
            "put",
            &[200, 201, 400, 401, 403, 408, 409, 410, 413, 415, 429, 503][..],
        ),
        (
            "/v1/mailboxes/{id}",
            "delete",
            &[204, 400, 401, 403, 404, 410, 503],
        ),
        (
            "/v1/mailboxes/{id}/join",
            "post",
            &[
                200, 201, 400, 401, 403, 404, 408, 409, 410, 413, 415, 429, 503,
            ],
        ),
        (
            "/v1/mailboxes/{id}/frames",
            "get",
            &[200, 400, 401, 403, 404, 409, 410, 503],
        ),
        (
            "/v1/mailboxes/{id}/frames/{number}",
            "put",
            &[200, 201, 400, 401, 403, 404, 408, 409, 410, 413, 415, 503],
        ),
        ("/v1/settings", "get", &[200, 403]),
        (
            "/v1/rules",
            "post",
            &[204, 400, 401, 403, 408, 413, 415, 503],
        ),
        ("/login/{provider}", "get", &[303, 404, 429]),
        ("/login/callback", "get", &[303, 404, 503]),
        ("/login/channel", "get", &[200, 404]),
        ("/logout", "post", &[204, 401, 403, 404, 503]),
        ("/v1/me", "get", &[200, 401, 403, 404, 503]),
        ("/v1/devices", "get", &[200, 401, 403, 404, 503]),
        (
            "/v1/devices/{device}",
            "put",
            &[204, 400, 401, 403, 404, 408, 413, 415, 503],
        ),
        ("/v1/devices/{device}", "delete", &[204, 401, 403, 404, 503]),
        (
            "/v1/audit/search",
            "post",
            &[200, 400, 401, 403, 404, 408, 413, 415, 503],
        ),
        ("/healthz", "get", &[200]),
        ("/readyz", "get", &[200, 503]),
        ("/metrics", "get", &[200]),
        ("/openapi.json", "get", &[200]),
    ];
    let paths = document["paths"].as_object().unwrap();
    let described: usize = paths
        .values()
        .map(|path| path.as_object().unwrap().len())
        .sum();
    assert_eq!(described, expected.len());
    for (path, method, statuses) in expected {
        let responses = paths[path][method]["responses"].as_object().unwrap();
        let mut given: Vec<u16> = responses.keys().map(|it| it.parse().unwrap()).collect();
        given.sort_unstable();
        assert_eq!(given, statuses, "{method} {path}");
    }
    mailbox.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_deposits_for_as_long_as_asked_and_not_longer_than_allowed() {
    let relay = RunningRelay::start(|settings| {
        settings.capacity.deposit_ttl = Duration::from_secs(7_200);
        settings.network_deposits = NonZeroU32::new(2).unwrap();
    })
    .await;
    let mailbox = Mailbox::of(relay);
    let deposit = |seconds| {
        let open = Open {
            token: displayer().hash(),
            join: join_token().hash(),
            deposit: NonZeroU32::new(seconds),
        };
        open.to_cbor()
    };
    let long = mailbox.open(deposit(604_800), &displayer()).await;
    assert_eq!(long.status(), 201);
    let kept: u64 = long.headers()["naru-expires-in"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((7_100..=7_200).contains(&kept), "{kept}");
    assert_eq!(mailbox.append("1", &displayer(), b"n").await.status(), 201);
    // Another kind of mailbox of the same tokens, and then the bucket is empty.
    let other = mailbox.open(deposit(60), &displayer()).await;
    refused(other, 409, "mailbox_exists").await;
    let third = mailbox.open(deposit(604_800), &displayer()).await;
    refused(third, 429, "too_many_mailboxes").await;
    mailbox.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tells_clients_what_the_operator_wants() {
    let relay = RunningRelay::start(|settings| {
        settings.page.shared_pc = true;
        settings.page.roots = Some(vec![vec![0x30, 0x82, 0xff]]);
        settings.deposit = None;
    })
    .await;
    let url = format!("{}/v1/settings", relay.origin);
    let answer = send(http_client().get(url)).await;
    assert!(
        answer.headers()["cache-control"]
            .to_str()
            .unwrap()
            .contains("no-store")
    );
    let settings: Value = answer.json().await.unwrap();
    assert_eq!(
        settings,
        serde_json::json!({
            "sharedPc": true, "deposit": null, "roots": ["MIL_"],
            "password": { "minCharacters": 10, "minKinds": 3 },
        })
    );
    relay.stop().await;
    let relay = RunningRelay::start(|_| {}).await;
    let url = format!("{}/v1/settings", relay.origin);
    let settings: Value = send(http_client().get(url)).await.json().await.unwrap();
    assert_eq!(
        settings["deposit"],
        serde_json::json!({ "defaultHours": 24, "maxHours": 168 })
    );
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hands_assets_out_compressed_to_whoever_takes_that() {
    let relay = RunningRelay::start(|_| {}).await;
    let client = http_client();
    let get = |path: &str, accepted: &str| {
        let call = client.get(format!("{}{path}", relay.origin));
        call.header("accept-encoding", accepted)
    };
    let page = send(get("/", "identity")).await.text().await.unwrap();
    let script = page
        .split('"')
        .find(|part| part.starts_with("/assets/") && part.ends_with(".js"))
        .unwrap();
    let plain = send(get(script, "identity")).await;
    assert!(!plain.headers().contains_key("content-encoding"));
    let plain = (plain.headers().clone(), plain.bytes().await.unwrap());
    for accepted in ["gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1"] {
        let packed = send(get(script, accepted)).await;
        assert_eq!(packed.headers()["content-encoding"], "gzip", "{accepted}");
        assert_eq!(packed.headers()["content-type"], plain.0["content-type"]);
        assert_eq!(packed.headers()["vary"], "accept-encoding");
        assert_ne!(packed.headers()["etag"], plain.0["etag"]);
        assert!(packed.bytes().await.unwrap().len() * 2 < plain.1.len());
    }
    for refused in ["gzip;q=0", "br", ""] {
        let answer = send(get(script, refused)).await;
        assert!(
            !answer.headers().contains_key("content-encoding"),
            "{refused}"
        );
        assert_eq!(answer.bytes().await.unwrap(), plain.1);
    }
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_without_naming_anybody() {
    let mailbox = Mailbox::on(StoreUrl::Memory).await;
    mailbox.joined().await;
    let url = format!("{}/metrics", mailbox.relay.origin);
    let figures = send(mailbox.client.get(url)).await.text().await.unwrap();
    assert!(figures.contains("naru_requests_total"), "{figures}");
    assert!(figures.contains("/v1/mailboxes/{id}/join"), "{figures}");
    assert!(!figures.contains(&mailbox.id.to_string()));
    mailbox.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_head_and_a_slow_body_are_cut_off() {
    let relay = RunningRelay::start(|settings| {
        settings.request_deadline = Duration::from_secs(1);
    })
    .await;
    let address = relay
        .origin
        .as_str()
        .trim_start_matches("http://")
        .to_owned();
    let body_of = |token: &Token| {
        format!(
            "PUT /v1/mailboxes/{}/frames/1 HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\n\
             content-type: application/octet-stream\r\ncontent-length: 100\r\n\r\nsome",
            MailboxId::from_bytes([7; 16]),
            token.authorization()
        )
    };
    for begun in ["GET / HTTP/1.1\r\nhost:".to_owned(), body_of(&displayer())] {
        let started = Instant::now();
        let mut connection = TcpStream::connect(&address).await.unwrap();
        connection.write_all(begun.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let read = connection.read_to_string(&mut answer);
        // A body's answer keeps the connection for a while; its status is what counts.
        let _ = timeout(Duration::from_secs(8), read).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{begun:?}: {answer:?}");
        assert!(started.elapsed() < Duration::from_secs(8));
    }
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_waiting_clients_when_it_stops() {
    let mailbox = Mailbox::on(StoreUrl::Memory).await;
    mailbox.joined().await;
    let call = mailbox.call(Method::GET, "/frames?after=1&wait=25", &displayer());
    let waiting = tokio::spawn(send(call));
    // What it acknowledges shows that it has been taken.
    while mailbox.read("?after=0", &displayer()).await.status() != 409 {}
    let started = Instant::now();
    mailbox.relay.stop().await;
    refused(waiting.await.unwrap(), 503, "shutting_down").await;
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_memory_refuses_newcomers_and_keeps_what_it_has() {
    let relay = RunningRelay::start(|settings| settings.capacity.mailboxes = 1).await;
    let mut mailbox = Mailbox::of(relay);
    mailbox.joined().await;
    mailbox.id = MailboxId::from_bytes([8; 16]);
    let newcomer = mailbox.open(opening(), &displayer()).await;
    refused(newcomer, 503, "relay_full").await;
    mailbox.id = MailboxId::from_bytes([7; 16]);
    assert_eq!(frames(mailbox.read("", &displayer()).await).await, [b"m1"]);
    mailbox.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_clients_behind_a_trusted_proxy_one_by_one() {
    let relay = RunningRelay::start(|settings| {
        settings.network_mailboxes = 1.try_into().unwrap();
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let mut mailbox = Mailbox::of(relay);
    let clients = [
        ("198.51.100.1", 201),
        ("198.51.100.2", 201),
        ("198.51.100.1", 429),
        ("2001:db8::1", 201),
        // The same customer's network.
        ("2001:db8::2", 429),
        // What a client itself has put before is not the proxy's word.
        ("203.0.113.1, 198.51.100.2", 429),
    ];
    for (number, (forwarded, status)) in clients.into_iter().enumerate() {
        mailbox.id = MailboxId::from_bytes([number as u8; 16]);
        let call = mailbox
            .call(Method::PUT, "", &displayer())
            .header("content-type", "application/cbor")
            .header("x-forwarded-for", forwarded)
            .body(opening());
        let response = send(call).await;
        assert_eq!(response.status(), status, "{forwarded}");
    }
    mailbox.relay.stop().await;
}
