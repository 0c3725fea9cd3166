//! How two devices tell each other who is at them, as it is published for other implementations.

use std::{env, fs, sync::LazyLock};

use naru_samples::TokenIssuer;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};

use super::{Handshake, bytes, direction, handshake, hex, open, transcript};
use crate::{
    identity::{End, Identity, IdentityKey, Proof, ProofRefused, Requirement},
    message::Message,
    pairing::Direction,
    session::Paired,
};

const VECTORS: &str = include_str!("../../tests/vectors/identity.json");
const NOW: u64 = 1_795_000_000;
const ISSUER: &str = "https://login.example";
const AUDIENCES: [&str; 2] = ["naru-page", "naru-app"];

static ISSUES: LazyLock<TokenIssuer> = LazyLock::new(|| TokenIssuer::new(1).expect("an issuer"));

/// A login on one device: the private key is the same byte 32 times.
pub(super) struct Login {
    subject: &'static str,
    audience: &'static str,
    private: [u8; 32],
    kid: &'static str,
}

pub(super) const PAGE: Login = Login {
    subject: "hong",
    audience: AUDIENCES[0],
    private: [0x11; 32],
    kid: "rs256",
};
pub(super) const PHONE: Login = Login {
    subject: "hong",
    audience: AUDIENCES[1],
    private: [0x22; 32],
    kid: "es256",
};
pub(super) const STRANGER: Login = Login {
    subject: "kim",
    private: [0x33; 32],
    ..PHONE
};

impl Login {
    fn key(&self) -> IdentityKey {
        IdentityKey::from_bytes(&self.private).expect("a key")
    }

    fn claims(&self) -> Value {
        json!({ "iss": ISSUER, "sub": self.subject, "aud": self.audience, "nonce": self.key().nonce(),
            "iat": NOW - 30, "exp": NOW + 300 })
    }

    fn token(&self) -> String {
        ISSUES.token(self.kid, &self.claims())
    }

    pub(super) fn identity(&self) -> Identity {
        let audiences = AUDIENCES.map(str::to_owned);
        let required = Requirement::new(ISSUER, audiences, &ISSUES.jwks().to_string());
        let required = required.expect("a requirement");
        Identity::new(self.token(), self.key(), required, || NOW).expect("an identity")
    }

    fn published(&self) -> Value {
        json!({ "private": hex(&self.private), "nonce": self.key().nonce(), "token": self.token() })
    }
}

/// The two devices after the handshake; `proves` is who is at the receiver.
fn paired(inputs: &Value, proves: Option<&Identity>) -> (Handshake, bool) {
    let displayer_gives = direction(inputs) == Direction::DisplayerGives;
    let receiver = proves.filter(|_| displayer_gives);
    (
        handshake(inputs, direction(inputs), receiver),
        displayer_gives,
    )
}

/// Runs a transfer of `transcript.json` up to where the code is asked for.
fn run(inputs: &Value) -> Value {
    let (page, phone) = (PAGE.identity(), PHONE.identity());
    let (shaken, displayer_gives) = paired(inputs, Some(&phone));
    let (mut displayer_lane, mut scanner_lane) = (shaken.displayer_lane, shaken.scanner_lane);
    let (giver, receiver, givers, receivers) = if displayer_gives {
        (
            shaken.displayer,
            shaken.scanner,
            &mut displayer_lane,
            &mut scanner_lane,
        )
    } else {
        (
            shaken.scanner,
            shaken.displayer,
            &mut scanner_lane,
            &mut displayer_lane,
        )
    };
    let (mut giver, mut receiver) = (giver, receiver);
    let mut messages = vec![json!({ "type": "reveal", "cbor": hex(&shaken.reveal) })];
    let hello = receiver.hello(Some(&phone)).expect("hello");
    if !displayer_gives {
        receivers.write(&hello);
        let message = open(&mut giver.channel, &hello);
        messages.push(json!({ "type": "hello", "cbor": hex(&message) }));
        giver
            .introduce(Message::from_cbor(&message).expect("a message"))
            .expect("hello is due");
    }
    let Ok((_, Some(answer))) = giver.recognise_receiver(Some(&page)) else {
        panic!("the same person");
    };
    let frames = giver.channel.seal(&answer.to_cbor()).expect("it seals");
    givers.write(&frames);
    let message = open(&mut receiver.channel, &frames);
    messages.push(json!({ "type": "identity", "cbor": hex(&message) }));
    let Ok(Message::Identity { proof }) = Message::from_cbor(&message) else {
        panic!("an identity");
    };
    assert!(receiver.recognise_giver(Some(&phone), Some(&proof)).is_ok());
    json!({
        "direction": inputs["direction"],
        "handshake_hash": hex(giver.channel.handshake_hash()),
        "messages": messages,
        "displayer_lane": displayer_lane.0,
        "scanner_lane": scanner_lane.0,
    })
}

/// What the page, giving, has to refuse in the first transfer.
fn refused(inputs: &Value) -> Value {
    let (page, phone, stranger) = (PAGE.identity(), PHONE.identity(), STRANGER.identity());
    let h = *paired(inputs, None).0.scanner.channel.handshake_hash();
    let mut elsewhere = h;
    elsewhere[0] ^= 1;
    let good = phone.prove(&h, End::Receiver);
    let of = |token: String| {
        // The signature is right, so that nothing but the token can be what is refused.
        Proof {
            token: token.clone().into(),
            signature: Proof::new(&token.into(), &PHONE.key(), &h, End::Receiver).signature,
            ..good.clone()
        }
    };
    let claimed = |name: &str, value: Value| {
        let mut claims = PHONE.claims();
        claims[name] = value;
        of(ISSUES.token("es256", &claims))
    };
    let headed = |header: Value| of(ISSUES.sign("es256", &header, &PHONE.claims()));
    let cases = [
        ("another person", stranger.prove(&h, End::Receiver)),
        ("another handshake", phone.prove(&elsewhere, End::Receiver)),
        ("the other end", phone.prove(&h, End::Giver)),
        ("reflected", page.prove(&h, End::Giver)),
        (
            "a stolen token",
            Proof {
                token: good.token.clone(),
                ..stranger.prove(&h, End::Receiver)
            },
        ),
        ("another nonce", claimed("nonce", json!("n-0S6_WzA2Mj"))),
        ("another audience", claimed("aud", json!("naru-relay"))),
        (
            "another audience too",
            claimed("aud", json!(["naru-app", "naru-relay"])),
        ),
        (
            "another issuer",
            claimed("iss", json!("https://login.example/")),
        ),
        ("expired", claimed("exp", json!(NOW - 60))),
        ("from the future", claimed("iat", json!(NOW + 61))),
        (
            "no algorithm",
            headed(json!({ "alg": "none", "kid": "es256" })),
        ),
        ("a MAC", headed(json!({ "alg": "HS256", "kid": "rs256" }))),
        (
            "the algorithm of another key",
            headed(json!({ "alg": "RS256", "kid": "es256" })),
        ),
        (
            "an unknown key",
            headed(json!({ "alg": "ES256", "kid": "x" })),
        ),
        (
            "a critical extension",
            headed(json!({ "alg": "ES256", "kid": "es256", "crit": ["x"] })),
        ),
    ];
    let cases = cases.map(|(name, proof)| {
        let refused = page.recognise(&proof, &h, End::Receiver);
        let refused = refused.expect_err(name);
        json!({ "what": name, "token": *proof.token, "key": hex(&proof.key),
            "signature": hex(&proof.signature), "code": refused.code() })
    });
    json!(cases)
}

fn published() -> Value {
    let transcript = transcript();
    let transfers = transcript["transfers"].as_array().expect("transfers");
    json!({
        "comment": "docs/protocol.md §10",
        "issuer": ISSUER,
        "audiences": AUDIENCES,
        "now": NOW,
        "jwks": ISSUES.jwks(),
        "giver": PAGE.published(),
        "receiver": PHONE.published(),
        "transfers": transfers.iter().map(|it| run(&it["inputs"])).collect::<Vec<_>>(),
        "refused": refused(&transfers[0]["inputs"]),
    })
}

/// With `NARU_WRITE_VECTORS` set, writes them anew instead.
#[test]
fn agrees_with_the_published_identities() {
    let published = published();
    if env::var_os("NARU_WRITE_VECTORS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/identity.json");
        let text = serde_json::to_string_pretty(&published).expect("JSON");
        fs::write(path, text + "\n").expect("it is written");
        return;
    }
    let vectors: Value = serde_json::from_str(VECTORS).expect("JSON");
    for (name, value) in published.as_object().expect("a map") {
        assert_eq!(vectors[name], *value, "{name}");
    }
}

#[test]
fn a_proof_on_one_side_only_is_refused_by_either() {
    let inputs = transcript()["transfers"][0]["inputs"].take();
    let (page, phone) = (PAGE.identity(), PHONE.identity());
    let giver = |proves| paired(&inputs, proves).0.displayer;
    let missing = |outcome: Result<_, ProofRefused>| outcome.err() == Some(ProofRefused::Missing);
    let mut asked: Paired = giver(None);
    assert!(missing(asked.recognise_receiver(Some(&page)).map(drop)));
    let mut unasked = giver(Some(&phone));
    assert!(missing(unasked.recognise_receiver(None).map(drop)));
    let receiver = giver(None);
    assert!(missing(
        receiver.recognise_giver(Some(&phone), None).map(drop)
    ));
    let proof = page.prove(receiver.channel.handshake_hash(), End::Giver);
    assert!(missing(
        receiver.recognise_giver(None, Some(&proof)).map(drop)
    ));
    // A proof is looked at once.
    let mut twice = giver(Some(&phone));
    assert!(twice.recognise_receiver(Some(&page)).is_ok());
    assert!(missing(twice.recognise_receiver(Some(&page)).map(drop)));
}

#[test]
fn three_thousand_mutated_messages_with_proofs_are_refused_or_prove_nothing() {
    let vectors: Value = serde_json::from_str(VECTORS).expect("JSON");
    let page = PAGE.identity();
    let transfers = vectors["transfers"].as_array().expect("transfers").iter();
    let messages: Vec<_> = transfers
        .flat_map(|transfer| {
            let h: [u8; 32] = bytes(&transfer["handshake_hash"])
                .try_into()
                .expect("32 bytes");
            let messages = transfer["messages"].as_array().expect("messages").iter();
            messages.map(move |message| (h, bytes(&message["cbor"])))
        })
        .collect();
    let mut proved = 0;
    for seed in 0..3_000_u64 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (h, mut message) = messages[seed as usize % messages.len()].clone();
        let original = message.clone();
        super::hostile_peers::mutate(&mut message, &mut rng);
        let proof = match Message::from_cbor(&message) {
            Ok(Message::Reveal { proof, .. } | Message::Hello { proof, .. }) => proof,
            Ok(Message::Identity { proof }) => Some(proof),
            _ => None,
        };
        let Some(proof) = proof else {
            continue;
        };
        if page.recognise(&proof, &h, End::Receiver).is_ok() {
            // Then it is the phone's own, and something else of the message was changed.
            assert!(original.windows(64).any(|it| it == proof.signature));
            proved += 1;
        }
    }
    assert!(proved < 1_000, "{proved}");
}
