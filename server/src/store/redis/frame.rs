//! Frames beside their mailbox.

use naru_core::mailbox::{FrameNumber, TokenHash};
use twox_hash::xxhash3_128;

use super::{answer::DIGEST, token::Token};

/// So large a frame may go through a script, and to another node with the news of it: `mailbox.lua` has it too.
pub(super) const FEW_BYTES: usize = 1_024;

/// A frame as the scripts know it.
pub(super) struct Frame {
    pub(super) key: Vec<u8>,
    /// Its digest, and its length in four bytes, the lowest first.
    pub(super) entry: [u8; DIGEST + 4],
}

impl Frame {
    /// A digest of the writer's own, whose token nobody else knows: a refused call forgets nobody else's frame. It need not
    /// withstand the writer, who confuses only their own lane with two alike: what crosses is sealed from end to end.
    pub(super) fn new(mailbox: &str, writer: TokenHash, number: FrameNumber, bytes: &[u8]) -> Self {
        // What is longer fits no mailbox.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let of_writer = u128::from_le_bytes(Token::of(&writer).0) as u64;
        let seed = of_writer ^ u64::from(number.get());
        let digest = xxhash3_128::Hasher::oneshot_with_seed(seed, bytes).to_le_bytes();
        let mut entry = [0; DIGEST + 4];
        entry[..DIGEST].copy_from_slice(&digest);
        entry[DIGEST..].copy_from_slice(&length.to_le_bytes());
        Self {
            key: key_of_frame(mailbox, &entry[..DIGEST]),
            entry,
        }
    }

    /// Few bytes cost less in a script than a command before it.
    pub(super) fn way<'f>(&'f self, bytes: &'f [u8]) -> Way<'f> {
        match bytes.len() {
            1..=FEW_BYTES => Way::Given(bytes),
            _ => Way::Stored(self, bytes),
        }
    }
}

/// How a frame comes to Redis.
#[derive(Clone, Copy)]
pub(super) enum Way<'f> {
    /// The script is given its bytes.
    Given(&'f [u8]),
    /// A command before the script stores it.
    Stored(&'f Frame, &'f [u8]),
}

impl<'f> Way<'f> {
    /// What the script is given, as `frame.lua` takes it.
    pub(super) fn given(self) -> &'f [u8] {
        match self {
            Self::Given(bytes) => bytes,
            Self::Stored(..) => b"",
        }
    }
}

pub(super) fn key_of_frame(mailbox: &str, digest: &[u8]) -> Vec<u8> {
    [mailbox.as_bytes(), b":", digest].concat()
}
