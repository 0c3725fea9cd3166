//! What the moved key signs to prove that it works where it is now (`docs/protocol.md` §7.4).

/// Binds the receipt to this handshake and this bundle.
pub(crate) fn signed_message(handshake_hash: &[u8; 32], bundle: &[u8; 32]) -> Vec<u8> {
    [b"naru/1 receipt".as_slice(), handshake_hash, bundle].concat()
}
