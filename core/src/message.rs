//! What the two devices say inside the channel: CBOR maps with integer keys, `0` naming the type
//! (`docs/protocol.md` §7).

use minicbor::{Decode, Decoder, Encode, bytes::ByteSlice};
use zeroize::Zeroizing;

use crate::{
    certificate::{NativeFile, RelativePath, are_distinct},
    device::Device,
    handshake::CodeNonce,
    identity::{MAX_TOKEN_BYTES, Proof},
};

/// A message of the protocol, checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// The scanner's first: opens its commitment and says who it is; a receiver proves it too.
    Reveal {
        nonce: CodeNonce,
        device: Device,
        proof: Option<Proof>,
    },
    /// A receiving displayer's first: who it is.
    Hello {
        device: Device,
        proof: Option<Proof>,
    },
    /// A giver's answer to a receiver that has proved who it is.
    Identity { proof: Proof },
    /// The certificates; a giving displayer says here who it is.
    Bundle {
        device: Option<Device>,
        sets: Vec<Vec<NativeFile>>,
    },
    /// The certificates are stored, read back and checked.
    Receipt {
        bundle: [u8; 32],
        sets: Vec<SetReceipt>,
    },
    /// The original is gone.
    Deleted,
    /// The original stays.
    Kept,
    /// The sender has stopped.
    Cancel { reason: CancelReason },
}

/// What a receipt says of one set, in the order of the bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetReceipt {
    pub(crate) fingerprint: [u8; 32],
    pub(crate) location: String,
    pub(crate) signature: Option<Vec<u8>>,
}

/// Why a device stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReason {
    /// The person stopped it.
    User,
    /// The person did not recognise what came, or it could not be stored.
    Refused,
    /// The security code was wrong three times.
    WrongCode,
    /// The peer's messages did not make sense.
    Protocol,
    /// Another person is logged in on the peer.
    OtherPerson,
    /// The peer's proof of who is logged in does not hold.
    IdentityInvalid,
    /// Only one of the two proves who is logged in.
    IdentityMissing,
}

impl CancelReason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Refused => "refused",
            Self::WrongCode => "wrong-code",
            Self::Protocol => "protocol",
            Self::OtherPerson => "other-person",
            Self::IdentityInvalid => "identity-invalid",
            Self::IdentityMissing => "identity-missing",
        }
    }

    /// A reason that a later version adds reads as the person's own.
    fn from_text(text: &str) -> Self {
        match text {
            "refused" => Self::Refused,
            "wrong-code" => Self::WrongCode,
            "protocol" => Self::Protocol,
            "other-person" => Self::OtherPerson,
            "identity-invalid" => Self::IdentityInvalid,
            "identity-missing" => Self::IdentityMissing,
            _ => Self::User,
        }
    }
}

/// The plaintext is no message of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MalformedMessage;

impl From<minicbor::decode::Error> for MalformedMessage {
    fn from(_: minicbor::decode::Error) -> Self {
        Self
    }
}

/// Most certificates of one bundle.
pub(crate) const MAX_SETS: usize = 64;
/// Most files of one certificate.
const MAX_FILES: usize = 8;
/// Longest `location` of a receipt, in bytes.
const MAX_LOCATION_BYTES: usize = 1_024;

#[derive(Decode)]
#[cbor(map)]
struct Typed<'b> {
    #[b(0)]
    kind: &'b str,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Introduction<'b> {
    #[b(0)]
    kind: &'b str,
    #[b(1)]
    name: Option<&'b str>,
    #[b(2)]
    platform: Option<&'b str>,
    #[b(3)]
    nonce: Option<&'b ByteSlice>,
    #[b(4)]
    token: Option<&'b str>,
    /// Key and signature of a proof.
    #[b(5)]
    signed: Option<&'b ByteSlice>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct BundleMap<'b> {
    #[b(0)]
    kind: &'b str,
    #[b(1)]
    name: Option<&'b str>,
    #[b(2)]
    platform: Option<&'b str>,
    #[b(3)]
    sets: Vec<Vec<FileMap<'b>>>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct FileMap<'b> {
    #[b(0)]
    path: std::borrow::Cow<'b, str>,
    #[b(1)]
    bytes: &'b ByteSlice,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct ReceiptMap<'b> {
    #[b(0)]
    kind: &'b str,
    #[b(1)]
    bundle: &'b ByteSlice,
    #[b(2)]
    sets: Vec<SetReceiptMap<'b>>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct SetReceiptMap<'b> {
    #[b(0)]
    fingerprint: &'b ByteSlice,
    #[b(1)]
    location: &'b str,
    #[b(2)]
    signature: Option<&'b ByteSlice>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct CancelMap<'b> {
    #[b(0)]
    kind: &'b str,
    #[b(1)]
    reason: &'b str,
}

impl Message {
    /// Deterministic CBOR (RFC 8949 §4.2.1): shortest heads, keys in ascending order.
    pub(crate) fn to_cbor(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Reveal {
                nonce,
                device,
                proof,
            } => introduce("reveal", Some(device), Some(nonce), proof.as_ref()),
            Self::Hello { device, proof } => introduce("hello", Some(device), None, proof.as_ref()),
            Self::Identity { proof } => introduce("identity", None, None, Some(proof)),
            Self::Bundle { device, sets } => encode(&BundleMap {
                kind: "bundle",
                name: device.as_ref().map(Device::name),
                platform: device.as_ref().map(Device::platform),
                sets: sets
                    .iter()
                    .map(|files| files.iter().map(file).collect())
                    .collect(),
            }),
            Self::Receipt { bundle, sets } => encode(&ReceiptMap {
                kind: "receipt",
                bundle: bundle.as_slice().into(),
                sets: sets
                    .iter()
                    .map(|set| SetReceiptMap {
                        fingerprint: set.fingerprint.as_slice().into(),
                        location: &set.location,
                        signature: set.signature.as_deref().map(Into::into),
                    })
                    .collect(),
            }),
            Self::Deleted => introduce("deleted", None, None, None),
            Self::Kept => introduce("kept", None, None, None),
            Self::Cancel { reason } => encode(&CancelMap {
                kind: "cancel",
                reason: reason.as_str(),
            }),
        }
    }

    pub(crate) fn from_cbor(message: &[u8]) -> Result<Self, MalformedMessage> {
        let Typed { kind } = whole(message)?;
        match kind {
            "reveal" => {
                let map: Introduction<'_> = whole(message)?;
                let nonce = map.nonce.ok_or(MalformedMessage)?;
                let nonce = nonce.as_ref().try_into().map_err(|_| MalformedMessage)?;
                Ok(Self::Reveal {
                    nonce,
                    device: required(device(map.name, map.platform)?)?,
                    proof: proof(map.token, map.signed)?,
                })
            }
            "hello" => {
                let map: Introduction<'_> = whole(message)?;
                Ok(Self::Hello {
                    device: required(device(map.name, map.platform)?)?,
                    proof: proof(map.token, map.signed)?,
                })
            }
            "identity" => {
                let map: Introduction<'_> = whole(message)?;
                Ok(Self::Identity {
                    proof: required(proof(map.token, map.signed)?)?,
                })
            }
            "bundle" => bundle(whole(message)?),
            "receipt" => receipt(whole(message)?),
            "deleted" => Ok(Self::Deleted),
            "kept" => Ok(Self::Kept),
            "cancel" => {
                let map: CancelMap<'_> = whole(message)?;
                Ok(Self::Cancel {
                    reason: CancelReason::from_text(map.reason),
                })
            }
            _ => Err(MalformedMessage),
        }
    }
}

fn bundle(map: BundleMap<'_>) -> Result<Message, MalformedMessage> {
    let device = device(map.name, map.platform)?;
    if !(1..=MAX_SETS).contains(&map.sets.len()) {
        return Err(MalformedMessage);
    }
    let sets: Vec<_> = map.sets.into_iter().map(files).collect::<Result<_, _>>()?;
    if !are_distinct(sets.iter().flatten().map(|file: &NativeFile| &file.path)) {
        return Err(MalformedMessage);
    }
    Ok(Message::Bundle { device, sets })
}

fn files(files: Vec<FileMap<'_>>) -> Result<Vec<NativeFile>, MalformedMessage> {
    if !(1..=MAX_FILES).contains(&files.len()) {
        return Err(MalformedMessage);
    }
    files
        .into_iter()
        .map(|file| {
            let path: RelativePath = file.path.parse().map_err(|_| MalformedMessage)?;
            Ok(NativeFile {
                path,
                bytes: file.bytes.to_vec(),
            })
        })
        .collect()
}

fn receipt(map: ReceiptMap<'_>) -> Result<Message, MalformedMessage> {
    let sets = map
        .sets
        .into_iter()
        .map(|set| {
            if set.location.len() > MAX_LOCATION_BYTES {
                return Err(MalformedMessage);
            }
            Ok(SetReceipt {
                fingerprint: set
                    .fingerprint
                    .as_ref()
                    .try_into()
                    .map_err(|_| MalformedMessage)?,
                location: set.location.to_owned(),
                signature: set.signature.map(|signature| signature.to_vec()),
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(Message::Receipt {
        bundle: map
            .bundle
            .as_ref()
            .try_into()
            .map_err(|_| MalformedMessage)?,
        sets,
    })
}

fn introduce(
    kind: &str,
    device: Option<&Device>,
    nonce: Option<&CodeNonce>,
    proof: Option<&Proof>,
) -> Zeroizing<Vec<u8>> {
    let signed = proof.map(|proof| [proof.key.as_slice(), &proof.signature].concat());
    encode(&Introduction {
        kind,
        name: device.map(Device::name),
        platform: device.map(Device::platform),
        nonce: nonce.map(|nonce| nonce.as_slice().into()),
        token: proof.map(|proof| proof.token.as_str()),
        signed: signed.as_deref().map(Into::into),
    })
}

fn proof(
    token: Option<&str>,
    signed: Option<&ByteSlice>,
) -> Result<Option<Proof>, MalformedMessage> {
    let (token, signed) = match (token, signed) {
        (None, None) => return Ok(None),
        (Some(token), Some(signed)) if token.len() <= MAX_TOKEN_BYTES => (token, signed),
        _ => return Err(MalformedMessage),
    };
    let (key, signature) = signed.split_first_chunk().ok_or(MalformedMessage)?;
    Ok(Some(Proof {
        token: token.to_owned().into(),
        key: *key,
        signature: signature.try_into().map_err(|_| MalformedMessage)?,
    }))
}

fn file(file: &NativeFile) -> FileMap<'_> {
    FileMap {
        path: file.path.to_string().into(),
        bytes: file.bytes.as_slice().into(),
    }
}

fn device(name: Option<&str>, platform: Option<&str>) -> Result<Option<Device>, MalformedMessage> {
    match (name, platform) {
        (None, None) => Ok(None),
        (Some(name), Some(platform)) => Device::from_peer(name, platform)
            .map(Some)
            .ok_or(MalformedMessage),
        _ => Err(MalformedMessage),
    }
}

fn required<T>(value: Option<T>) -> Result<T, MalformedMessage> {
    value.ok_or(MalformedMessage)
}

fn encode<T: Encode<()>>(map: &T) -> Zeroizing<Vec<u8>> {
    let mut message = Zeroizing::new(Vec::new());
    // Writing to a `Vec` cannot fail: the encoder's error type is `Infallible`.
    let _ = minicbor::encode(map, &mut *message);
    message
}

fn whole<'b, T: Decode<'b, ()>>(message: &'b [u8]) -> Result<T, MalformedMessage> {
    let mut decoder = Decoder::new(message);
    let map = decoder.decode()?;
    if decoder.position() == message.len() {
        Ok(map)
    } else {
        Err(MalformedMessage)
    }
}
