//! The public keys by which an issuer signs (RFC 7517).

use base64ct::{Base64UrlUnpadded, Encoding};
use miniserde::json::{self, Object, Value};
use p256::ecdsa::{self, signature::Verifier};
use rsa::{BoxedUint, PublicKey, pkcs1v15};
use sha2::Sha256;

use super::token::{Algorithm, TokenRefused};

/// RFC 7518 §3.3 asks for this many; `rsa` takes no more than the other.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;

#[derive(Clone)]
pub(super) struct KeySet(Vec<(String, IssuerKey)>);

#[derive(Clone)]
pub(super) enum IssuerKey {
    Rsa(Box<pkcs1v15::VerifyingKey<Sha256>>),
    P256(Box<ecdsa::VerifyingKey>),
}

impl KeySet {
    /// Leaves out what cannot sign an ID token that is taken; `None` where nothing is left.
    pub(super) fn parse(jwks: &str) -> Option<Self> {
        let document: Object = json::from_str(jwks).ok()?;
        let Value::Array(keys) = document.get("keys")? else {
            return None;
        };
        let keys: Vec<_> = keys.iter().filter_map(named).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// The one key of this name.
    pub(super) fn get(&self, kid: &str) -> Option<&IssuerKey> {
        let mut keys = self.0.iter().filter(|(name, _)| name == kid);
        match (keys.next(), keys.next()) {
            (Some((_, key)), None) => Some(key),
            _ => None,
        }
    }
}

fn named(value: &Value) -> Option<(String, IssuerKey)> {
    let Value::Object(jwk) = value else {
        return None;
    };
    let is_not = |name, expected| text(jwk, name).is_some_and(|it| it != expected);
    if is_not("use", "sig") {
        return None;
    }
    let bytes = |name| Base64UrlUnpadded::decode_vec(text(jwk, name)?).ok();
    let key = match text(jwk, "kty")? {
        "RSA" if !is_not("alg", "RS256") => IssuerKey::rsa(&bytes("n")?, &bytes("e")?)?,
        "EC" if text(jwk, "crv") == Some("P-256") && !is_not("alg", "ES256") => {
            IssuerKey::p256(&bytes("x")?, &bytes("y")?)?
        }
        _ => return None,
    };
    Some((text(jwk, "kid")?.to_owned(), key))
}

pub(super) fn text<'o>(object: &'o Object, name: &str) -> Option<&'o str> {
    match object.get(name)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

impl IssuerKey {
    fn rsa(n: &[u8], e: &[u8]) -> Option<Self> {
        let (n, e) = (
            BoxedUint::from_be_slice_vartime(n),
            BoxedUint::from_be_slice_vartime(e),
        );
        let key = PublicKey::new_with_size_limits(n, e, RSA_BITS).ok()?;
        Some(Self::Rsa(Box::new(pkcs1v15::VerifyingKey::new(key))))
    }

    fn p256(x: &[u8], y: &[u8]) -> Option<Self> {
        if (x.len(), y.len()) != (32, 32) {
            return None;
        }
        let point = [&[4], x, y].concat();
        let key = ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?;
        Some(Self::P256(Box::new(key)))
    }

    /// A key signs by its own algorithm and no other, whatever a token says of itself.
    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        signed: &str,
        signature: &[u8],
    ) -> Result<(), TokenRefused> {
        let verified = match (self, algorithm) {
            (Self::Rsa(key), Algorithm::Rs256) => pkcs1v15::Signature::try_from(signature)
                .and_then(|signature| key.verify(signed.as_bytes(), &signature)),
            (Self::P256(key), Algorithm::Es256) => ecdsa::Signature::from_slice(signature)
                .and_then(|signature| key.verify(signed.as_bytes(), &signature)),
            _ => return Err(TokenRefused::Algorithm),
        };
        verified.map_err(|_| TokenRefused::Signature)
    }
}
