//! The key derivation of PKCS#12, which its MAC and the old encryption share (RFC 7292 appendix B).

use pkcs12::kdf::{Pkcs12KeyType, derive_key_utf8};
use sha2::{
    Digest,
    digest::{FixedOutputReset, common::BlockSizeUser},
};
use zeroize::Zeroizing;

use super::Password;

/// The key derivation of RFC 7292 appendix B.
pub(super) fn derived<H>(
    password: &Password,
    salt: &[u8],
    purpose: Pkcs12KeyType,
    iterations: u32,
    length: usize,
) -> Option<Zeroizing<Vec<u8>>>
where
    H: Digest + FixedOutputReset + BlockSizeUser,
{
    let text = std::str::from_utf8(password.as_bytes()).ok()?;
    let iterations = i32::try_from(iterations).ok()?;
    derive_key_utf8::<H>(text, salt, purpose, iterations, length)
        .ok()
        .map(Zeroizing::new)
}
