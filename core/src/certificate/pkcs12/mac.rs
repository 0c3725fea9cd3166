//! The MAC of a PKCS#12 (RFC 7292 §4).

use der::asn1::ObjectIdentifier;
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use pkcs12::kdf::Pkcs12KeyType;
use sha1::Sha1;
use sha2::{
    Digest, Sha256, Sha384, Sha512,
    digest::{FixedOutputReset, common::BlockSizeUser},
};
use subtle::ConstantTimeEq;

use super::structures::MacData;
use crate::certificate::{
    ChangeError, Password, PasswordError, encryption::MAX_ITERATIONS, pkcs12_kdf::derived,
};

pub(super) const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
pub(super) const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

pub(super) fn check(
    mac: &MacData,
    password: &Password,
    contents: &[u8],
) -> Result<(), ChangeError> {
    if mac.iterations > MAX_ITERATIONS {
        return Err(PasswordError::TooManyIterations.into());
    }
    let hash = mac.digest.algorithm.oid;
    let salt = mac.salt.as_bytes();
    let expected = of(hash, password, salt, mac.iterations, contents).ok_or_else(|| {
        ChangeError::UnknownScheme {
            algorithm: hash.to_string(),
        }
    })?;
    let same: bool = expected.ct_eq(mac.digest.digest.as_bytes()).into();
    if same {
        Ok(())
    } else {
        Err(PasswordError::Wrong.into())
    }
}

/// The MAC over the contents; `None` for a hash that is not known, or a password that cannot be
/// written as UTF-16.
pub(super) fn of(
    hash: ObjectIdentifier,
    password: &Password,
    salt: &[u8],
    iterations: u32,
    contents: &[u8],
) -> Option<Vec<u8>> {
    match hash {
        SHA1 => hmac_of::<Sha1>(password, salt, iterations, contents),
        SHA256 => hmac_of::<Sha256>(password, salt, iterations, contents),
        SHA384 => hmac_of::<Sha384>(password, salt, iterations, contents),
        SHA512 => hmac_of::<Sha512>(password, salt, iterations, contents),
        _ => None,
    }
}

fn hmac_of<H>(password: &Password, salt: &[u8], iterations: u32, contents: &[u8]) -> Option<Vec<u8>>
where
    H: EagerHash + Digest + FixedOutputReset + BlockSizeUser,
    Hmac<H>: KeyInit + Mac,
{
    let length = <H as Digest>::output_size();
    let key = derived::<H>(password, salt, Pkcs12KeyType::Mac, iterations, length)?;
    let mut mac = <Hmac<H> as KeyInit>::new_from_slice(&key).ok()?;
    mac.update(contents);
    Some(mac.finalize().into_bytes().to_vec())
}
