//! Tokens that have nothing to do with this implementation.

use std::{fs, path::Path, process::Command};

use base64ct::{Base64UrlUnpadded, Encoding};
use naru_core::identity::{Requirement, TokenRefused};
use serde_json::json;
use tempfile::TempDir;

use super::{APP, ISSUER, NOW, claims, key};

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

fn openssl(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("openssl: `cargo xtask test` installs it");
    assert!(output.status.success(), "{arguments:?}");
    output.stdout
}

#[test]
fn takes_tokens_that_openssl_has_signed() {
    let folder = TempDir::new().unwrap();
    let run = |arguments: &[&str]| openssl(folder.path(), arguments);
    run(&["genrsa", "-out", "rsa.pem", "2048"]);
    run(&[
        "ecparam",
        "-name",
        "prime256v1",
        "-genkey",
        "-noout",
        "-out",
        "ec.pem",
    ]);
    let modulus = String::from_utf8(run(&["rsa", "-in", "rsa.pem", "-noout", "-modulus"])).unwrap();
    let digits = modulus.trim().strip_prefix("Modulus=").unwrap();
    let modulus: Vec<u8> = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect();
    let public = run(&["ec", "-in", "ec.pem", "-pubout", "-outform", "DER"]);
    let point = &public[public.len() - 64..];
    let jwks = json!({ "keys": [
        { "kty": "RSA", "kid": "r", "n": encoded(modulus), "e": "AQAB" },
        { "kty": "EC", "crv": "P-256", "kid": "e", "x": encoded(&point[..32]), "y": encoded(&point[32..]) },
    ] });
    let required = Requirement::new(ISSUER, [APP.to_owned()], &jwks.to_string()).unwrap();
    for (algorithm, kid, key_file) in [("RS256", "r", "rsa.pem"), ("ES256", "e", "ec.pem")] {
        let header = json!({ "alg": algorithm, "kid": kid }).to_string();
        let payload = claims("hong", APP, &key(1)).to_string();
        let signed = format!("{}.{}", encoded(header), encoded(payload));
        fs::write(folder.path().join("signed"), &signed).unwrap();
        let mut signature = run(&["dgst", "-sha256", "-sign", key_file, "signed"]);
        if algorithm == "ES256" {
            let der = p256::ecdsa::Signature::from_der(&signature).unwrap();
            signature = der.to_bytes().to_vec();
        }
        let token = format!("{signed}.{}", encoded(&signature));
        assert_eq!(required.check(&token, NOW).unwrap().subject, "hong");
        signature[40] ^= 1;
        let token = format!("{signed}.{}", encoded(&signature));
        assert_eq!(required.check(&token, NOW), Err(TokenRefused::Signature));
    }
}
