//! Whole transfers without a relay, as they are published for other implementations.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod hostile_giver;
mod hostile_peers;
mod other_ways;
mod same_person;

use std::{collections::VecDeque, convert::Infallible, fs};

use rand_core::{TryCryptoRng, TryRng};
use serde_json::{Value, json};

use crate::{
    certificate::{CertificateSet, Checked, OpenedKey, Password, SourceFile, find},
    channel::{Channel, Frame},
    device::Device,
    giver::{AwaitsCode, CodeOutcome, Conclusion, Offer},
    identity::{End, Identity},
    mailbox::{Join, Open, Token},
    message::Message,
    pairing::{Direction, Origin, Pairing, Role},
    receiver::{Arrival, AwaitsBundle, StoredSet},
    session::{AwaitsM1, Paired, ScannerAwaitsM2},
};

const TRANSCRIPT: &str = include_str!("../tests/vectors/transcript.json");

/// Yields what a test has written down, and nothing else.
struct Scripted(VecDeque<u8>);

impl Scripted {
    fn of(inputs: &Value, names: &[&str]) -> Self {
        Self(names.iter().flat_map(|name| bytes(&inputs[name])).collect())
    }
}

impl TryRng for Scripted {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut word = [0; 4];
        self.try_fill_bytes(&mut word)?;
        Ok(u32::from_le_bytes(word))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut word = [0; 8];
        self.try_fill_bytes(&mut word)?;
        Ok(u64::from_le_bytes(word))
    }

    fn try_fill_bytes(&mut self, into: &mut [u8]) -> Result<(), Infallible> {
        for byte in into {
            *byte = self.0.pop_front().expect("the script goes on");
        }
        Ok(())
    }
}

impl TryCryptoRng for Scripted {}

fn hex(bytes: &[u8]) -> Value {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>()
        .into()
}

fn bytes(hex: &Value) -> Vec<u8> {
    let text = hex.as_str().expect("a string");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex"))
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

/// The frames of one device.
struct Lane(Vec<Value>);

impl Lane {
    fn write(&mut self, frames: &[Frame]) {
        for frame in frames {
            assert_eq!(usize::from(frame.number.get()), self.0.len() + 1);
            self.0.push(hex(&frame.bytes));
        }
    }
}

/// Opens the frames of one message.
fn open(channel: &mut Channel, frames: &[Frame]) -> Vec<u8> {
    let mut whole = None;
    for frame in frames {
        assert!(whole.is_none());
        whole = channel.open(&frame.bytes).expect("it opens");
    }
    whole.expect("a whole message").to_vec()
}

struct Certificate {
    set: CertificateSet,
    key: OpenedKey,
}

fn certificate(inputs: &Value) -> Certificate {
    let files = inputs["files"].as_array().expect("files").iter();
    let files = files.map(|file| SourceFile {
        path: text(&file["path"]).to_owned(),
        bytes: bytes(&file["contents"]),
    });
    let set = find(files.collect()).sets.remove(0);
    let password = Password::from(text(&inputs["password"]).to_owned());
    let Ok(Checked::Opened(key)) = set.check_password(&password) else {
        panic!("the password opens it");
    };
    Certificate { set, key }
}

/// Both devices after the handshake, and what they wrote for it.
struct Handshake {
    displayer: Paired,
    scanner: Paired,
    outputs: Value,
    displayer_lane: Lane,
    scanner_lane: Lane,
    reveal: Vec<u8>,
}

/// `receiver` is who proves to receive on the scanner.
fn handshake(inputs: &Value, direction: Direction, receiver: Option<&Identity>) -> Handshake {
    let origin: Origin = text(&inputs["origin"]).parse().expect("an origin");
    let device = |name: &str| {
        let side = &inputs[name];
        Device::new(text(&side["name"]), text(&side["platform"]))
    };
    let mut rng = Scripted::of(
        inputs,
        &["displayer_static_private", "q", "displayer_token"],
    );
    let shown = Pairing::display(&origin, direction, &mut rng);
    let code = shown.code().to_string();
    let scanned = Pairing::scan(&code, std::slice::from_ref(&origin)).expect("it scans");
    let derived = scanned.derive();
    let prologue = scanned.prologue();
    let Role::Displayer { static_key, token } = shown.role else {
        panic!("the displayer displays");
    };
    let scanner_token = Token::from_bytes(
        bytes(&inputs["scanner_token"])
            .try_into()
            .expect("32 bytes"),
    );
    let mut rng = Scripted::of(inputs, &["scanner_ephemeral_private", "n_S"]);
    let (scanner, m1) = ScannerAwaitsM2::new(
        &prologue,
        &scanned.code.static_key(),
        &derived.psk,
        device("scanner"),
        &mut rng,
    )
    .expect("m1");
    let mut rng = Scripted::of(inputs, &["displayer_ephemeral_private", "n_D"]);
    let displayer = AwaitsM1::new(
        prologue.clone(),
        derived.psk.clone(),
        static_key,
        device("displayer"),
    );
    let (displayer, m2) = displayer.read(&m1, &mut rng).expect("m2");
    let (scanner, reveal) = scanner.read(&m2.bytes, receiver).expect("m3");
    let mut displayer_lane = Lane(Vec::new());
    displayer_lane.write(std::slice::from_ref(&m2));
    let mut scanner_lane = Lane(vec![hex(&m1)]);
    scanner_lane.write(&reveal);
    let displayer = displayer
        .read(&reveal[0].bytes)
        .expect("the commitment holds");
    assert!(displayer.code == scanner.code);
    let opening = Open {
        token: token.hash(),
        join: derived.join.hash(),
        deposit: None,
    };
    let joining = Join {
        token: scanner_token.hash(),
        m1,
    };
    let revealed = Message::Reveal {
        nonce: bytes(&inputs["n_S"]).try_into().expect("16 bytes"),
        device: device("scanner"),
        proof: receiver
            .map(|identity| identity.prove(scanner.channel.handshake_hash(), End::Receiver)),
    };
    let outputs = json!({
        "pairing_code": code,
        "prologue": hex(&prologue),
        "mailbox_id": derived.mailbox.to_string(),
        "join_authorization": derived.join.authorization(),
        "psk": hex(derived.psk.as_bytes()),
        "displayer_authorization": token.authorization(),
        "open_body": hex(&opening.to_cbor()),
        "scanner_authorization": scanner_token.authorization(),
        "join_body": hex(&joining.to_cbor()),
        "handshake_hash": hex(scanner.channel.handshake_hash()),
        "security_code": scanner.code.to_string(),
    });
    Handshake {
        displayer,
        scanner,
        outputs,
        displayer_lane,
        scanner_lane,
        reveal: revealed.to_cbor().to_vec(),
    }
}

fn direction(inputs: &Value) -> Direction {
    match text(&inputs["direction"]) {
        "displayer gives" => Direction::DisplayerGives,
        "scanner gives" => Direction::ScannerGives,
        other => panic!("{other}"),
    }
}

/// Runs a transfer from its inputs, and writes down everything that another implementation needs.
fn run(inputs: &Value) -> Value {
    let direction = direction(inputs);
    let Handshake {
        displayer,
        scanner,
        mut outputs,
        mut displayer_lane,
        mut scanner_lane,
        reveal,
    } = handshake(inputs, direction, None);
    let displayer_gives = direction == Direction::DisplayerGives;
    let (mut giver, mut receiver) = if displayer_gives {
        (displayer, scanner)
    } else {
        (scanner, displayer)
    };
    let (givers, receivers) = if displayer_gives {
        (&mut displayer_lane, &mut scanner_lane)
    } else {
        (&mut scanner_lane, &mut displayer_lane)
    };
    let mut messages = vec![json!({ "type": "reveal", "cbor": hex(&reveal) })];
    let code = receiver.code.clone();
    let Certificate { set, key } = certificate(inputs);
    let hello = receiver.hello(None).expect("hello");
    if !hello.is_empty() {
        receivers.write(&hello);
        let message = open(&mut giver.channel, &hello);
        messages.push(json!({ "type": "hello", "cbor": hex(&message) }));
        giver
            .introduce(Message::from_cbor(&message).expect("a message"))
            .expect("hello is due");
    }
    let Ok((recognised, None)) = giver.recognise_receiver(None) else {
        panic!("nobody asks who it is");
    };
    let giver = AwaitsCode::new(
        giver,
        Offer::new([(set, None)]).expect("it fits"),
        recognised,
    );
    let Ok(recognised) = receiver.recognise_giver(None, None) else {
        panic!("nobody asks who it is");
    };
    let mut receiver = AwaitsBundle::new(receiver, recognised);
    let CodeOutcome::Right(mut giver, frames) = giver.enter(&code).expect("it seals") else {
        panic!("the code is right");
    };
    givers.write(&frames);
    let bundle = open(receiver.channel(), &frames);
    messages.push(json!({ "type": "bundle", "cbor": hex(&bundle) }));
    let Ok(Message::Bundle { device, sets }) = Message::from_cbor(&bundle) else {
        panic!("a bundle");
    };
    let (receiver, arrival) = receiver.read(&bundle, device, sets).expect("a certificate");
    outputs["receipt_message"] = hex(arrival.receipt_message());
    let stored = stored(inputs, &arrival, &key);
    let (mut receiver, frames) = receiver.stored(stored).expect("a receipt");
    receivers.write(&frames);
    let receipt = open(giver.channel(), &frames);
    messages.push(json!({ "type": "receipt", "cbor": hex(&receipt) }));
    let Ok(Message::Receipt { bundle, sets }) = Message::from_cbor(&receipt) else {
        panic!("a receipt");
    };
    let verified = giver.check(&bundle, sets).expect("it matches");
    assert!(verified.sets.iter().all(|set| set.signed));
    let (conclusion, name) = if displayer_gives {
        (Conclusion::Kept, "kept")
    } else {
        (Conclusion::Deleted, "deleted")
    };
    let frames = giver.conclude(conclusion).expect("it seals");
    givers.write(&frames);
    let last = open(receiver.channel(), &frames);
    messages.push(json!({ "type": name, "cbor": hex(&last) }));
    outputs["messages"] = messages.into();
    outputs["displayer_lane"] = displayer_lane.0.into();
    outputs["scanner_lane"] = scanner_lane.0.into();
    outputs
}

fn stored(inputs: &Value, arrival: &Arrival, key: &OpenedKey) -> Vec<StoredSet> {
    vec![StoredSet {
        location: text(&inputs["location"]).to_owned(),
        signature: Some(key.sign(arrival.receipt_message()).expect("it signs")),
    }]
}

fn transcript() -> Value {
    serde_json::from_str(TRANSCRIPT).expect("JSON")
}

/// With `NARU_WRITE_VECTORS` set, writes the outputs anew instead.
#[test]
fn agrees_with_the_published_transcript() {
    let mut transcript = transcript();
    let transfers = transcript["transfers"].as_array_mut().expect("transfers");
    assert_eq!(transfers.len(), 2);
    let write = std::env::var_os("NARU_WRITE_VECTORS").is_some();
    for transfer in transfers {
        let outputs = run(&transfer["inputs"]);
        if write {
            transfer["outputs"] = outputs;
            continue;
        }
        for (name, value) in outputs.as_object().expect("a map") {
            assert_eq!(transfer["outputs"][name], *value, "{name}");
        }
    }
    if write {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/transcript.json");
        let text = serde_json::to_string_pretty(&transcript).expect("JSON");
        fs::write(path, text + "\n").expect("it is written");
    }
}
