//! The connection number and the deposit, as they are published for other implementations.

use std::{env, fs};

use serde_json::{Value, json};

use super::{Lane, Scripted, bytes, certificate, hex, open, text};
use crate::{
    channel::{Frame, Side},
    connection_number::{ConnectionNumber, Rendezvous},
    deposit::RecoveryCode,
    device::Device,
    giver::{AwaitsReceipt, Offer},
    mailbox::FrameNumber,
    message::Message,
    pairing::{Origin, PairingCode},
    receiver::{AwaitsDecision, StoredSet},
};

const VECTORS: &str = include_str!("../../tests/vectors/other_ways.json");

fn origin(inputs: &Value) -> Origin {
    text(&inputs["origin"]).parse().expect("an origin")
}

fn nonce(inputs: &Value, name: &str) -> [u8; 32] {
    bytes(&inputs[name]).try_into().expect("32 bytes")
}

fn connection_number(inputs: &Value) -> Value {
    let origin = origin(inputs);
    let number: ConnectionNumber = text(&inputs["number"]).parse().expect("a number");
    let code: PairingCode = text(&inputs["pairing_code"]).parse().expect("a code");
    let Rendezvous { mailbox, join } = number.rendezvous(&origin);
    let (scanner, m1) = number.ask(&origin, &mut Scripted::of(inputs, &["scanner_random"]));
    let mut displayer = Scripted::of(inputs, &["displayer_random"]);
    let answer = number
        .answer(&origin, &m1, &code, &mut displayer)
        .expect("an answer");
    let read = scanner.read(&answer).expect("the pairing code");
    assert_eq!(read.as_bytes(), code.as_bytes());
    json!({
        "mailbox_id": mailbox.to_string(),
        "join_authorization": join.authorization(),
        "m1": hex(&m1),
        "answer": hex(&answer),
    })
}

fn deposit(inputs: &Value) -> Value {
    let origin = origin(inputs);
    let code: RecoveryCode = text(&inputs["recovery_code"]).parse().expect("a code");
    let withdraw = code.withdraw_code();
    let (depositor, claimant) = (
        nonce(inputs, "depositor_nonce"),
        nonce(inputs, "claimant_nonce"),
    );
    let owned = certificate(inputs);
    let offer = Offer::new([(owned.set, Some(owned.key.clone()))]).expect("an offer");
    let device = Device::new(text(&inputs["name"]), text(&inputs["platform"]));

    let first = |bytes: &[u8]| Frame {
        number: FrameNumber::FIRST,
        bytes: bytes.to_vec(),
    };
    let mut lanes = [Lane(Vec::new()), Lane(Vec::new())];
    lanes[0].write(&[first(&depositor)]);
    lanes[1].write(&[first(&claimant)]);
    let sealing = code.sealing(&origin, &depositor);
    let (mut state, frames) = AwaitsReceipt::send(sealing, offer, Some(device)).expect("it seals");
    lanes[0].write(&frames);

    let mut channel = code.channel(&origin, &depositor, &claimant, Side::Initiator);
    let handshake_hash = *channel.handshake_hash();
    let bundle = open(&mut channel, &frames);
    let Ok(Message::Bundle { device, sets }) = Message::from_cbor(&bundle) else {
        panic!("no bundle");
    };
    let (decision, arrival) =
        AwaitsDecision::new(channel, &bundle, device, sets).expect("an arrival");
    let stored = vec![StoredSet {
        location: text(&inputs["location"]).to_owned(),
        signature: Some(owned.key.sign(arrival.receipt_message()).expect("it signs")),
    }];
    let (_, frames) = decision.stored(stored).expect("a receipt");
    lanes[1].write(&frames);
    state.over(code.channel(&origin, &depositor, &claimant, Side::Responder));
    let receipt = open(state.channel(), &frames);
    let Ok(Message::Receipt { bundle: hash, sets }) = Message::from_cbor(&receipt) else {
        panic!("no receipt");
    };
    state.check(&hash, sets).expect("it checks out");
    let [depositor_lane, claimant_lane] = lanes.map(|lane| lane.0);
    json!({
        "withdraw_code": withdraw.to_string(),
        "mailbox_id": withdraw.mailbox(&origin).to_string(),
        "depositor_authorization": withdraw.token(&origin).authorization(),
        "join_authorization": code.join_token(&origin).authorization(),
        "transcript_hash": hex(&handshake_hash),
        "bundle": hex(&bundle),
        "receipt": hex(&receipt),
        "depositor_lane": depositor_lane,
        "claimant_lane": claimant_lane,
    })
}

/// With `NARU_WRITE_VECTORS` set, writes the outputs anew instead.
#[test]
fn agrees_with_the_published_number_and_deposit() {
    let mut vectors: Value = serde_json::from_str(VECTORS).expect("JSON");
    let write = env::var_os("NARU_WRITE_VECTORS").is_some();
    for (name, run) in [
        (
            "connection_number",
            connection_number as fn(&Value) -> Value,
        ),
        ("deposit", deposit),
    ] {
        let outputs = run(&vectors[name]["inputs"]);
        if write {
            vectors[name]["outputs"] = outputs;
            continue;
        }
        assert_eq!(vectors[name]["outputs"], outputs, "{name}");
    }
    if write {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/other_ways.json");
        let text = serde_json::to_string_pretty(&vectors).expect("JSON");
        fs::write(path, text + "\n").expect("it is written");
    }
}
