//! How private keys are encrypted: PBES1 with SEED, and PBES2 with SEED, ARIA, AES or 3DES
//! (`docs/formats.md`, RFC 8018, RFC 4269, RFC 5794).

use cbc::{
    Decryptor,
    cipher::{
        BlockCipherDecrypt, BlockModeDecrypt, BlockSizeUser, KeyInit, KeyIvInit,
        block_padding::Pkcs7,
    },
};
use cbc_0_1::cipher::{BlockDecryptMut as _, KeyIvInit as _, block_padding::Pkcs7 as Pkcs7Padding};
use der::{
    AnyRef, Sequence,
    asn1::{ObjectIdentifier, OctetStringRef},
};
use hmac::{EagerHash, Hmac};
use pkcs12::kdf::Pkcs12KeyType;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::{Password, PasswordError, pkcs12_kdf::derived};

/// Most rounds of key derivation that are run for a file; more would hang the device.
pub const MAX_ITERATIONS: u32 = 1_000_000;

pub(super) const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
pub(super) const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
pub(super) const HMAC_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.7");
pub(super) const HMAC_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.9");
pub(super) const HMAC_SHA512: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.2.11");
pub(super) const SEED_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.410.200004.1.4");
pub(super) const SEED_CBC_WITH_SHA1: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.410.200004.1.15");
pub(super) const ARIA_128_CBC: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.410.200046.1.1.2");
pub(super) const ARIA_192_CBC: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.410.200046.1.1.7");
pub(super) const ARIA_256_CBC: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.410.200046.1.1.12");
pub(super) const AES_128_CBC: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.2");
pub(super) const AES_192_CBC: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.22");
pub(super) const AES_256_CBC: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42");
pub(super) const DES_EDE3_CBC: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.3.7");

/// The IV of keys that name SEED-CBC itself as their PBES1 scheme.
pub(super) const PKCS12_3DES: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
pub(super) const PKCS12_RC2_128: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.5");
pub(super) const PKCS12_RC2_40: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6");

pub(super) const FIXED_IV: &[u8; 16] = b"0123456789012345";

/// An `EncryptedPrivateKeyInfo` (RFC 5958 §3).
#[derive(Sequence)]
pub(super) struct EncryptedKey<'a> {
    pub(super) algorithm: AlgorithmIdentifierRef<'a>,
    pub(super) ciphertext: &'a OctetStringRef,
}

#[derive(Sequence)]
pub(super) struct Pbes1Parameters<'a> {
    pub(super) salt: &'a OctetStringRef,
    pub(super) iterations: u32,
}

#[derive(Sequence)]
pub(super) struct Pbes2Parameters<'a> {
    pub(super) derivation: AlgorithmIdentifierRef<'a>,
    pub(super) encryption: AlgorithmIdentifierRef<'a>,
}

#[derive(Sequence)]
pub(super) struct Pbkdf2Parameters<'a> {
    pub(super) salt: &'a OctetStringRef,
    pub(super) iterations: u32,
    #[asn1(optional = "true")]
    pub(super) key_length: Option<u16>,
    #[asn1(optional = "true")]
    pub(super) prf: Option<AlgorithmIdentifierRef<'a>>,
}

/// What decryption came to.
pub(super) enum Decrypted {
    /// Plaintext with a right padding, which 1 wrong password in 256 yields too.
    Plaintext(Zeroizing<Vec<u8>>),
    /// A scheme that this version does not know.
    UnknownScheme(String),
}

impl EncryptedKey<'_> {
    pub(super) fn decrypt(&self, password: &Password) -> Result<Decrypted, PasswordError> {
        let parameters = self.algorithm.parameters;
        let ciphertext = self.ciphertext.as_bytes();
        let plaintext = match self.algorithm.oid {
            SEED_CBC_WITH_SHA1 => {
                let derived = pbkdf1(parameters, password)?;
                let (key, seed) = derived.split_at(16);
                let iv = Sha1::digest(seed);
                seed_decrypt(key, &iv[..16], ciphertext)
            }
            SEED_CBC => {
                let derived = pbkdf1(parameters, password)?;
                seed_decrypt(&derived[..16], FIXED_IV, ciphertext)
            }
            oid @ (PKCS12_3DES | PKCS12_RC2_128 | PKCS12_RC2_40) => {
                pkcs12(oid, parameters, password, ciphertext)
            }
            PBES2 => return pbes2(parameters, password, ciphertext),
            unknown => return Ok(Decrypted::UnknownScheme(format!("{unknown}"))),
        };
        plaintext.map(Decrypted::Plaintext)
    }
}

fn pbes2(
    parameters: Option<AnyRef<'_>>,
    password: &Password,
    ciphertext: &[u8],
) -> Result<Decrypted, PasswordError> {
    let parameters: Pbes2Parameters<'_> = decode(parameters)?;
    if parameters.derivation.oid != PBKDF2 {
        return Ok(Decrypted::UnknownScheme(format!(
            "{}",
            parameters.derivation.oid
        )));
    }
    let (decrypt, key_bytes): (CbcDecrypt, usize) = match parameters.encryption.oid {
        SEED_CBC => (seed_decrypt, 16),
        ARIA_128_CBC => (cbc_decrypt::<aria::Aria128>, 16),
        ARIA_192_CBC => (cbc_decrypt::<aria::Aria192>, 24),
        ARIA_256_CBC => (cbc_decrypt::<aria::Aria256>, 32),
        AES_128_CBC => (cbc_decrypt::<aes::Aes128>, 16),
        AES_192_CBC => (cbc_decrypt::<aes::Aes192>, 24),
        AES_256_CBC => (cbc_decrypt::<aes::Aes256>, 32),
        DES_EDE3_CBC => (cbc_decrypt::<des::TdesEde3>, 24),
        unknown => return Ok(Decrypted::UnknownScheme(format!("{unknown}"))),
    };
    let derivation: Pbkdf2Parameters<'_> = decode(parameters.derivation.parameters)?;
    let iterations = iterations(derivation.iterations)?;
    if derivation
        .key_length
        .is_some_and(|length| usize::from(length) != key_bytes)
    {
        return Err(PasswordError::DamagedKey);
    }
    let mut key = Zeroizing::new([0; 32]);
    let key = &mut key[..key_bytes];
    let (password, salt) = (password.as_bytes(), derivation.salt.as_bytes());
    match derivation.prf.map_or(HMAC_SHA1, |prf| prf.oid) {
        HMAC_SHA1 => pbkdf2::<Sha1>(password, salt, iterations, key),
        HMAC_SHA256 => pbkdf2::<Sha256>(password, salt, iterations, key),
        HMAC_SHA512 => pbkdf2::<Sha512>(password, salt, iterations, key),
        unknown => return Ok(Decrypted::UnknownScheme(format!("{unknown}"))),
    }
    let iv = parameters
        .encryption
        .parameters
        .ok_or(PasswordError::DamagedKey)?;
    let iv: &OctetStringRef = iv.decode_as().map_err(|_| PasswordError::DamagedKey)?;
    decrypt(key, iv.as_bytes(), ciphertext).map(Decrypted::Plaintext)
}

/// The password-based encryption of RFC 7292 appendix C.
fn pkcs12(
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'_>>,
    password: &Password,
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, PasswordError> {
    let parameters: Pbes1Parameters<'_> = decode(parameters)?;
    let rounds = iterations(parameters.iterations)?;
    let (decrypt, key_bytes): (CbcDecrypt, usize) = match oid {
        PKCS12_RC2_40 => (cbc_decrypt::<rc2::Rc2>, 5),
        PKCS12_RC2_128 => (cbc_decrypt::<rc2::Rc2>, 16),
        _ => (cbc_decrypt::<des::TdesEde3>, 24),
    };
    let salt = parameters.salt.as_bytes();
    let [key, iv] =
        pkcs12_key_and_iv(password, salt, rounds, key_bytes).ok_or(PasswordError::Wrong)?;
    decrypt(&key, &iv, ciphertext)
}

/// Key and IV by the derivation of RFC 7292 appendix B; `None` for a password that is no text.
pub(super) fn pkcs12_key_and_iv(
    password: &Password,
    salt: &[u8],
    iterations: u32,
    key_bytes: usize,
) -> Option<[Zeroizing<Vec<u8>>; 2]> {
    let derive = |purpose, length| derived::<Sha1>(password, salt, purpose, iterations, length);
    Some([
        derive(Pkcs12KeyType::EncryptionKey, key_bytes)?,
        derive(Pkcs12KeyType::Iv, 8)?,
    ])
}

/// PBKDF1 with SHA-1 (RFC 8018 §5.1): all 20 bytes, since the scheme takes the IV from the last 4.
pub(super) fn pbkdf1(
    parameters: Option<AnyRef<'_>>,
    password: &Password,
) -> Result<Zeroizing<[u8; 20]>, PasswordError> {
    let parameters: Pbes1Parameters<'_> = decode(parameters)?;
    let first = Sha1::new_with_prefix(password.as_bytes()).chain_update(parameters.salt.as_bytes());
    let mut derived = Zeroizing::new(<[u8; 20]>::from(first.finalize()));
    for _ in 1..iterations(parameters.iterations)? {
        *derived = Sha1::digest(*derived).into();
    }
    Ok(derived)
}

pub(super) fn pbkdf2<H: EagerHash>(password: &[u8], salt: &[u8], iterations: u32, key: &mut [u8])
where
    Hmac<H>: KeyInit + hmac::Mac + Clone + Sync,
{
    // HMAC takes a key of any length, so that this cannot fail; an all-zero key opens nothing.
    let _ = pbkdf2::pbkdf2::<Hmac<H>>(password, salt, iterations, key);
}

pub(super) fn iterations(count: u32) -> Result<u32, PasswordError> {
    match count {
        0 => Err(PasswordError::DamagedKey),
        1..=MAX_ITERATIONS => Ok(count),
        _ => Err(PasswordError::TooManyIterations),
    }
}

pub(super) fn decode<'a, T>(parameters: Option<AnyRef<'a>>) -> Result<T, PasswordError>
where
    T: 'a + der::FixedTag + der::DecodeValue<'a, Error = der::Error>,
{
    parameters
        .ok_or(PasswordError::DamagedKey)?
        .decode_as()
        .map_err(|_| PasswordError::DamagedKey)
}

type CbcDecrypt = fn(&[u8], &[u8], &[u8]) -> Result<Zeroizing<Vec<u8>>, PasswordError>;

/// SEED comes from a crate of the previous generation of these interfaces.
fn seed_decrypt(
    key: &[u8],
    iv: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, PasswordError> {
    let cipher = cbc_0_1::Decryptor::<kisaseed::SEED>::new_from_slices(key, iv)
        .map_err(|_| PasswordError::DamagedKey)?;
    if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(16) {
        return Err(PasswordError::DamagedKey);
    }
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    let length = cipher
        .decrypt_padded_mut::<Pkcs7Padding>(&mut buffer)
        .map_err(|_| PasswordError::Wrong)?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}

/// CBC with PKCS#7 padding; a wrong padding is a wrong password.
fn cbc_decrypt<C: BlockCipherDecrypt + BlockSizeUser + KeyInit>(
    key: &[u8],
    iv: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, PasswordError> {
    let cipher = Decryptor::<C>::new_from_slices(key, iv).map_err(|_| PasswordError::DamagedKey)?;
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    if buffer.is_empty() || !buffer.len().is_multiple_of(C::block_size()) {
        return Err(PasswordError::DamagedKey);
    }
    let length = cipher
        .decrypt_padded::<Pkcs7>(&mut buffer)
        .map_err(|_| PasswordError::Wrong)?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use cbc_0_1::cipher::{BlockDecrypt as _, BlockEncrypt as _, KeyInit as _};

    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    }

    /// RFC 4269, appendix B.
    #[test]
    fn seed_agrees_with_rfc_4269() {
        for (key, plaintext, ciphertext) in [
            (
                "00000000000000000000000000000000",
                "000102030405060708090a0b0c0d0e0f",
                "5ebac6e0054e166819aff1cc6d346cdb",
            ),
            (
                "000102030405060708090a0b0c0d0e0f",
                "00000000000000000000000000000000",
                "c11f22f20140505084483597e4370f43",
            ),
            (
                "4706480851e61be85d74bfb3fd956185",
                "83a2f8a288641fb9a4e9a5cc2f131c7d",
                "ee54d13ebcae706d226bc3142cd40d4a",
            ),
            (
                "28dbc3bc49ffd87dcfa509b11d422be7",
                "b41e6be2eba84a148e2eed84593c5ec7",
                "9b9b7bfcd1813cb95d0b3618f40f5122",
            ),
        ] {
            let cipher = kisaseed::SEED::new_from_slice(&bytes(key)).unwrap();
            let mut block =
                *cbc_0_1::cipher::Block::<kisaseed::SEED>::from_slice(&bytes(plaintext));
            cipher.encrypt_block(&mut block);
            assert_eq!(block.to_vec(), bytes(ciphertext));
            // One block under a zero IV is the block cipher, so our own path agrees as well but for
            // the padding, which a decrypted block has only by chance.
            cipher.decrypt_block(&mut block);
            assert_eq!(block.to_vec(), bytes(plaintext));
        }
    }

    /// RFC 5794, appendix A.
    #[test]
    fn aria_agrees_with_rfc_5794() {
        let plaintext = bytes("00112233445566778899aabbccddeeff");
        fn check<
            C: BlockCipherDecrypt + BlockSizeUser + KeyInit + cbc::cipher::BlockCipherEncrypt,
        >(
            key: &str,
            plaintext: &[u8],
            ciphertext: &str,
        ) {
            use cbc::cipher::{BlockModeEncrypt, block_padding::NoPadding};
            let key = bytes(key);
            let mut buffer = plaintext.to_vec();
            let length = buffer.len();
            cbc::Encryptor::<C>::new_from_slices(&key, &[0; 16])
                .unwrap()
                .encrypt_padded::<NoPadding>(&mut buffer, length)
                .unwrap();
            assert_eq!(buffer, bytes(ciphertext));
        }
        let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        check::<aria::Aria128>(&key[..32], &plaintext, "d718fbd6ab644c739da95f3be6451778");
        check::<aria::Aria192>(&key[..48], &plaintext, "26449c1805dbe7aa25a468ce263a9e79");
        check::<aria::Aria256>(key, &plaintext, "f92bd7c79fb72e2f2b8f80c1972d24fc");
    }
}
