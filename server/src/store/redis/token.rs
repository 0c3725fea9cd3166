//! Tokens in Redis.

use naru_core::mailbox::TokenHash;

/// Nobody lives to find another token whose hash begins with the same.
const BYTES: usize = 16;

/// The beginning of a token's hash.
#[derive(Clone, Copy)]
pub(super) struct Token(pub(super) [u8; BYTES]);

impl Token {
    pub(super) fn of(hash: &TokenHash) -> Self {
        let [token @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = *hash.as_bytes();
        Self(token)
    }

    pub(super) fn is_of(self, hash: TokenHash) -> bool {
        hash.as_bytes().starts_with(&self.0)
    }
}
