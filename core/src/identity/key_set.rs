//! The public keys by which an issuer signs (RFC 7517).

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa::{self, signature::Verifier};
use rsa::{BoxedUint, PublicKey, pkcs1v15};
use sha2::Sha256;

use super::{
    json::{Member, Object},
    token::{Algorithm, TokenRefused},
};

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
        let keys = Object::parse(jwks)?.objects("keys");
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

fn named(jwk: &Object) -> Option<(String, IssuerKey)> {
    let text = |name| jwk.member(name).text();
    let may_be = |name, expected| match jwk.member(name) {
        Member::Absent => true,
        member => member.text().is_some_and(|text| text == expected),
    };
    let bytes = |name| Base64UrlUnpadded::decode_vec(&text(name)?).ok();
    if !may_be("use", "sig") {
        return None;
    }
    let key = match text("kty")?.as_str() {
        "RSA" if may_be("alg", "RS256") => IssuerKey::rsa(&bytes("n")?, &bytes("e")?)?,
        "EC" if may_be("alg", "ES256") && text("crv")? == "P-256" => {
            IssuerKey::p256(&bytes("x")?, &bytes("y")?)?
        }
        _ => return None,
    };
    Some((text("kid")?, key))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515 §A.2 and §A.3.
    #[test]
    fn verifies_the_published_examples_and_nothing_else() {
        let keys = KeySet::parse(
            r#"{"keys": [
            {"kid": "a.2", "kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"},
            {"kid": "a.3", "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
            ]}"#,
        )
        .unwrap();
        let payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        for (kid, algorithm, header, signature) in [
            (
                "a.2",
                Algorithm::Rs256,
                "eyJhbGciOiJSUzI1NiJ9",
                "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
            ),
            (
                "a.3",
                Algorithm::Es256,
                "eyJhbGciOiJFUzI1NiJ9",
                "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
            ),
        ] {
            let key = keys.get(kid).unwrap();
            let signed = format!("{header}.{payload}");
            let mut signature = Base64UrlUnpadded::decode_vec(signature).unwrap();
            assert_eq!(key.verify(algorithm, &signed, &signature), Ok(()));
            let refused = Err(TokenRefused::Signature);
            assert_eq!(key.verify(algorithm, payload, &signature), refused);
            signature[20] ^= 1;
            assert_eq!(key.verify(algorithm, &signed, &signature), refused);
        }
        assert!(keys.get("a.4").is_none());
    }
}
