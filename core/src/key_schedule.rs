//! The symmetric state of the handshake (Noise §5.2): chaining key and transcript hash.

use zeroize::Zeroizing;

use crate::crypto::{Aead, Forged, Key, NonContributory, Prk, PublicKey, sha256};

/// 32 bytes long, so that it is the initial hash as it stands (Noise §5.2, `InitializeSymmetric`).
const PROTOCOL: &[u8; 32] = b"Noise_NKpsk0_25519_AESGCM_SHA256";

/// A Noise `SymmetricState` before its first key: what precedes the `psk` token.
pub(crate) struct Unkeyed {
    chaining_key: Key,
    transcript: [u8; 32],
}

impl Unkeyed {
    /// Binds the prologue and the responder's static key, which the pattern's pre-message holds.
    pub(crate) fn new(prologue: &[u8], responder: &PublicKey) -> Self {
        let transcript = sha256(&[PROTOCOL, prologue]);
        let transcript = sha256(&[&transcript, responder.as_bytes()]);
        Self {
            chaining_key: Key::from_bytes(*PROTOCOL),
            transcript,
        }
    }

    /// `MixKeyAndHash(psk)`.
    pub(crate) fn mix_psk(self, psk: &Key) -> Keyed {
        let [chaining_key, hashed, key] = hkdf(&self.chaining_key, psk.as_bytes());
        Keyed {
            chaining_key,
            transcript: sha256(&[&self.transcript, hashed.as_bytes()]),
            aead: Aead::new(&key),
            counter: 0,
        }
    }
}

/// A Noise `SymmetricState` that seals what it is given.
pub(crate) struct Keyed {
    chaining_key: Key,
    transcript: [u8; 32],
    aead: Aead,
    counter: u64,
}

impl Keyed {
    /// The token `e`, which mixes the key into both halves because a PSK is in play (Noise §9.2).
    pub(crate) fn mix_ephemeral(&mut self, ephemeral: &PublicKey) {
        self.mix_hash(ephemeral.as_bytes());
        self.mix_key(ephemeral.as_bytes());
    }

    /// The tokens `es` and `ee`.
    pub(crate) fn mix_dh(
        &mut self,
        shared: Result<Key, NonContributory>,
    ) -> Result<(), NonContributory> {
        self.mix_key(shared?.as_bytes());
        Ok(())
    }

    /// `EncryptAndHash`.
    pub(crate) fn seal(&mut self, payload: &[u8]) -> Vec<u8> {
        let sealed = self.aead.seal(self.counter, &self.transcript, payload);
        self.counter += 1;
        self.mix_hash(&sealed);
        sealed
    }

    /// `DecryptAndHash`.
    pub(crate) fn open(&mut self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Forged> {
        let payload = self.aead.open(self.counter, &self.transcript, sealed)?;
        self.counter += 1;
        self.mix_hash(sealed);
        Ok(payload)
    }

    /// `Split`, with the handshake hash (Noise §11.2).
    pub(crate) fn split(self) -> TransportKeys {
        let [initiator, responder, _] = hkdf(&self.chaining_key, &[]);
        TransportKeys {
            initiator,
            responder,
            handshake_hash: self.transcript,
        }
    }

    fn mix_hash(&mut self, bytes: &[u8]) {
        self.transcript = sha256(&[&self.transcript, bytes]);
    }

    fn mix_key(&mut self, ikm: &[u8]) {
        let [chaining_key, key, _] = hkdf(&self.chaining_key, ikm);
        self.chaining_key = chaining_key;
        self.aead = Aead::new(&key);
        self.counter = 0;
    }
}

/// What the handshake leaves: a key for each direction, and the transcript's hash.
pub(crate) struct TransportKeys {
    pub(crate) initiator: Key,
    pub(crate) responder: Key,
    pub(crate) handshake_hash: [u8; 32],
}

/// Noise's HKDF: RFC 5869 with the chaining key as salt and an empty info (Noise §4.3).
fn hkdf(chaining_key: &Key, ikm: &[u8]) -> [Key; 3] {
    let okm: Zeroizing<[u8; 96]> =
        Zeroizing::new(Prk::extract(chaining_key.as_bytes(), ikm).expand(&[]));
    [0, 32, 64].map(|start| {
        let mut key = [0; 32];
        key.copy_from_slice(&okm[start..start + 32]);
        Key::from_bytes(key)
    })
}
