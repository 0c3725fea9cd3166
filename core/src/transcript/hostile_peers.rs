//! Peers that lie, with the relay or with the key.

use std::convert::Infallible;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use super::{Handshake, bytes, handshake, text, transcript};
use crate::{
    device::Device,
    message::Message,
    pairing::{Direction, Origin, Pairing, Role},
    receiver::AwaitsBundle,
    session::{AwaitsM1, Paired, ScannerAwaitsM2},
};

pub(super) fn mutate(bytes: &mut Vec<u8>, rng: &mut ChaCha20Rng) {
    let at = rng.next_u32() as usize % bytes.len();
    match rng.next_u32() % 5 {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, rng.next_u32() as u8),
        2 => bytes[at] ^= 1 << (rng.next_u32() % 8),
        3 => bytes.extend_from_within(at..),
        _ => bytes[at] = bytes[at].wrapping_add(1 + (rng.next_u32() % 255) as u8),
    }
}

#[test]
fn two_thousand_mutated_pairing_codes_are_refused_or_of_another_key() {
    let transcript = transcript();
    let transfer = &transcript["transfers"][0];
    let good = text(&transfer["outputs"]["pairing_code"]);
    let origin: Origin = text(&transfer["inputs"]["origin"])
        .parse()
        .expect("an origin");
    for seed in 0..2_000 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut bytes = good.as_bytes().to_vec();
        mutate(&mut bytes, &mut rng);
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(pairing) = Pairing::scan(&text, std::slice::from_ref(&origin)) {
            // What still is a code is one of its own, never the same.
            let same = pairing.code().to_string() == good;
            assert!(!same || text.trim() == good, "seed {seed}: {text}");
        }
    }
}

#[test]
fn two_thousand_mutated_handshake_messages_are_refused() {
    let inputs = transcript()["transfers"][0]["inputs"].take();
    let origin: Origin = text(&inputs["origin"]).parse().expect("an origin");
    for seed in 0..2_000 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let shown = Pairing::display(&origin, Direction::DisplayerGives, &mut rng);
        let (derived, prologue) = (shown.derive(), shown.prologue());
        let device = || Device::new("", "");
        let (scanner, mut m1) = ScannerAwaitsM2::new(
            &prologue,
            &shown.code.static_key(),
            &derived.psk,
            device(),
            &mut rng,
        )
        .expect("m1");
        let Role::Displayer { static_key, .. } = shown.role else {
            panic!("the displayer displays");
        };
        let displayer = AwaitsM1::new(prologue, derived.psk.clone(), static_key, device());
        if seed % 3 == 0 {
            mutate(&mut m1, &mut rng);
            assert!(displayer.read(&m1, &mut rng).is_err(), "seed {seed}");
            continue;
        }
        let (displayer, mut m2) = displayer.read(&m1, &mut rng).expect("m2");
        if seed % 3 == 1 {
            mutate(&mut m2.bytes, &mut rng);
            assert!(scanner.read(&m2.bytes, None).is_err(), "seed {seed}");
            continue;
        }
        let (_, mut reveal) = scanner.read(&m2.bytes, None).expect("m3");
        mutate(&mut reveal[0].bytes, &mut rng);
        assert!(displayer.read(&reveal[0].bytes).is_err(), "seed {seed}");
    }
}

#[test]
fn two_thousand_mutated_replayed_or_swapped_frames_are_refused() {
    let inputs = transcript()["transfers"][0]["inputs"].take();
    let Handshake {
        displayer: Paired {
            channel: mut ours, ..
        },
        scanner: Paired {
            channel: mut theirs,
            ..
        },
        ..
    } = handshake(&inputs, Direction::DisplayerGives, None);
    let first = ours.seal(b"first").expect("it seals").remove(0);
    let second = ours.seal(b"second").expect("it seals").remove(0);
    assert!(
        theirs.open(&second.bytes).is_err(),
        "the second before the first"
    );
    assert!(ours.open(&first.bytes).is_err(), "one's own frame");
    for seed in 0..2_000 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut bytes = first.bytes.clone();
        mutate(&mut bytes, &mut rng);
        assert!(theirs.open(&bytes).is_err(), "seed {seed}");
    }
    assert_eq!(
        theirs
            .open(&first.bytes)
            .expect("it opens")
            .expect("whole")
            .as_slice(),
        b"first"
    );
    assert!(theirs.open(&first.bytes).is_err(), "a replay");
    assert_eq!(
        theirs
            .open(&second.bytes)
            .expect("it opens")
            .expect("whole")
            .as_slice(),
        b"second"
    );
}

#[test]
fn what_an_authenticated_peer_makes_up_is_refused_or_a_message() {
    let transcript = transcript();
    let messages: Vec<Vec<u8>> = transcript["transfers"]
        .as_array()
        .expect("transfers")
        .iter()
        .flat_map(|transfer| {
            transfer["outputs"]["messages"]
                .as_array()
                .expect("messages")
        })
        .map(|message| bytes(&message["cbor"]))
        .collect();
    let (mut read, mut refused) = (0, 0);
    for seed in 0..4_000_u64 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut message = messages[seed as usize % messages.len()].clone();
        // Near the head is where the structure is.
        let head = message.len().min(64);
        let mut start: Vec<u8> = message.drain(..head).collect();
        mutate(&mut start, &mut rng);
        start.append(&mut message);
        match Message::from_cbor(&start) {
            Ok(_) => read += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(
        read > 100 && refused > 1_000,
        "{read} read, {refused} refused"
    );
    let endless = [&[0xa1, 0x03][..], &[0x9f; 100_000]].concat();
    let vast = [
        0xa1, 0x03, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    ];
    for hostile in [&endless[..], &vast, &[], &[0xa0], &[0xff]] {
        assert!(Message::from_cbor(hostile).is_err());
    }
}

#[test]
fn a_bundle_that_would_leave_its_folder_or_is_no_certificate_is_refused() {
    let inputs = transcript()["transfers"][0]["inputs"].take();
    let contents = bytes(&inputs["files"][0]["contents"]);
    for path in [
        "../x_sig.cer",
        "/etc/passwd",
        "a//b.pfx",
        "CON.pfx",
        "a\\b.pfx",
        "",
    ] {
        let bundle = bundle(&[(path, &contents)]);
        assert!(Message::from_cbor(&bundle).is_err(), "{path}");
    }
    let twice = bundle(&[("a/x.pfx", &contents), ("A/X.PFX", &contents)]);
    assert!(Message::from_cbor(&twice).is_err());
    let Handshake { scanner, .. } = handshake(&inputs, Direction::DisplayerGives, None);
    let recognised = scanner.recognise_giver(None, None).expect("nobody asks");
    let receiver = AwaitsBundle::new(scanner, recognised);
    let useless = bundle(&[("GPKI/notes.txt", b"hello")]);
    let Ok(Message::Bundle { device, sets }) = Message::from_cbor(&useless) else {
        panic!("a bundle");
    };
    assert!(receiver.read(&useless, device, sets).is_err());
}

fn bundle(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    let Ok(()) = (|| {
        encoder.map(2)?.u8(0)?.str("bundle")?.u8(3)?.array(1)?;
        encoder.array(files.len() as u64)?;
        for (path, contents) in files {
            encoder.map(2)?.u8(0)?.str(path)?.u8(1)?.bytes(contents)?;
        }
        Ok::<_, minicbor::encode::Error<Infallible>>(())
    })() else {
        panic!("it is written");
    };
    encoder.into_writer()
}
