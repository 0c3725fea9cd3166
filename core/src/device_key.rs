//! A device's own key, by which the relay knows it where people log in (`docs/protocol.md` §5.1).

use std::fmt::{self, Write};

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    client::{Method, Request},
    device::Device,
    mailbox::{DEVICE, DEVICE_NAME, LOGIN},
    pairing::Origin,
};

/// Made once on a device; the host keeps it where its other secrets are.
pub struct DeviceKey(SigningKey);

/// The bytes are no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the key of a device")]
pub struct InvalidDeviceKey;

impl DeviceKey {
    /// A new one.
    pub fn draw(rng: &mut impl CryptoRng) -> Self {
        Self(draw(rng))
    }

    /// What the host has kept of one.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidDeviceKey> {
        SigningKey::from_slice(bytes)
            .map(Self)
            .map_err(|_| InvalidDeviceKey)
    }

    /// What the host has to keep.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// The headers, names and secret values, by which a request is made by whom the ID token `login` names,
    /// at this device.
    pub fn headers(
        &self,
        request: &Request,
        origin: &Origin,
        device: &Device,
        login: &str,
        now: u64,
    ) -> Vec<(&'static str, String)> {
        let proof = self.prove(request.method, origin, &request.path, login, now);
        let mut headers = vec![(LOGIN, format!("Bearer {login}")), (DEVICE, proof)];
        if matches!(request.method, Method::Put | Method::Post) {
            let (name, platform) = (encoded(device.name()), encoded(device.platform()));
            headers.push((DEVICE_NAME, format!("{name},{platform}")));
        }
        headers
    }

    /// The value of the header `Naru-Device` of one request: `target` is its path and query, `login` the ID
    /// token that goes with it, `now` the time in Unix seconds.
    pub fn prove(
        &self,
        method: Method,
        origin: &Origin,
        target: &str,
        login: &str,
        now: u64,
    ) -> String {
        let mut token = String::new();
        for byte in Sha256::digest(login) {
            // Writing to a `String` cannot fail.
            let _ = write!(token, "{byte:02x}");
        }
        let method = method.as_str();
        let message = format!("naru/1 device\n{method}\n{origin}\n{target}\n{now}\n{token}");
        let signature: Signature = self.0.sign(message.as_bytes());
        let point = self.0.verifying_key().to_sec1_point(true);
        let key = Base64UrlUnpadded::encode_string(point.as_bytes());
        let signature = Base64UrlUnpadded::encode_string(&signature.to_bytes());
        format!("{key}.{now}.{signature}")
    }
}

/// Percent-encoded (RFC 3986 §2.1).
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            // Writing to a `String` cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

/// Redacted.
impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey(..)")
    }
}

/// A new private key of P-256.
pub(crate) fn draw(rng: &mut impl CryptoRng) -> SigningKey {
    let mut bytes = Zeroizing::new([0; 32]);
    loop {
        rng.fill_bytes(bytes.as_mut());
        // Fails once in 2^32 times.
        if let Ok(key) = SigningKey::from_slice(bytes.as_ref()) {
            return key;
        }
    }
}
