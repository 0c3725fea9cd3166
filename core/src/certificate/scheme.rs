//! Encrypting private keys: the schemes that this version writes (`docs/formats.md` §6).

use cbc::{
    Encryptor,
    cipher::{
        BlockCipherEncrypt, BlockModeEncrypt, BlockSizeUser, KeyInit, KeyIvInit,
        block_padding::Pkcs7,
    },
};
use cbc_0_1::cipher::{BlockEncryptMut as _, KeyIvInit as _, block_padding::Pkcs7 as Pkcs7Padding};
use der::{
    Any, AnyRef, Decode, Encode,
    asn1::{ObjectIdentifier, OctetString, OctetStringRef},
};
use rand_core::CryptoRng;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::{
    Password,
    encryption::{
        AES_128_CBC, AES_192_CBC, AES_256_CBC, ARIA_128_CBC, ARIA_192_CBC, ARIA_256_CBC,
        DES_EDE3_CBC, Decrypted, EncryptedKey, FIXED_IV, HMAC_SHA1, HMAC_SHA256, HMAC_SHA512,
        MAX_ITERATIONS, PBES2, PBKDF2, PKCS12_3DES, PKCS12_RC2_40, PKCS12_RC2_128, Pbes1Parameters,
        Pbes2Parameters, Pbkdf2Parameters, SEED_CBC, SEED_CBC_WITH_SHA1, decode, pbkdf1, pbkdf2,
        pkcs12_key_and_iv,
    },
};

/// Rounds of PBES1, as NPKI's software writes them.
const PBES1_ITERATIONS: u32 = 2_048;
/// Rounds of PBES2: a tenth of a second on an old phone.
pub(super) const PBES2_ITERATIONS: u32 = 100_000;
const PBES1_SALT_BYTES: usize = 8;
const PBES2_SALT_BYTES: usize = 16;

/// How a key is encrypted, without the salt, which is another each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// PBES1 with SEED; the object identifier says where the IV comes from.
    Pbes1 {
        oid: ObjectIdentifier,
        iterations: u32,
    },
    /// 3DES with the key derivation of RFC 7292 appendix B.
    Pkcs12 { iterations: u32 },
    /// PBES2 with PBKDF2.
    Pbes2 {
        cipher: ObjectIdentifier,
        prf: ObjectIdentifier,
        iterations: u32,
    },
}

impl Scheme {
    /// SEED, which every Korean program reads.
    pub(super) const SEED: Self = Self::Pbes2 {
        cipher: SEED_CBC,
        prf: HMAC_SHA256,
        iterations: PBES2_ITERATIONS,
    };
    /// AES-256.
    pub(super) const AES: Self = Self::Pbes2 {
        cipher: AES_256_CBC,
        prf: HMAC_SHA256,
        iterations: PBES2_ITERATIONS,
    };

    /// 3DES, which every program reads.
    pub(super) const TRIPLE_DES: Self = Self::Pkcs12 {
        iterations: PBES1_ITERATIONS,
    };

    pub(super) const fn iterations(self) -> u32 {
        match self {
            Self::Pbes1 { iterations, .. }
            | Self::Pkcs12 { iterations }
            | Self::Pbes2 { iterations, .. } => iterations,
        }
    }

    /// The scheme of a key, with no fewer rounds than it has; `None` where this version does not
    /// know it.
    pub(super) fn of(key: &EncryptedKey<'_>) -> Option<Self> {
        let parameters = key.algorithm.parameters;
        match key.algorithm.oid {
            oid @ (SEED_CBC_WITH_SHA1 | SEED_CBC) => {
                let parameters: Pbes1Parameters<'_> = decode(parameters).ok()?;
                let iterations = parameters.iterations.max(PBES1_ITERATIONS);
                Some(Self::Pbes1 { oid, iterations })
            }
            // RC2 is not written any more.
            PKCS12_3DES | PKCS12_RC2_128 | PKCS12_RC2_40 => {
                let parameters: Pbes1Parameters<'_> = decode(parameters).ok()?;
                let iterations = parameters.iterations.max(PBES1_ITERATIONS);
                Some(Self::Pkcs12 { iterations })
            }
            PBES2 => {
                let parameters: Pbes2Parameters<'_> = decode(parameters).ok()?;
                let derivation: Pbkdf2Parameters<'_> =
                    decode(parameters.derivation.parameters).ok()?;
                Some(Self::Pbes2 {
                    cipher: parameters.encryption.oid,
                    prf: derivation.prf.map_or(HMAC_SHA1, |prf| prf.oid),
                    iterations: derivation.iterations.max(PBES1_ITERATIONS),
                })
            }
            _ => None,
        }
    }

    /// An `EncryptedPrivateKeyInfo` of the plaintext, byte for byte; `None` for a scheme or a
    /// password that cannot be written.
    pub(super) fn encrypt(
        self,
        plaintext: &[u8],
        password: &Password,
        rng: &mut impl CryptoRng,
    ) -> Option<Vec<u8>> {
        match self {
            Self::Pbes1 { oid, iterations } => pbes1(oid, iterations, plaintext, password, rng),
            Self::Pkcs12 { iterations } => pkcs12(iterations, plaintext, password, rng),
            Self::Pbes2 {
                cipher,
                prf,
                iterations,
            } => {
                let cipher = Cipher::of(cipher)?;
                pbes2(&cipher, prf, iterations, plaintext, password, rng)
            }
        }
    }
}

/// Encrypts the plaintext of a key anew, in its own scheme where no other is given; the result has been
/// opened and compared. `None` for a scheme or a password that cannot be written.
pub(super) fn anew(
    key: &EncryptedKey<'_>,
    plaintext: &[u8],
    scheme: Option<Scheme>,
    password: &Password,
    rng: &mut impl CryptoRng,
) -> Option<Vec<u8>> {
    let scheme = scheme.or_else(|| Scheme::of(key))?;
    let encrypted = scheme.encrypt(plaintext, password, rng)?;
    match EncryptedKey::from_der(&encrypted).ok()?.decrypt(password) {
        Ok(Decrypted::Plaintext(again)) if *again == plaintext => Some(encrypted),
        _ => None,
    }
}

/// Encrypts a PKCS#8 `PrivateKeyInfo`, byte for byte, as NPKI does: PBES1 with SEED, 2,048 rounds.
/// `None` where the password or key cannot be encoded.
pub fn encrypt_with_seed(
    key_info: &[u8],
    password: &Password,
    rng: &mut impl CryptoRng,
) -> Option<Vec<u8>> {
    let scheme = Scheme::Pbes1 {
        oid: SEED_CBC_WITH_SHA1,
        iterations: PBES1_ITERATIONS,
    };
    scheme.encrypt(key_info, password, rng)
}

fn pbes1(
    oid: ObjectIdentifier,
    iterations: u32,
    plaintext: &[u8],
    password: &Password,
    rng: &mut impl CryptoRng,
) -> Option<Vec<u8>> {
    let mut salt = [0; PBES1_SALT_BYTES];
    rng.fill_bytes(&mut salt);
    let parameters = Pbes1Parameters {
        salt: OctetStringRef::new(&salt).ok()?,
        iterations,
    };
    let parameters = parameters.to_der().ok()?;
    let parameters = AnyRef::from_der(&parameters).ok()?;
    let derived = pbkdf1(Some(parameters), password).ok()?;
    let (key, seed) = derived.split_at(16);
    let digest: [u8; 20] = Sha1::digest(seed).into();
    let iv = if oid == SEED_CBC {
        FIXED_IV.as_slice()
    } else {
        &digest[..16]
    };
    write(oid, parameters, &seed_encrypt(key, iv, plaintext)?)
}

fn pkcs12(
    iterations: u32,
    plaintext: &[u8],
    password: &Password,
    rng: &mut impl CryptoRng,
) -> Option<Vec<u8>> {
    let mut salt = [0; PBES1_SALT_BYTES];
    rng.fill_bytes(&mut salt);
    let [key, iv] = pkcs12_key_and_iv(password, &salt, iterations, 24)?;
    let ciphertext = cbc_encrypt::<des::TdesEde3>(&key, &iv, plaintext)?;
    let parameters = Pbes1Parameters {
        salt: OctetStringRef::new(&salt).ok()?,
        iterations,
    };
    let parameters = Any::encode_from(&parameters).ok()?;
    write(PKCS12_3DES, AnyRef::from(&parameters), &ciphertext)
}

fn pbes2(
    cipher: &Cipher,
    prf: ObjectIdentifier,
    iterations: u32,
    plaintext: &[u8],
    password: &Password,
    rng: &mut impl CryptoRng,
) -> Option<Vec<u8>> {
    if iterations > MAX_ITERATIONS {
        return None;
    }
    let mut salt = [0; PBES2_SALT_BYTES];
    rng.fill_bytes(&mut salt);
    let mut iv = vec![0; cipher.block_bytes];
    rng.fill_bytes(&mut iv);
    let mut key = Zeroizing::new([0; 32]);
    let key = &mut key[..cipher.key_bytes];
    match prf {
        HMAC_SHA1 => pbkdf2::<Sha1>(password.as_bytes(), &salt, iterations, key),
        HMAC_SHA256 => pbkdf2::<Sha256>(password.as_bytes(), &salt, iterations, key),
        HMAC_SHA512 => pbkdf2::<Sha512>(password.as_bytes(), &salt, iterations, key),
        _ => return None,
    }
    let derivation = Pbkdf2Parameters {
        salt: OctetStringRef::new(&salt).ok()?,
        iterations,
        key_length: None,
        // The default is not written (X.690 §11.5).
        prf: (prf != HMAC_SHA1).then_some(AlgorithmIdentifierRef {
            oid: prf,
            parameters: Some(AnyRef::NULL),
        }),
    };
    let derivation = Any::encode_from(&derivation).ok()?;
    let encoded_iv = Any::encode_from(&OctetString::new(iv.as_slice()).ok()?).ok()?;
    let parameters = Pbes2Parameters {
        derivation: AlgorithmIdentifierRef {
            oid: PBKDF2,
            parameters: Some(AnyRef::from(&derivation)),
        },
        encryption: AlgorithmIdentifierRef {
            oid: cipher.oid,
            parameters: Some(AnyRef::from(&encoded_iv)),
        },
    };
    let parameters = Any::encode_from(&parameters).ok()?;
    let ciphertext = (cipher.encrypt)(key, &iv, plaintext)?;
    write(PBES2, AnyRef::from(&parameters), &ciphertext)
}

fn write(oid: ObjectIdentifier, parameters: AnyRef<'_>, ciphertext: &[u8]) -> Option<Vec<u8>> {
    let key = EncryptedKey {
        algorithm: AlgorithmIdentifierRef {
            oid,
            parameters: Some(parameters),
        },
        ciphertext: OctetStringRef::new(ciphertext).ok()?,
    };
    key.to_der().ok()
}

type CbcEncrypt = fn(&[u8], &[u8], &[u8]) -> Option<Vec<u8>>;

/// A block cipher in CBC with PKCS#7 padding.
struct Cipher {
    oid: ObjectIdentifier,
    key_bytes: usize,
    block_bytes: usize,
    encrypt: CbcEncrypt,
}

impl Cipher {
    fn of(oid: ObjectIdentifier) -> Option<Self> {
        let (encrypt, key_bytes, block_bytes): (CbcEncrypt, usize, usize) = match oid {
            SEED_CBC => (seed_encrypt, 16, 16),
            ARIA_128_CBC => (cbc_encrypt::<aria::Aria128>, 16, 16),
            ARIA_192_CBC => (cbc_encrypt::<aria::Aria192>, 24, 16),
            ARIA_256_CBC => (cbc_encrypt::<aria::Aria256>, 32, 16),
            AES_128_CBC => (cbc_encrypt::<aes::Aes128>, 16, 16),
            AES_192_CBC => (cbc_encrypt::<aes::Aes192>, 24, 16),
            AES_256_CBC => (cbc_encrypt::<aes::Aes256>, 32, 16),
            DES_EDE3_CBC => (cbc_encrypt::<des::TdesEde3>, 24, 8),
            _ => return None,
        };
        Some(Self {
            oid,
            key_bytes,
            block_bytes,
            encrypt,
        })
    }
}

fn seed_encrypt(key: &[u8], iv: &[u8], plaintext: &[u8]) -> Option<Vec<u8>> {
    let cipher = cbc_0_1::Encryptor::<kisaseed::SEED>::new_from_slices(key, iv).ok()?;
    Some(cipher.encrypt_padded_vec_mut::<Pkcs7Padding>(plaintext))
}

fn cbc_encrypt<C: BlockCipherEncrypt + BlockSizeUser + KeyInit>(
    key: &[u8],
    iv: &[u8],
    plaintext: &[u8],
) -> Option<Vec<u8>> {
    let cipher = Encryptor::<C>::new_from_slices(key, iv).ok()?;
    Some(cipher.encrypt_padded_vec::<Pkcs7>(plaintext))
}
