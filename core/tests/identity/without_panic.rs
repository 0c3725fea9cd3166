//! Whatever the other device sends, it is refused or was right.

use naru_core::identity::{End, Identity, Proof, Requirement};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

use super::{APP, ISSUER, NOW, OURS, claims, key, now, requirement};

fn mutate(bytes: &mut Vec<u8>, rng: &mut ChaCha20Rng) {
    let at = rng.next_u32() as usize % bytes.len();
    match rng.next_u32() % 6 {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, rng.next_u32() as u8),
        2 => bytes[at] ^= 1 << (rng.next_u32() % 8),
        3 => bytes.extend_from_within(at..),
        4 => bytes[at] = b"{}[]\",:.\\-e0"[rng.next_u32() as usize % 12],
        _ => drop(bytes.drain(at..)),
    }
}

#[test]
fn three_thousand_mutated_tokens() {
    let required = requirement();
    let tokens = ["es256", "rs256"].map(|kid| OURS.token(kid, &claims("hong", APP, &key(1))));
    for seed in 0..3_000_u64 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let token = &tokens[seed as usize % 2];
        let mut bytes = token.clone().into_bytes();
        mutate(&mut bytes, &mut rng);
        let text = String::from_utf8_lossy(&bytes);
        let outcome = required.check(&text, NOW);
        assert!(outcome.is_err() || text == *token, "seed {seed}: {text}");
    }
}

/// What the issuer itself signs can be anything.
#[test]
fn three_thousand_mutated_claims_and_headers_that_are_signed() {
    use base64ct::{Base64UrlUnpadded, Encoding};
    use p256::ecdsa::{Signature, SigningKey, signature::Signer};
    let signer = SigningKey::from_slice(&[5; 32]).unwrap();
    let point = signer.verifying_key().to_sec1_point(false);
    let encoded = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
    let jwks = serde_json::json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "k",
        "x": encoded(&point.as_bytes()[1..33]), "y": encoded(&point.as_bytes()[33..]) }] });
    let required = Requirement::new(ISSUER, [APP.to_owned()], &jwks.to_string()).unwrap();
    let (mut taken, mut refused) = (0, 0);
    for seed in 0..3_000_u64 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut header = br#"{"alg":"ES256","kid":"k"}"#.to_vec();
        let mut payload = claims("hong", APP, &key(1)).to_string().into_bytes();
        if seed % 4 == 0 {
            mutate(&mut header, &mut rng);
        }
        mutate(&mut payload, &mut rng);
        let signed = format!("{}.{}", encoded(&header), encoded(&payload));
        let signature: Signature = signer.sign(signed.as_bytes());
        let token = format!("{signed}.{}", encoded(&signature.to_bytes()));
        match required.check(&token, NOW) {
            Ok(vouched) => {
                assert!(!vouched.subject.is_empty());
                taken += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(
        taken > 50 && refused > 1_000,
        "{taken} taken, {refused} refused"
    );
}

#[test]
fn three_thousand_mutated_key_sets() {
    let good = OURS.jwks().to_string();
    for seed in 0..3_000 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut bytes = good.clone().into_bytes();
        mutate(&mut bytes, &mut rng);
        let text = String::from_utf8_lossy(&bytes);
        // Whatever it is now, reading it ends.
        let _ = Requirement::new(ISSUER, [APP.to_owned()], &text);
    }
}

#[test]
fn a_thousand_mutated_proofs() {
    let h = [7; 32];
    let token = OURS.token("es256", &claims("hong", APP, &key(1)));
    let person = Identity::new(token, key(1), requirement(), now).unwrap();
    let good = person.prove(&h, End::Receiver);
    assert!(person.recognise(&good, &h, End::Receiver).is_ok());
    for seed in 0..1_000_u64 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let Proof {
            token,
            mut key,
            mut signature,
        } = good.clone();
        let mut token = token.as_bytes().to_vec();
        let at = rng.next_u32() as usize;
        match seed % 3 {
            0 => mutate(&mut token, &mut rng),
            1 => key[at % 33] ^= 1 << (at / 33 % 8),
            _ => signature[at % 64] ^= 1 << (at / 64 % 8),
        }
        let proof = Proof {
            token: String::from_utf8_lossy(&token).into_owned().into(),
            key,
            signature,
        };
        let outcome = person.recognise(&proof, &h, End::Receiver);
        assert!(outcome.is_err() || proof == good, "seed {seed}");
    }
}
