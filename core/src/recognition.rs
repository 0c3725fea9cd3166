//! How two paired devices learn that the same person is at both (`docs/protocol.md` §8.1).

use crate::{
    channel::Frame,
    identity::{End, Identity, Proof, ProofRefused},
    message::Message,
    session::{Paired, ProtocolViolation},
};

/// The other end is known to be the same person's, or neither side asks for that.
pub(crate) struct Recognised(());

impl Paired {
    /// Writes the `hello` of a receiver that displays, with its proof: the giver's person is to know to whom the
    /// certificate would go. A receiver that scans has said so.
    pub(crate) fn hello(
        &mut self,
        identity: Option<&Identity>,
    ) -> Result<Vec<Frame>, ProtocolViolation> {
        let Some(device) = self.introduction.take() else {
            return Ok(Vec::new());
        };
        let proof =
            identity.map(|identity| identity.prove(self.channel.handshake_hash(), End::Receiver));
        Ok(self
            .channel
            .seal(&Message::Hello { device, proof }.to_cbor())?)
    }

    /// Takes a `hello`, the one message that a receiver has to say before the bundle.
    pub(crate) fn introduce(&mut self, message: Message) -> Result<(), ProtocolViolation> {
        match (message, &self.peer) {
            (Message::Hello { device, proof }, None) => {
                self.peer = Some(device);
                self.proof = proof;
                Ok(())
            }
            _ => Err(ProtocolViolation),
        }
    }

    /// Checks who is at the receiver, before a giver says who is at this end and before it asks for the code:
    /// whoever is not this person learns neither. Yields the answer, to be sent at once.
    pub(crate) fn recognise_receiver(
        &mut self,
        identity: Option<&Identity>,
    ) -> Result<(Recognised, Option<Message>), ProofRefused> {
        match (identity, self.proof.take()) {
            (None, None) => Ok((Recognised(()), None)),
            // A receiver that proves who it is will take nothing from a giver that does not.
            (None, Some(_)) | (Some(_), None) => Err(ProofRefused::Missing),
            (Some(identity), Some(proof)) => {
                let handshake_hash = self.channel.handshake_hash();
                identity.recognise(&proof, handshake_hash, End::Receiver)?;
                let proof = identity.prove(handshake_hash, End::Giver);
                Ok((Recognised(()), Some(Message::Identity { proof })))
            }
        }
    }

    /// Checks who is at the giver, before a receiver shows its code.
    pub(crate) fn recognise_giver(
        &self,
        identity: Option<&Identity>,
        proof: Option<&Proof>,
    ) -> Result<Recognised, ProofRefused> {
        match (identity, proof) {
            (None, None) => Ok(Recognised(())),
            (None, Some(_)) | (Some(_), None) => Err(ProofRefused::Missing),
            (Some(identity), Some(proof)) => {
                identity.recognise(proof, self.channel.handshake_hash(), End::Giver)?;
                Ok(Recognised(()))
            }
        }
    }
}
