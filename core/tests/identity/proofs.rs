//! Proofs, which bind a token to a key, a handshake and an end of it.

use naru_core::identity::{
    End, Identity, IdentityKey, Proof, ProofRefused, Requirement, TokenRefused,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde_json::json;

use super::{APP, FOREIGN, ISSUER, NOW, OURS, PAGE, claims, key, now, requirement, with};

const H: [u8; 32] = [7; 32];

fn identity(subject: &str, audience: &str, seed: u8) -> Identity {
    let token = OURS.token("es256", &claims(subject, audience, &key(seed)));
    Identity::new(token, key(seed), requirement(), now).unwrap()
}

fn page() -> Identity {
    identity("hong", PAGE, 1)
}

fn phone() -> Identity {
    identity("hong", APP, 2)
}

#[test]
fn the_same_person_is_recognised_at_both_ends() {
    let (page, phone) = (page(), phone());
    page.recognise(&phone.prove(&H, End::Receiver), &H, End::Receiver)
        .unwrap();
    phone
        .recognise(&page.prove(&H, End::Giver), &H, End::Giver)
        .unwrap();
    page.recognise(&phone.prove(&H, End::Giver), &H, End::Giver)
        .unwrap();
}

#[test]
fn another_person_of_the_same_issuer_is_refused() {
    for subject in ["kim", "Hong", "hong ", "hong\0", "홍길동"] {
        let stranger = identity(subject, APP, 2);
        let refused = page().recognise(&stranger.prove(&H, End::Receiver), &H, End::Receiver);
        assert_eq!(refused, Err(ProofRefused::OtherPerson), "{subject:?}");
        assert_eq!(refused.unwrap_err().code(), "other_person");
    }
}

#[test]
fn a_namesake_of_another_issuer_is_refused() {
    let theirs = Requirement::new(ISSUER, [APP.to_owned()], &FOREIGN.jwks().to_string()).unwrap();
    let token = FOREIGN.token("es256", &claims("hong", APP, &key(2)));
    let namesake = Identity::new(token, key(2), theirs, now).unwrap();
    assert_eq!(
        page().recognise(&namesake.prove(&H, End::Receiver), &H, End::Receiver),
        Err(ProofRefused::Token(TokenRefused::Signature))
    );
}

#[test]
fn a_stolen_token_is_of_no_use_without_its_key() {
    let stolen = phone().prove(&H, End::Receiver).token;
    // The thief's own person is right, and his key is his.
    let thief = identity("hong", APP, 3);
    let theirs = thief.prove(&H, End::Receiver);
    let with_own_key = Proof {
        token: stolen.clone(),
        ..theirs.clone()
    };
    let with_its_key = Proof {
        token: stolen,
        key: phone().prove(&H, End::Receiver).key,
        ..theirs
    };
    for (proof, refused) in [
        (with_own_key, ProofRefused::Token(TokenRefused::Nonce)),
        (with_its_key, ProofRefused::Signature),
    ] {
        let outcome = page().recognise(&proof, &H, End::Receiver);
        assert_eq!(outcome, Err(refused));
        assert_eq!(refused.code(), "identity_invalid");
    }
}

#[test]
fn a_proof_of_another_handshake_or_of_the_other_end_is_refused() {
    let (page, phone) = (page(), phone());
    let mut elsewhere = H;
    elsewhere[31] ^= 1;
    for (proof, end) in [
        (phone.prove(&elsewhere, End::Receiver), End::Receiver),
        (phone.prove(&H, End::Receiver), End::Giver),
        (phone.prove(&H, End::Giver), End::Receiver),
        // What this side has said itself, sent back.
        (page.prove(&H, End::Giver), End::Receiver),
    ] {
        assert_eq!(
            page.recognise(&proof, &H, end),
            Err(ProofRefused::Signature)
        );
    }
}

#[test]
fn a_signature_over_another_token_of_the_same_key_is_refused() {
    let later = OURS.token("rs256", &claims("hong", APP, &key(2)));
    let proof = Proof {
        token: later.into(),
        ..phone().prove(&H, End::Receiver)
    };
    assert_eq!(
        page().recognise(&proof, &H, End::Receiver),
        Err(ProofRefused::Signature)
    );
}

#[test]
fn a_key_or_signature_that_is_none_is_refused() {
    let good = phone().prove(&H, End::Receiver);
    for key in [[0; 33], [0xff; 33], {
        let mut key = good.key;
        key[0] ^= 1;
        key
    }] {
        let proof = Proof {
            key,
            ..good.clone()
        };
        assert_eq!(
            page().recognise(&proof, &H, End::Receiver),
            Err(ProofRefused::Token(TokenRefused::Nonce))
        );
    }
    // A token may well commit to what is no point.
    let nonce = {
        use base64ct::{Base64UrlUnpadded, Encoding};
        use sha2::{Digest, Sha256};
        let hash = Sha256::digest([b"naru/1 identity key".as_slice(), &[0xff; 33]].concat());
        Base64UrlUnpadded::encode_string(&hash)
    };
    let no_point = Proof {
        token: OURS.token("es256", &with("nonce", json!(nonce))).into(),
        key: [0xff; 33],
        ..good.clone()
    };
    let no_signature = |signature| Proof {
        signature,
        ..good.clone()
    };
    for proof in [no_point, no_signature([0; 64]), no_signature([0xff; 64])] {
        assert_eq!(
            page().recognise(&proof, &H, End::Receiver),
            Err(ProofRefused::Signature)
        );
    }
}

#[test]
fn a_token_that_has_run_out_since_is_refused() {
    fn later() -> u64 {
        NOW + 360
    }
    let token = OURS.token("es256", &{
        let mut claims = claims("hong", PAGE, &key(1));
        claims["exp"] = json!(NOW + 4_000);
        claims
    });
    let page = Identity::new(token, key(1), requirement(), later).unwrap();
    assert_eq!(
        page.recognise(&phone().prove(&H, End::Receiver), &H, End::Receiver),
        Err(ProofRefused::Token(TokenRefused::Expired))
    );
}

#[test]
fn no_identity_is_made_of_a_token_that_would_be_refused_over_there() {
    let make = |claims, seed| {
        Identity::new(OURS.token("es256", &claims), key(seed), requirement(), now).err()
    };
    assert_eq!(make(with("x", json!(1)), 1), None);
    for (claims, refused) in [
        (with("nonce", json!("n-0S6_WzA2Mj")), TokenRefused::Nonce),
        (with("nonce", json!(null)), TokenRefused::Nonce),
        (with("aud", json!("naru-relay")), TokenRefused::Audience),
        (with("exp", json!(NOW - 60)), TokenRefused::Expired),
        (
            with("iss", json!("https://x.example")),
            TokenRefused::Issuer,
        ),
    ] {
        assert_eq!(make(claims, 1), Some(refused));
    }
    assert_eq!(make(with("x", json!(1)), 2), Some(TokenRefused::Nonce));
}

#[test]
fn keys_are_kept_and_never_shown() {
    let drawn = IdentityKey::draw(&mut ChaCha20Rng::seed_from_u64(1));
    let kept = IdentityKey::from_bytes(&drawn.to_bytes()).unwrap();
    assert_eq!(kept.nonce(), drawn.nonce());
    assert_eq!(drawn.nonce().len(), 43);
    assert!(IdentityKey::from_bytes(&[0; 32]).is_err());
    assert!(IdentityKey::from_bytes(&[0xff; 32]).is_err());
    let shown = format!("{drawn:?} {:?} {:?}", page(), page().prove(&H, End::Giver));
    assert_eq!(shown, "IdentityKey(..) Identity(..) Proof(..)");
}
