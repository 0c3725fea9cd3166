//! The side that gets the certificate (`docs/protocol.md` §8): frames and the person's decisions in,
//! the next state and frames out.

use crate::{
    certificate::{self, CertificateSet, NativeFile, SourceFile},
    channel::{Channel, Frame},
    crypto::sha256,
    device::Device,
    handshake::SecurityCode,
    message::{Message, SetReceipt},
    receipt,
    recognition::Recognised,
    session::{Paired, ProtocolViolation},
};

/// What came, for the person to look at before anything is stored.
pub struct Arrival {
    /// Who sent it.
    pub peer: Option<Device>,
    /// The certificates, in the order of the bundle.
    pub sets: Vec<CertificateSet>,
    signed_message: Vec<u8>,
}

impl Arrival {
    /// What a moved key signs, once its password is given on this device, for [`StoredSet`].
    pub fn receipt_message(&self) -> &[u8] {
        &self.signed_message
    }
}

/// Where this device has stored one set and read it back, in the order of the arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSet {
    /// In words for the person on the other device, at most 1,024 bytes.
    pub location: String,
    /// The moved key's signature over [`Arrival::receipt_message`]; `None` while nobody has given
    /// its password here.
    pub signature: Option<Vec<u8>>,
}

/// The person compares the code; the peer has not sent yet.
pub(crate) struct AwaitsBundle {
    paired: Paired,
}

impl AwaitsBundle {
    pub(crate) fn new(paired: Paired, _: Recognised) -> Self {
        Self { paired }
    }

    pub(crate) fn code(&self) -> &SecurityCode {
        &self.paired.code
    }

    pub(crate) fn peer(&self) -> Option<&Device> {
        self.paired.peer.as_ref()
    }

    pub(crate) fn channel(&mut self) -> &mut Channel {
        &mut self.paired.channel
    }

    /// Takes the bundle, with the bytes that carried it.
    pub(crate) fn read(
        self,
        message: &[u8],
        device: Option<Device>,
        sets: Vec<Vec<NativeFile>>,
    ) -> Result<(AwaitsDecision, Arrival), ProtocolViolation> {
        let peer = self.paired.peer.or(device);
        AwaitsDecision::new(self.paired.channel, message, peer, sets)
    }
}

/// A certificate has come, and the person decides.
pub(crate) struct AwaitsDecision {
    channel: Channel,
    bundle: [u8; 32],
    fingerprints: Vec<[u8; 32]>,
}

impl AwaitsDecision {
    /// Takes a bundle, with the bytes that carried it.
    pub(crate) fn new(
        channel: Channel,
        message: &[u8],
        peer: Option<Device>,
        sets: Vec<Vec<NativeFile>>,
    ) -> Result<(Self, Arrival), ProtocolViolation> {
        let bundle = sha256(&[message]);
        let sets: Vec<_> = sets
            .into_iter()
            .map(certificate_set)
            .collect::<Result<_, _>>()?;
        let arrival = Arrival {
            peer,
            signed_message: receipt::signed_message(channel.handshake_hash(), &bundle),
            sets,
        };
        let fingerprints = arrival
            .sets
            .iter()
            .map(|set| *set.fingerprint().as_bytes())
            .collect();
        let state = Self {
            channel,
            bundle,
            fingerprints,
        };
        Ok((state, arrival))
    }

    pub(crate) fn channel(&mut self) -> &mut Channel {
        &mut self.channel
    }

    /// The host has stored every set and read it back.
    pub(crate) fn stored(
        mut self,
        stored: Vec<StoredSet>,
    ) -> Result<(AwaitsConclusion, Vec<Frame>), ProtocolViolation> {
        if stored.len() != self.fingerprints.len() {
            return Err(ProtocolViolation);
        }
        let sets = stored
            .into_iter()
            .zip(self.fingerprints)
            .map(|(set, fingerprint)| SetReceipt {
                fingerprint,
                location: set.location,
                signature: set.signature,
            })
            .collect();
        let receipt = Message::Receipt {
            bundle: self.bundle,
            sets,
        };
        let frames = self.channel.seal(&receipt.to_cbor())?;
        Ok((
            AwaitsConclusion {
                channel: self.channel,
            },
            frames,
        ))
    }
}

/// The receipt is on its way; the giver decides about the original.
pub(crate) struct AwaitsConclusion {
    channel: Channel,
}

impl AwaitsConclusion {
    pub(crate) fn channel(&mut self) -> &mut Channel {
        &mut self.channel
    }
}

/// A set of the bundle has to be one certificate that this device can name.
fn certificate_set(files: Vec<NativeFile>) -> Result<CertificateSet, ProtocolViolation> {
    let count = files.len();
    let found = certificate::find(
        files
            .into_iter()
            .map(|file| SourceFile {
                path: file.path.to_string(),
                bytes: file.bytes,
            })
            .collect(),
    );
    let mut sets = found.sets.into_iter();
    match (sets.next(), sets.next()) {
        (Some(set), None) if set.native_files().len() == count => Ok(set),
        _ => Err(ProtocolViolation),
    }
}
