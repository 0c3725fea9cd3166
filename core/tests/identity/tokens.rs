//! Tokens by themselves.

use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use naru_core::identity::{MAX_TOKEN_BYTES, Requirement, RequirementError, TokenRefused, Vouched};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{APP, FOREIGN, ISSUER, NOW, OURS, PAGE, claims, key, requirement, with};

fn check(token: &str) -> Result<Vouched, TokenRefused> {
    requirement().check(token, NOW)
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

fn good() -> String {
    OURS.token("es256", &claims("hong", APP, &key(1)))
}

#[test]
fn takes_what_the_issuer_signs_by_either_algorithm_and_within_the_skew() {
    let ours = [
        with("aud", json!(PAGE)),
        with("aud", json!([APP])),
        with("azp", json!(APP)),
        {
            let mut claims = with("aud", json!([APP, PAGE]));
            claims["azp"] = json!(PAGE);
            claims
        },
        with("exp", json!(NOW - 59)),
        with("exp", json!(NOW as f64 + 0.5)),
        with("iat", json!(NOW + 60)),
        with("nbf", json!(NOW + 60)),
        with("sub", json!("홍/길동")),
        with("amr", json!([{ "deep": [[[1.5e3, null, true]]] }])),
    ];
    for claims in ours {
        for kid in ["es256", "rs256"] {
            let vouched = check(&OURS.token(kid, &claims)).unwrap();
            assert_eq!(vouched.subject, claims["sub"], "{claims}");
            assert_eq!(vouched.nonce, Some(key(1).nonce()));
        }
    }
    for header in [
        json!({ "alg": "ES256", "kid": "es256" }),
        json!({ "alg": "ES256", "kid": "es256", "typ": "jwt", "x": 1 }),
    ] {
        let token = OURS.sign("es256", &header, &with("x", json!(1)));
        assert!(check(&token).is_ok(), "{header}");
    }
}

#[test]
fn refuses_every_claim_that_is_not_as_it_has_to_be() {
    use TokenRefused::{Audience, Expired, Future, Issuer, Malformed};
    let refused = [
        ("iss", json!("https://login.example/"), Issuer),
        ("iss", json!("https://Login.example"), Issuer),
        ("iss", json!("https://evil.example"), Issuer),
        ("iss", json!([ISSUER]), Malformed),
        ("iss", Value::Null, Malformed),
        ("aud", json!("naru-relay"), Audience),
        ("aud", json!(""), Audience),
        ("aud", json!([]), Audience),
        ("aud", json!([APP, "naru-relay"]), Audience),
        ("aud", json!([APP, PAGE]), Audience),
        ("aud", json!([APP, 1]), Malformed),
        ("aud", json!({ "is": APP }), Malformed),
        ("aud", Value::Null, Malformed),
        ("azp", json!("naru-relay"), Audience),
        ("azp", json!(7), Malformed),
        ("exp", json!(NOW - 60), Expired),
        ("exp", json!(0), Expired),
        ("exp", json!(-5), Expired),
        ("exp", json!((NOW + 300).to_string()), Malformed),
        ("exp", json!(u64::MAX), Malformed),
        ("exp", Value::Null, Malformed),
        ("iat", json!(NOW + 61), Future),
        ("iat", json!(1e300), Malformed),
        ("exp", json!(9_007_199_254_740_992_u64), Malformed),
        ("iat", Value::Null, Malformed),
        ("nbf", json!(NOW + 61), Future),
        ("nbf", json!("soon"), Malformed),
        ("sub", json!(""), Malformed),
        ("sub", json!(17), Malformed),
        ("sub", Value::Null, Malformed),
        ("nonce", json!(["x"]), Malformed),
    ];
    for (name, value, cause) in refused {
        let token = OURS.token("rs256", &with(name, value.clone()));
        assert_eq!(check(&token), Err(cause), "{name}: {value}");
    }
}

#[test]
fn refuses_a_token_that_others_may_use_too_whoever_it_was_made_for() {
    for audiences in [json!([APP, "naru-relay"]), json!(["naru-relay"]), json!([])] {
        let mut claims = with("aud", audiences);
        claims["azp"] = json!(APP);
        let token = OURS.token("es256", &claims);
        assert_eq!(check(&token), Err(TokenRefused::Audience), "{claims}");
    }
}

#[test]
fn refuses_every_header_but_that_of_a_signed_id_token() {
    use TokenRefused::{Algorithm, Malformed, Signature, UnknownKey};
    let refused = [
        (json!({ "alg": "none", "kid": "es256" }), Algorithm),
        (json!({ "alg": "None", "kid": "es256" }), Algorithm),
        (json!({ "alg": "es256", "kid": "es256" }), Algorithm),
        (json!({ "alg": "ES384", "kid": "es256" }), Algorithm),
        (json!({ "alg": "PS256", "kid": "es256" }), Algorithm),
        (json!({ "alg": "HS256", "kid": "es256" }), Algorithm),
        (json!({ "alg": "EdDSA", "kid": "es256" }), Algorithm),
        // A key signs by its own algorithm only.
        (json!({ "alg": "RS256", "kid": "es256" }), Algorithm),
        (json!({ "alg": "ES256", "kid": "rs256" }), Algorithm),
        (json!({ "kid": "es256" }), Malformed),
        (json!({ "alg": ["ES256"], "kid": "es256" }), Malformed),
        (json!({ "alg": "ES256" }), UnknownKey),
        (json!({ "alg": "ES256", "kid": 1 }), UnknownKey),
        (json!({ "alg": "ES256", "kid": null }), UnknownKey),
        (
            json!({ "alg": "ES256", "kid": "es256", "typ": 1 }),
            Malformed,
        ),
        (json!({ "alg": "ES256", "kid": "nobody's" }), UnknownKey),
        // The token brings a key of its own.
        (
            json!({ "alg": "ES256", "jwk": OURS.jwks()["keys"][0] }),
            UnknownKey,
        ),
        (
            json!({ "alg": "ES256", "kid": "es256", "crit": ["b64"], "b64": false }),
            Malformed,
        ),
        (
            json!({ "alg": "ES256", "kid": "es256", "crit": [] }),
            Malformed,
        ),
        (
            json!({ "alg": "ES256", "kid": "es256", "crit": null }),
            Malformed,
        ),
        (
            json!({ "alg": "ES256", "kid": "es256", "typ": "at+jwt" }),
            Malformed,
        ),
        (
            json!({ "alg": "ES256", "kid": "es256", "typ": "logout+jwt" }),
            Malformed,
        ),
        (json!([]), Malformed),
        (json!("ES256"), Malformed),
    ];
    for (header, cause) in refused {
        let token = OURS.sign("es256", &header, &claims("hong", APP, &key(1)));
        assert_eq!(check(&token), Err(cause), "{header}");
    }
    for kid in ["es256", "rs256"] {
        let foreign = FOREIGN.token(kid, &claims("hong", APP, &key(1)));
        assert_eq!(check(&foreign), Err(Signature), "{kid}");
    }
}

#[test]
fn refuses_a_mac_whose_secret_is_what_everybody_knows() {
    let jwk = &OURS.jwks()["keys"][1];
    let modulus = Base64UrlUnpadded::decode_vec(jwk["n"].as_str().unwrap()).unwrap();
    for secret in [jwk.to_string().into_bytes(), modulus, Vec::new()] {
        for (algorithm, cause) in [
            ("HS256", TokenRefused::Algorithm),
            ("RS256", TokenRefused::Signature),
        ] {
            let header = json!({ "alg": algorithm, "kid": "rs256" });
            let claims = claims("hong", APP, &key(1));
            let signed = format!(
                "{}.{}",
                encoded(header.to_string()),
                encoded(claims.to_string())
            );
            let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
            mac.update(signed.as_bytes());
            let token = format!("{signed}.{}", encoded(mac.finalize().into_bytes()));
            assert_eq!(check(&token), Err(cause));
        }
    }
}

#[test]
fn refuses_what_is_no_token_or_was_changed() {
    use TokenRefused::{Malformed, Signature};
    let good = good();
    assert!(check(&good).is_ok());
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("three parts");
    };
    let other = OURS.token("es256", &claims("kim", APP, &key(1)));
    let others: Vec<&str> = other.split('.').collect();
    let raw = Base64UrlUnpadded::decode_vec(signature).unwrap();
    let der = p256::ecdsa::Signature::from_slice(&raw).unwrap().to_der();
    let deep = encoded(format!("{}{}", "[".repeat(8_000), "]".repeat(8_000)));
    let refused = [
        (String::new(), Malformed),
        ("..".into(), Malformed),
        ("a.b.c".into(), Malformed),
        (format!("{header}.{payload}"), Malformed),
        (
            format!("{header}.{payload}.{signature}.{signature}"),
            Malformed,
        ),
        (format!("{header}.{payload}.a.b.{signature}"), Malformed),
        (format!("{header}.{payload}."), Signature),
        (format!("{header}.{payload}.{signature}="), Malformed),
        (format!(" {good}"), Malformed),
        (format!("{good}\n"), Malformed),
        (
            format!(
                "{header}.{payload}.{}",
                Base64Unpadded::encode_string(&[0xff; 64])
            ),
            Malformed,
        ),
        (
            format!("{header}.{payload}.{}", encoded([0; 64])),
            Signature,
        ),
        (
            format!("{header}.{payload}.{}", encoded([0xff; 64])),
            Signature,
        ),
        (
            format!("{header}.{payload}.{}", encoded(der.as_bytes())),
            Signature,
        ),
        (
            format!("{header}.{payload}.{}", encoded(&raw[..63])),
            Signature,
        ),
        (format!("{header}.{}.{signature}", others[1]), Signature),
        (format!("{header}.{payload}.{}", others[2]), Signature),
        (format!("{header}.{}.{signature}", encoded("{}")), Malformed),
        (format!("{header}.{}.{signature}", encoded("[]")), Malformed),
        (
            format!("{header}.{}.{signature}", encoded([0xff, 0xfe])),
            Malformed,
        ),
        (
            format!("{header}.{}.{signature}", encoded("{\"iss\":")),
            Malformed,
        ),
        (
            format!("{header}.{}.{signature}", encoded("{} {}")),
            Malformed,
        ),
        (format!("{deep}.{payload}.{signature}"), Malformed),
        (
            json!({ "payload": payload, "signatures": [] }).to_string(),
            Malformed,
        ),
    ];
    for (token, cause) in refused {
        assert_eq!(check(&token), Err(cause), "{token}");
    }
}

#[test]
fn refuses_a_huge_token_whatever_it_says() {
    let token = |padding| OURS.token("es256", &with("padding", json!("x".repeat(padding))));
    let mut longest = 12_000;
    while token(longest + 1).len() <= MAX_TOKEN_BYTES {
        longest += 1;
    }
    assert!(check(&token(longest)).is_ok());
    assert_eq!(check(&token(longest + 1)), Err(TokenRefused::Malformed));
    assert_eq!(check(&token(2_000_000)), Err(TokenRefused::Malformed));
}

#[test]
fn refuses_a_requirement_that_nobody_could_meet_or_everybody() {
    let required = |issuer: &str, audiences: &[&str], jwks: &str| {
        let audiences = audiences.iter().map(|it| (*it).to_owned());
        Requirement::new(issuer, audiences, jwks).err()
    };
    let jwks = OURS.jwks().to_string();
    assert_eq!(required(ISSUER, &[APP], &jwks), None);
    assert_eq!(required("", &[APP], &jwks), Some(RequirementError::Issuer));
    assert_eq!(
        required(ISSUER, &[], &jwks),
        Some(RequirementError::Audience)
    );
    assert_eq!(
        required(ISSUER, &[APP, ""], &jwks),
        Some(RequirementError::Audience)
    );
    let (ec, rsa) = (&OURS.jwks()["keys"][0], &OURS.jwks()["keys"][1]);
    let changed = |key: &Value, name: &str, value: Value| {
        let mut key = key.clone();
        key[name] = value;
        json!({ "keys": [key] }).to_string()
    };
    let useless = [
        String::new(),
        "[]".into(),
        "{}".into(),
        json!({ "keys": {} }).to_string(),
        json!({ "keys": [] }).to_string(),
        json!({ "keys": [1, null, "key"] }).to_string(),
        json!({ "keys": [{ "kty": "oct", "kid": "rs256", "k": "AAAA" }] }).to_string(),
        changed(ec, "use", json!("enc")),
        changed(ec, "alg", json!("ES384")),
        changed(ec, "crv", json!("P-384")),
        changed(ec, "kid", json!(1)),
        changed(ec, "x", ec["y"].clone()),
        changed(ec, "x", json!("AAAA")),
        changed(ec, "y", json!("+/==")),
        changed(rsa, "alg", json!("PS256")),
        changed(rsa, "alg", json!("HS256")),
        changed(rsa, "kty", json!("EC")),
        changed(rsa, "e", json!("AQ")),
        changed(rsa, "e", json!("AA")),
        // 1,024 bits.
        changed(rsa, "n", json!(encoded([0xff; 128]))),
        changed(rsa, "n", json!(encoded([0xff; 4_096]))),
        changed(rsa, "n", json!("")),
    ];
    for jwks in useless {
        assert_eq!(
            required(ISSUER, &[APP], &jwks),
            Some(RequirementError::Keys),
            "{jwks}"
        );
    }
}

#[test]
fn refuses_a_name_that_two_keys_have() {
    let foreign = FOREIGN.jwks()["keys"][0].clone();
    let jwks = json!({ "keys": [OURS.jwks()["keys"][0], foreign] }).to_string();
    let twice = Requirement::new(ISSUER, [APP.to_owned()], &jwks).unwrap();
    assert_eq!(twice.check(&good(), NOW), Err(TokenRefused::UnknownKey));
}

#[test]
fn a_clock_at_either_end_of_time_is_no_overflow() {
    let required = requirement();
    assert_eq!(
        required.check(&good(), u64::MAX),
        Err(TokenRefused::Expired)
    );
    assert_eq!(required.check(&good(), 0), Err(TokenRefused::Future));
}
