//! An app's stand-in that is logged in, for tests in other languages. It says the `nonce` to log in with, reads one
//! line of JSON that says what to do, and then says what happens, a line of JSON each. A giver reads a code a line.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    io::stdin,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_util::future::{Either, select};
use naru::http::HttpTransport;
use naru_core::{
    client::{
        GiverCommand, GiverEvent, NumberEvent, Party, ReceiverCommand, ReceiverEvent, Request,
        Response, TransferError, Transport, TransportError, announce, give, look_up, receive,
    },
    device::Device,
    device_key::DeviceKey,
    giver::{Conclusion, Offer},
    identity::{Identity, IdentityKey, Requirement},
    pairing::{Direction, Origin, Pairing, PairingCode},
    receiver::Arrival,
};
use naru_tests::{http_client, opened, rng, stored, transport};
use serde_json::{Value, json};

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

fn now() -> u64 {
    since_epoch().as_secs()
}

fn say(what: Value) {
    println!("{what}");
}

fn line() -> Option<String> {
    let mut line = String::new();
    let read = stdin().read_line(&mut line).unwrap();
    (read > 0).then(|| line.trim().to_owned())
}

/// The relay, as somebody who is logged in there where there is a token.
struct Relay {
    plain: HttpTransport,
    origin: Origin,
    login: Option<(String, DeviceKey)>,
}

impl Transport for Relay {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let Some((token, key)) = &self.login else {
            return self.plain.send(request).await;
        };
        let headers = key.headers(&request, &self.origin, &device(), token, now());
        let method = request.method.as_str().parse().unwrap();
        let mut call = http_client()
            .request(method, format!("{}{}", self.origin, request.path))
            .header("authorization", request.authorization)
            .timeout(request.timeout)
            .body(request.body);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        if let Some(content_type) = request.content_type {
            call = call.header("content-type", content_type);
        }
        let answer = call.send().await.map_err(|_| TransportError)?;
        let status = answer.status().as_u16();
        let headers = answer.headers().iter();
        let headers = headers
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        let headers = headers.collect();
        let body = answer.bytes().await.map_err(|_| TransportError)?.to_vec();
        Ok(Response {
            status,
            headers,
            body,
        })
    }

    async fn pause(&self, duration: Duration) {
        self.plain.pause(duration).await;
    }
}

fn device() -> Device {
    Device::new("내 휴대전화", "Android 17")
}

/// Whose tokens count, and who is logged in here: `{token, issuer, audiences, jwks}`.
fn identity(said: &Value, key: IdentityKey) -> Identity {
    let text = |name: &str| said[name].as_str().unwrap().to_owned();
    let audiences: Vec<String> = serde_json::from_value(said["audiences"].clone()).unwrap();
    let required = Requirement::new(&text("issuer"), audiences, &text("jwks")).unwrap();
    Identity::new(text("token"), key, required, now).unwrap()
}

#[tokio::main]
async fn main() {
    let seed = u64::try_from(since_epoch().as_nanos() % u128::from(u64::MAX)).unwrap();
    let key = IdentityKey::draw(&mut rng(seed));
    say(json!({ "nonce": key.nonce() }));
    let told: Value = serde_json::from_str(&line().unwrap()).unwrap();
    let origin: Origin = told["relay"].as_str().unwrap().parse().unwrap();
    let account = told["account"].as_str();
    let relay = Relay {
        plain: transport(&origin),
        login: account.map(|token| (token.to_owned(), DeviceKey::draw(&mut rng(seed ^ 1)))),
        origin: origin.clone(),
    };
    let identity = told
        .get("channel")
        .map(|channel| identity(channel, key.clone()));
    let party = Party::new(device(), identity);
    let folder = Path::new(told["folder"].as_str().unwrap());
    let ended = match find(&relay, &told, seed ^ 2).await {
        Err(error) => Err(error),
        Ok(pairing) if told["give"] == true => {
            let shows = told["code"].is_null() && told["number"].is_null();
            let code = shows.then(|| pairing.code().clone());
            let transfer = giving(&relay, pairing, folder, party, seed ^ 3);
            shown(&relay, code, seed ^ 4, transfer).await
        }
        Ok(pairing) => receiving(&relay, pairing, folder, party, seed ^ 3).await,
    };
    say(json!({ "end": ended.err().map_or("done", |error| error.code()) }));
}

/// By the scanned `code`, by the typed `number`, or by one that is shown.
async fn find(relay: &Relay, told: &Value, seed: u64) -> Result<Pairing, TransferError> {
    if let Some(code) = told["code"].as_str() {
        return Ok(Pairing::scan(code, std::slice::from_ref(&relay.origin)).unwrap());
    }
    if let Some(number) = told["number"].as_str() {
        let number = number.parse().unwrap();
        return look_up(relay, &relay.origin, &number, &mut rng(seed)).await;
    }
    let direction = match told["give"] == true {
        true => Direction::DisplayerGives,
        false => Direction::ScannerGives,
    };
    Ok(Pairing::display(&relay.origin, direction, &mut rng(seed)))
}

/// Runs the transfer, and shows a number for its code where it has to be typed.
async fn shown<T>(
    relay: &Relay,
    code: Option<PairingCode>,
    seed: u64,
    transfer: impl Future<Output = T>,
) -> T {
    let Some(code) = code else {
        return transfer.await;
    };
    let mut rng = rng(seed);
    let show = |event| {
        if let NumberEvent::Ready { number, .. } = event {
            say(json!({ "number": number.to_string() }));
        }
    };
    let announced = std::pin::pin!(announce(relay, &relay.origin, &code, &mut rng, show));
    match select(announced, std::pin::pin!(transfer)).await {
        Either::Left((_, transfer)) => transfer.await,
        Either::Right((ended, _)) => ended,
    }
}

async fn giving(
    relay: &Relay,
    pairing: Pairing,
    folder: &Path,
    party: Party,
    seed: u64,
) -> Result<(), TransferError> {
    let offer = Offer::new(opened(folder).1).unwrap();
    let (commands, queue) = unbounded();
    let show = |event| match event {
        GiverEvent::Joined { .. } => {
            say(json!({ "joined": true }));
            let commands = commands.clone();
            std::thread::spawn(move || enter(&commands));
        }
        GiverEvent::Received(receipt) => {
            say(json!({ "received": receipt.sets.len() }));
            let _ = commands.unbounded_send(GiverCommand::Conclude(Conclusion::Kept));
        }
        _ => {}
    };
    let mut random = rng(seed);
    give(relay, pairing, offer, party, &mut random, queue, show).await
}

/// What the person types.
fn enter(commands: &UnboundedSender<GiverCommand>) {
    while let Some(code) = line() {
        let entered = GiverCommand::EnterCode(code.parse().unwrap());
        if commands.unbounded_send(entered).is_err() {
            return;
        }
    }
}

async fn receiving(
    relay: &Relay,
    pairing: Pairing,
    folder: &Path,
    party: Party,
    seed: u64,
) -> Result<(), TransferError> {
    let (commands, queue) = unbounded();
    let show = |event| match event {
        ReceiverEvent::ShowCode { code, .. } => say(json!({ "code": code.to_string() })),
        ReceiverEvent::Arrived(arrival) => {
            keep(folder, &arrival);
            say(json!({ "arrived": arrival.sets.len() }));
            let _ = commands.unbounded_send(ReceiverCommand::Stored(stored(&arrival)));
        }
        _ => {}
    };
    let ended = receive(relay, pairing, party, &mut rng(seed), queue, show).await;
    ended.map(drop)
}

fn keep(folder: &Path, arrival: &Arrival) {
    for file in arrival.sets.iter().flat_map(|set| set.native_files()) {
        let path = folder.join(file.path.to_string());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &file.bytes).unwrap();
    }
}
