//! The encrypted pipe: messages in and out of padded, numbered frames (`docs/protocol.md` §6).

use zeroize::Zeroizing;

use crate::{
    crypto::{Aead, TAG_BYTES},
    key_schedule::TransportKeys,
    mailbox::{FrameNumber, MAX_LANE_FRAMES},
};

/// The sizes that a frame can have, in bytes; a message takes the smallest that holds it.
pub const FRAME_SIZES: [usize; 5] = [1_000, 4_000, 8_000, 16_000, 64_000];

/// Flag and length that precede a fragment.
const HEADER_BYTES: usize = 3;
const LARGEST_FRAGMENT: usize = 64_000 - TAG_BYTES - HEADER_BYTES;
/// One frame of each lane is its handshake message, and one is kept free for `cancel`.
const MESSAGE_FRAMES: usize = MAX_LANE_FRAMES as usize / 2 - 1;

/// Largest message, in bytes: fifteen frames, so that a mailbox of 1 MiB holds it.
pub const MAX_MESSAGE_BYTES: usize = MESSAGE_FRAMES * LARGEST_FRAGMENT;

/// A frame of one's own lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) number: FrameNumber,
    pub(crate) bytes: Vec<u8>,
}

/// Why a lane cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChannelError {
    /// A frame that the peer did not seal in this place.
    Tampered,
    /// No frame number is left, or the message is too large.
    Full,
}

/// Both lanes of one device.
pub(crate) struct Channel {
    sealing: Aead,
    opening: Aead,
    next_out: FrameNumber,
    next_in: FrameNumber,
    partial: Zeroizing<Vec<u8>>,
    handshake_hash: [u8; 32],
}

/// Which side of the handshake a device had.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Initiator,
    Responder,
}

/// Frame 1 of each lane was its handshake message.
const FIRST_TRANSPORT_FRAME: FrameNumber = match FrameNumber::FIRST.next() {
    Some(number) => number,
    None => FrameNumber::FIRST,
};

impl Channel {
    pub(crate) fn new(keys: &TransportKeys, side: Side) -> Self {
        let (sealing, opening) = match side {
            Side::Initiator => (&keys.initiator, &keys.responder),
            Side::Responder => (&keys.responder, &keys.initiator),
        };
        Self {
            sealing: Aead::new(sealing),
            opening: Aead::new(opening),
            next_out: FIRST_TRANSPORT_FRAME,
            next_in: FIRST_TRANSPORT_FRAME,
            partial: Zeroizing::default(),
            handshake_hash: keys.handshake_hash,
        }
    }

    pub(crate) const fn handshake_hash(&self) -> &[u8; 32] {
        &self.handshake_hash
    }

    /// Cuts a message into frames and seals them; each number is used once.
    pub(crate) fn seal(&mut self, message: &[u8]) -> Result<Vec<Frame>, ChannelError> {
        if message.len() > MAX_MESSAGE_BYTES {
            return Err(ChannelError::Full);
        }
        let mut fragments = message.chunks(LARGEST_FRAGMENT).peekable();
        let mut frames = Vec::new();
        while let Some(fragment) = fragments.next() {
            let number = self.next_out;
            if number.get() > MAX_LANE_FRAMES {
                return Err(ChannelError::Full);
            }
            let plaintext = pad(fragment, fragments.peek().is_some());
            let bytes = self.sealing.seal(counter(number), &[], &plaintext);
            self.next_out = number.next().ok_or(ChannelError::Full)?;
            frames.push(Frame { number, bytes });
        }
        Ok(frames)
    }

    /// Opens the peer's next frame; yields the message when it was the last of one.
    pub(crate) fn open(
        &mut self,
        bytes: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, ChannelError> {
        if !FRAME_SIZES.contains(&bytes.len()) {
            return Err(ChannelError::Tampered);
        }
        let plaintext = self
            .opening
            .open(counter(self.next_in), &[], bytes)
            .map_err(|_| ChannelError::Tampered)?;
        self.next_in = self.next_in.next().ok_or(ChannelError::Full)?;
        let (fragment, more) = unpad(&plaintext).ok_or(ChannelError::Tampered)?;
        if self.partial.len() + fragment.len() > MAX_MESSAGE_BYTES {
            return Err(ChannelError::Tampered);
        }
        self.partial.extend_from_slice(fragment);
        Ok(if more {
            None
        } else {
            Some(std::mem::take(&mut self.partial))
        })
    }
}

/// Transport messages count from 0 (Noise §5.1), frames from 2.
fn counter(number: FrameNumber) -> u64 {
    u64::from(number.get()) - u64::from(FIRST_TRANSPORT_FRAME.get())
}

/// Flag (1: more fragments follow), length as two big-endian bytes, fragment, zeros.
fn pad(fragment: &[u8], more: bool) -> Zeroizing<Vec<u8>> {
    let needed = HEADER_BYTES + fragment.len() + TAG_BYTES;
    let size = FRAME_SIZES
        .into_iter()
        .find(|size| *size >= needed)
        .unwrap_or(needed);
    let mut plaintext = Zeroizing::new(Vec::with_capacity(size));
    plaintext.push(u8::from(more));
    plaintext.extend_from_slice(&(fragment.len() as u16).to_be_bytes());
    plaintext.extend_from_slice(fragment);
    plaintext.resize(size - TAG_BYTES, 0);
    plaintext
}

fn unpad(plaintext: &[u8]) -> Option<(&[u8], bool)> {
    let ([more, high, low], rest) = plaintext.split_first_chunk()?;
    let (fragment, padding) =
        rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
    let more = match more {
        0 => false,
        1 => true,
        _ => return None,
    };
    (!fragment.is_empty() && padding.iter().all(|byte| *byte == 0)).then_some((fragment, more))
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::crypto::Key;

    fn channels() -> (Channel, Channel) {
        let keys = TransportKeys {
            initiator: Key::from_bytes([1; 32]),
            responder: Key::from_bytes([2; 32]),
            handshake_hash: [3; 32],
        };
        (
            Channel::new(&keys, Side::Initiator),
            Channel::new(&keys, Side::Responder),
        )
    }

    #[test]
    fn a_message_crosses_in_the_smallest_frame_that_holds_it() {
        for (length, size) in [
            (1, 1_000),
            (981, 1_000),
            (982, 4_000),
            (7_981, 8_000),
            (63_981, 64_000),
        ] {
            let (mut ours, mut theirs) = channels();
            let message = vec![0x5a; length];
            let frames = ours.seal(&message).unwrap();
            assert_eq!(frames.len(), 1);
            assert_eq!(frames[0].bytes.len(), size, "{length}");
            assert_eq!(frames[0].number.get(), 2);
            assert_eq!(*theirs.open(&frames[0].bytes).unwrap().unwrap(), message);
        }
    }

    #[test]
    fn a_long_message_crosses_in_several_frames() {
        let (mut ours, mut theirs) = channels();
        let message = vec![7; 3 * LARGEST_FRAGMENT + 5];
        let frames = ours.seal(&message).unwrap();
        let (last, first) = frames.split_last().unwrap();
        for frame in first {
            assert_eq!(frame.bytes.len(), 64_000);
            assert!(theirs.open(&frame.bytes).unwrap().is_none());
        }
        assert_eq!(last.bytes.len(), 1_000);
        assert_eq!(*theirs.open(&last.bytes).unwrap().unwrap(), message);
    }

    #[test]
    fn rejects_a_replayed_frame() {
        let (mut ours, mut theirs) = channels();
        let frame = ours.seal(b"once").unwrap().remove(0);
        theirs.open(&frame.bytes).unwrap();
        assert_eq!(theirs.open(&frame.bytes), Err(ChannelError::Tampered));
    }

    #[test]
    fn rejects_reordered_reflected_altered_and_resized_frames() {
        let (mut ours, mut theirs) = channels();
        let first = ours.seal(b"first").unwrap().remove(0).bytes;
        let second = ours.seal(b"second").unwrap().remove(0).bytes;
        assert_eq!(theirs.open(&second), Err(ChannelError::Tampered));
        assert_eq!(ours.open(&first), Err(ChannelError::Tampered));
        for at in [0, 1, 500, 999] {
            let mut altered = first.clone();
            altered[at] ^= 0x80;
            assert_eq!(theirs.open(&altered), Err(ChannelError::Tampered));
        }
        for length in [0, 15, 16, 999] {
            assert_eq!(theirs.open(&first[..length]), Err(ChannelError::Tampered));
        }
        assert_eq!(**theirs.open(&first).unwrap().unwrap(), *b"first");
    }

    #[test]
    fn rejects_padding_that_is_not_zero_and_lengths_past_the_frame() {
        let (ours, mut theirs) = channels();
        let mut plaintext = pad(b"x", false);
        *plaintext.last_mut().unwrap() = 1;
        let mut long = pad(b"x", false);
        long[1..3].copy_from_slice(&[0xff, 0xff]);
        let mut flag = pad(b"x", false);
        flag[0] = 2;
        let empty = pad(b"", false);
        for plaintext in [plaintext, long, flag, empty] {
            let sealed = ours.sealing.seal(0, &[], &plaintext);
            let (_, mut fresh) = channels();
            assert_eq!(fresh.open(&sealed), Err(ChannelError::Tampered));
        }
        assert!(theirs.open(&[0; 1_000]).is_err());
    }

    #[test]
    fn refuses_a_message_that_no_mailbox_holds_and_a_full_lane() {
        let (mut ours, _) = channels();
        assert_eq!(
            ours.seal(&vec![0; MAX_MESSAGE_BYTES + 1]),
            Err(ChannelError::Full)
        );
        for _ in 2..=MAX_LANE_FRAMES {
            ours.seal(b"frame").unwrap();
        }
        assert_eq!(ours.seal(b"frame"), Err(ChannelError::Full));
    }
}
