//! ID tokens of an issuer whose keys follow from a seed.

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use rsa::{
    pkcs1v15,
    signature::{SignatureEncoding, Signer},
    traits::PublicKeyParts,
};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::SampleError;

const RSA_BITS: usize = 2_048;

/// Signs whatever it is asked to; one seed always makes the same keys.
pub struct TokenIssuer {
    es256: ecdsa::SigningKey,
    rs256: pkcs1v15::SigningKey<Sha256>,
    jwks: Value,
}

impl TokenIssuer {
    /// The names of its keys are `es256` and `rs256`.
    pub fn new(seed: u64) -> Result<Self, SampleError> {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut scalar = [0; 32];
        rng.fill_bytes(&mut scalar);
        let es256 = ecdsa::SigningKey::from_slice(&scalar).map_err(build)?;
        let rsa = rsa::PrivateKey::new(&mut rng, RSA_BITS).map_err(build)?;
        let point = es256.verifying_key().to_sec1_point(false);
        let (x, y) = point.as_bytes().get(1..).unwrap_or_default().split_at(32);
        let jwks = json!({ "keys": [
            { "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "es256",
                "x": encoded(x), "y": encoded(y) },
            { "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "rs256",
                "n": encoded(rsa.n().to_be_bytes_trimmed_vartime()),
                "e": encoded(rsa.e().to_be_bytes_trimmed_vartime()) },
        ] });
        Ok(Self {
            es256,
            rs256: pkcs1v15::SigningKey::new(rsa),
            jwks,
        })
    }

    /// The document at its `jwks_uri`.
    pub fn jwks(&self) -> &Value {
        &self.jwks
    }

    /// A token with these claims, signed by the key of this name.
    pub fn token(&self, kid: &str, claims: &Value) -> String {
        let header = json!({ "alg": kid.to_uppercase(), "kid": kid, "typ": "JWT" });
        self.sign(kid, &header, claims)
    }

    /// A token whose header is free, signed by the key of this name.
    pub fn sign(&self, kid: &str, header: &Value, claims: &Value) -> String {
        let header = encoded(header.to_string());
        let signed = format!("{header}.{}", encoded(claims.to_string()));
        let signature = match kid {
            "rs256" => {
                let signature: pkcs1v15::Signature = self.rs256.sign(signed.as_bytes());
                encoded(signature.to_bytes())
            }
            _ => {
                let signature: ecdsa::Signature = self.es256.sign(signed.as_bytes());
                encoded(signature.to_bytes())
            }
        };
        format!("{signed}.{signature}")
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

fn build(error: impl std::fmt::Display) -> SampleError {
    SampleError::Build(error.to_string())
}
