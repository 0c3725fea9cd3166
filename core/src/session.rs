//! The two sides of the handshake, down to an open channel and a security code.

use rand_core::CryptoRng;

use crate::{
    channel::{Channel, ChannelError, Frame, Side},
    crypto::{Key, KeyPair, PublicKey},
    device::Device,
    handshake::{self, AwaitsM2, AwaitsReveal, Context, HandshakeError, SecurityCode},
    identity::{End, Identity, Proof},
    mailbox::FrameNumber,
    message::{MalformedMessage, Message},
};

/// The peer sent what no honest peer sends, or somebody altered it on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProtocolViolation;

impl From<HandshakeError> for ProtocolViolation {
    fn from(_: HandshakeError) -> Self {
        Self
    }
}

impl From<ChannelError> for ProtocolViolation {
    fn from(_: ChannelError) -> Self {
        Self
    }
}

impl From<MalformedMessage> for ProtocolViolation {
    fn from(_: MalformedMessage) -> Self {
        Self
    }
}

/// An open channel, and the code that tells the two people that it is theirs.
pub(crate) struct Paired {
    pub(crate) channel: Channel,
    pub(crate) code: SecurityCode,
    /// Who the peer is, where it has said so: a displayer says it with its next message.
    pub(crate) peer: Option<Device>,
    /// Who this device is, where it still has to say so.
    pub(crate) introduction: Option<Device>,
    /// How a receiving peer has proved who is logged in there, where it has.
    pub(crate) proof: Option<Proof>,
}

/// A displayer before the scanner has come.
pub(crate) struct AwaitsM1 {
    static_key: KeyPair,
    prologue: Vec<u8>,
    psk: Key,
    device: Device,
}

impl AwaitsM1 {
    pub(crate) fn new(prologue: Vec<u8>, psk: Key, static_key: KeyPair, device: Device) -> Self {
        Self {
            static_key,
            prologue,
            psk,
            device,
        }
    }

    /// Answers the one m1 that this pairing takes; yields m2 as frame 1.
    pub(crate) fn read(
        self,
        m1: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(DisplayerAwaitsReveal, Frame), ProtocolViolation> {
        let responder = *self.static_key.public();
        let context = Context {
            prologue: &self.prologue,
            responder: &responder,
            psk: &self.psk,
        };
        let (reveal, keys, m2) = handshake::answer(&context, self.static_key, m1, rng)?;
        let channel = Channel::new(&keys, Side::Responder);
        let frame = Frame {
            number: FrameNumber::FIRST,
            bytes: m2,
        };
        Ok((
            DisplayerAwaitsReveal {
                reveal,
                channel,
                device: self.device,
            },
            frame,
        ))
    }
}

/// A displayer that has answered m1.
pub(crate) struct DisplayerAwaitsReveal {
    reveal: AwaitsReveal,
    channel: Channel,
    device: Device,
}

impl DisplayerAwaitsReveal {
    pub(crate) fn read(mut self, frame: &[u8]) -> Result<Paired, ProtocolViolation> {
        let message = self.channel.open(frame)?.ok_or(ProtocolViolation)?;
        let Message::Reveal {
            nonce,
            device,
            proof,
        } = Message::from_cbor(&message)?
        else {
            return Err(ProtocolViolation);
        };
        Ok(Paired {
            code: self.reveal.reveal(&nonce)?,
            channel: self.channel,
            peer: Some(device),
            introduction: Some(self.device),
            proof,
        })
    }
}

/// A scanner that has sent m1.
pub(crate) struct ScannerAwaitsM2 {
    state: AwaitsM2,
    device: Device,
}

impl ScannerAwaitsM2 {
    /// Yields m1, which goes with the join.
    pub(crate) fn new(
        prologue: &[u8],
        responder: &PublicKey,
        psk: &Key,
        device: Device,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<u8>), ProtocolViolation> {
        let context = Context {
            prologue,
            responder,
            psk,
        };
        let (state, m1) = handshake::join(&context, rng)?;
        Ok((Self { state, device }, m1))
    }

    /// Yields the reveal as frames; `receiver` is who gets the certificate here, where that is to be proved.
    pub(crate) fn read(
        self,
        m2: &[u8],
        receiver: Option<&Identity>,
    ) -> Result<(Paired, Vec<Frame>), ProtocolViolation> {
        let (keys, nonce, code) = self.state.read_m2(m2)?;
        let mut channel = Channel::new(&keys, Side::Initiator);
        let proof =
            receiver.map(|identity| identity.prove(channel.handshake_hash(), End::Receiver));
        let frames = channel.seal(
            &Message::Reveal {
                nonce,
                device: self.device,
                proof,
            }
            .to_cbor(),
        )?;
        Ok((
            Paired {
                channel,
                code,
                peer: None,
                introduction: None,
                proof: None,
            },
            frames,
        ))
    }
}
