//! The side that has the certificate (`docs/protocol.md` §8): frames and the person's decisions in,
//! the next state and frames out.

use crate::{
    certificate::{CertificateSet, NativeFile, OpenedKey, VerifyingKey, are_distinct},
    channel::{Channel, Frame, MAX_MESSAGE_BYTES},
    crypto::sha256,
    device::Device,
    handshake::SecurityCode,
    message::{CancelReason, MAX_SETS, Message, SetReceipt},
    receipt,
    recognition::Recognised,
    session::{Paired, ProtocolViolation},
};

/// How often a person may type the security code.
pub const SECURITY_CODE_TRIES: u8 = 3;

/// Room that a bundle leaves for names and CBOR heads.
const BUNDLE_OVERHEAD_BYTES: usize = 1_024;

/// The certificates that a person has chosen to move.
pub struct Offer {
    sets: Vec<OfferedSet>,
}

struct OfferedSet {
    files: Vec<NativeFile>,
    fingerprint: [u8; 32],
    verifying_key: Option<VerifyingKey>,
}

/// Why nothing can be offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// No certificate was chosen.
    #[error("no certificate was chosen")]
    Empty,
    /// Two of the chosen files would be one at their native places.
    #[error("two of the chosen certificates have the same files")]
    SamePlace,
    /// The chosen files do not fit into one transfer.
    #[error("the chosen certificates do not fit into one transfer")]
    TooLarge,
}

impl OfferError {
    /// A stable name of the cause.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "offer_empty",
            Self::SamePlace => "offer_same_place",
            Self::TooLarge => "offer_too_large",
        }
    }
}

impl Offer {
    /// Takes each set with its opened key where the password opened it; a PKCS#12 needs that for
    /// its receipt's signature to be checked.
    pub fn new(
        sets: impl IntoIterator<Item = (CertificateSet, Option<OpenedKey>)>,
    ) -> Result<Self, OfferError> {
        let sets: Vec<_> = sets
            .into_iter()
            .map(|(set, opened)| OfferedSet {
                files: set.native_files().to_vec(),
                fingerprint: *set.fingerprint().as_bytes(),
                verifying_key: set
                    .verifying_key()
                    .or_else(|| opened.map(|opened| opened.verifying_key())),
            })
            .collect();
        let files = sets.iter().flat_map(|set| &set.files);
        if !are_distinct(files.map(|file| &file.path)) {
            return Err(OfferError::SamePlace);
        }
        let bytes: usize = sets
            .iter()
            .flat_map(|set| &set.files)
            .map(|file| file.bytes.len() + BUNDLE_OVERHEAD_BYTES)
            .sum();
        match bytes {
            0 => Err(OfferError::Empty),
            bytes if bytes > MAX_MESSAGE_BYTES || sets.len() > MAX_SETS => {
                Err(OfferError::TooLarge)
            }
            _ => Ok(Self { sets }),
        }
    }
}

/// A receipt whose every claim has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedReceipt {
    /// One entry for each set, in the order of the offer.
    pub sets: Vec<ReceivedSet>,
}

/// What the receiver said of one set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedSet {
    /// Where it was stored, in the receiver's words.
    pub location: String,
    /// Whether the moved key signed the receipt; otherwise the files are stored and read back, and
    /// nobody has given the password there yet.
    pub signed: bool,
}

/// What became of the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Every file of it is gone.
    Deleted,
    /// All or some of it is still there.
    Kept,
}

/// Nothing has left this device yet: the person has to type the receiver's code.
pub(crate) struct AwaitsCode {
    paired: Paired,
    offer: Offer,
    tries_left: u8,
}

/// What a typed code led to.
pub(crate) enum CodeOutcome {
    Right(AwaitsReceipt, Vec<Frame>),
    Wrong(AwaitsCode),
    /// The third wrong one: what tells the peer.
    Stopped(Vec<Frame>),
}

impl AwaitsCode {
    pub(crate) fn new(paired: Paired, offer: Offer, _: Recognised) -> Self {
        Self {
            paired,
            offer,
            tries_left: SECURITY_CODE_TRIES,
        }
    }

    pub(crate) fn peer(&self) -> Option<&Device> {
        self.paired.peer.as_ref()
    }

    pub(crate) fn tries_left(&self) -> u8 {
        self.tries_left
    }

    pub(crate) fn enter(mut self, code: &SecurityCode) -> Result<CodeOutcome, ProtocolViolation> {
        if self.paired.code == *code {
            return self.send();
        }
        self.tries_left -= 1;
        if self.tries_left > 0 {
            return Ok(CodeOutcome::Wrong(self));
        }
        let cancel = Message::Cancel {
            reason: CancelReason::WrongCode,
        };
        Ok(CodeOutcome::Stopped(
            self.paired.channel.seal(&cancel.to_cbor())?,
        ))
    }

    pub(crate) fn channel(&mut self) -> &mut Channel {
        &mut self.paired.channel
    }

    fn send(self) -> Result<CodeOutcome, ProtocolViolation> {
        let Self { paired, offer, .. } = self;
        let (state, frames) = AwaitsReceipt::send(paired.channel, offer, paired.introduction)?;
        Ok(CodeOutcome::Right(state, frames))
    }
}

/// The bundle is on its way.
pub(crate) struct AwaitsReceipt {
    channel: Channel,
    bundle: [u8; 32],
    expected: Vec<([u8; 32], Option<VerifyingKey>)>,
}

/// The receipt says something else than what was sent, or its signature is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReceiptMismatch;

impl AwaitsReceipt {
    /// Seals the bundle: whoever holds the channel's other end is the one to have it.
    pub(crate) fn send(
        mut channel: Channel,
        offer: Offer,
        introduction: Option<Device>,
    ) -> Result<(Self, Vec<Frame>), ProtocolViolation> {
        let (files, expected): (Vec<_>, Vec<_>) = offer
            .sets
            .into_iter()
            .map(|set| (set.files, (set.fingerprint, set.verifying_key)))
            .unzip();
        let bundle = Message::Bundle {
            device: introduction,
            sets: files,
        }
        .to_cbor();
        let frames = channel.seal(&bundle)?;
        let state = Self {
            channel,
            bundle: sha256(&[&bundle]),
            expected,
        };
        Ok((state, frames))
    }

    /// Awaits the receipt over another channel: a deposit learns only later who has come.
    pub(crate) fn over(&mut self, channel: Channel) {
        self.channel = channel;
    }

    pub(crate) fn channel(&mut self) -> &mut Channel {
        &mut self.channel
    }

    pub(crate) fn check(
        &self,
        bundle: &[u8; 32],
        sets: Vec<SetReceipt>,
    ) -> Result<VerifiedReceipt, ReceiptMismatch> {
        if *bundle != self.bundle || sets.len() != self.expected.len() {
            return Err(ReceiptMismatch);
        }
        let signed = receipt::signed_message(self.channel.handshake_hash(), bundle);
        let sets = sets
            .into_iter()
            .zip(&self.expected)
            .map(|(set, (fingerprint, key))| {
                if set.fingerprint != *fingerprint {
                    return Err(ReceiptMismatch);
                }
                let checked = match (&set.signature, key) {
                    (None, _) => false,
                    (Some(signature), Some(key)) => {
                        key.verify(&signed, signature)
                            .map_err(|_| ReceiptMismatch)?;
                        true
                    }
                    // A key that this device could not read cannot vouch for itself.
                    (Some(_), None) => false,
                };
                Ok(ReceivedSet {
                    location: set.location,
                    signed: checked,
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(VerifiedReceipt { sets })
    }

    /// Says what became of the original.
    pub(crate) fn conclude(
        mut self,
        conclusion: Conclusion,
    ) -> Result<Vec<Frame>, ProtocolViolation> {
        let message = match conclusion {
            Conclusion::Deleted => Message::Deleted,
            Conclusion::Kept => Message::Kept,
        };
        Ok(self.channel.seal(&message.to_cbor())?)
    }
}
