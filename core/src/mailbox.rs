//! The contract between the relay and its clients: identifiers, tokens, limits, paths and bodies
//! (`docs/protocol.md` §5).
use std::{fmt, num::NonZeroU32, str::FromStr, time::Duration};

use base64ct::{Base64UrlUnpadded, Encoding};
use minicbor::{Decode, Decoder, Encode, bytes::ByteSlice};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Largest frame that the relay accepts by default, in bytes.
pub const MAX_FRAME_BYTES: usize = 64_000;
/// Most frames that a lane holds by default.
pub const MAX_LANE_FRAMES: u16 = 32;
/// Most bytes that the two lanes of a mailbox hold together by default.
pub const MAX_MAILBOX_BYTES: usize = 1 << 20;
/// How long a mailbox waits for the scanner by default.
pub const JOIN_TTL: Duration = Duration::from_secs(180);
/// How long a mailbox lives by default, counted from the join.
pub const TRANSFER_TTL: Duration = Duration::from_secs(600);
/// Longest `wait` that the relay honours; a longer one is cut to this.
pub const MAX_WAIT: Duration = Duration::from_secs(25);

/// Media type of the open and join bodies: one CBOR map.
pub const CBOR: &str = "application/cbor";
/// Media type of frames on their way out: a CBOR sequence (RFC 8742) of byte strings.
pub const CBOR_SEQUENCE: &str = "application/cbor-seq";
/// Media type of one frame on its way in.
pub const OCTET_STREAM: &str = "application/octet-stream";
/// Media type of every error body (RFC 9457).
pub const PROBLEM_JSON: &str = "application/problem+json";
/// Response header with the whole seconds that are left before the mailbox expires.
pub const EXPIRES_IN: &str = "naru-expires-in";
/// Response header with the number of frames that the relay has of the caller's own lane.
pub const WRITTEN: &str = "naru-written";
/// Response header of every error: the `code` of its problem document.
pub const PROBLEM_CODE: &str = "naru-problem";
/// Response header of every answer about a mailbox and of every error: the number by which people and their
/// support desk speak of it.
pub const REFERENCE: &str = "naru-reference";
/// Response header of a refusal by an agency's rule: the rule.
pub const RULE: &str = "naru-rule";

/// Request header with the ID token of whoever is logged in on an app: `Bearer ` and the token.
pub const LOGIN: &str = "naru-login";
/// Request header by which a device proves itself to the relay (docs/protocol.md §5.1).
pub const DEVICE: &str = "naru-device";
/// Request header by which a new device introduces itself: name and platform, percent-encoded, a comma between.
pub const DEVICE_NAME: &str = "naru-device-name";

/// Names a mailbox: 16 bytes, written as 22 characters of unpadded base64url.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailboxId([u8; 16]);

impl MailboxId {
    /// Takes the 16 bytes that the pairing code yields.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for MailboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64UrlUnpadded::encode_string(&self.0))
    }
}

/// Redacted, so that a mailbox is never named in a log.
impl fmt::Debug for MailboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailboxId(..)")
    }
}

/// The text is no identifier or token of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not unpadded base64url of the expected length")]
pub struct InvalidText;

impl FromStr for MailboxId {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        decode(text).map(Self)
    }
}

/// A bearer token: 32 secret bytes, written as 43 characters of unpadded base64url.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Token([u8; 32]);

impl Token {
    /// Takes 32 bytes, random or derived from the pairing code.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The value of the `Authorization` header: `Bearer ` and the token.
    pub fn authorization(&self) -> String {
        let mut value = String::from("Bearer ");
        value.push_str(&Base64UrlUnpadded::encode_string(&self.0));
        value
    }

    /// Reads the value of an `Authorization` header.
    pub fn from_authorization(value: &str) -> Result<Self, InvalidText> {
        let (scheme, token) = value.split_once(' ').ok_or(InvalidText)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(InvalidText);
        }
        decode(token.trim_matches(' ')).map(Self)
    }

    /// The SHA-256 that the relay keeps in place of the token.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// SHA-256 of a [`Token`]; equality takes the same time wherever two hashes differ.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Takes the 32 bytes of the hash.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        let bytes = self.0.iter().zip(&other.0);
        let difference = bytes.fold(0, |difference, (one, other)| difference | one ^ other);
        difference.ct_eq(&0).into()
    }
}

impl Eq for TokenHash {}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// Counts the frames of one lane from 1; a lane's handshake message is frame 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FrameNumber(u16);

impl FrameNumber {
    /// The handshake message of a lane.
    pub const FIRST: Self = Self(1);

    /// `None` for 0, which numbers no frame.
    pub const fn new(number: u16) -> Option<Self> {
        if number == 0 {
            None
        } else {
            Some(Self(number))
        }
    }

    /// The number, from 1.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The number after this one; `None` past 65,535.
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }
}

/// Body of `PUT /v1/mailboxes/{id}`: the CBOR map `{0: token hash, 1: join token hash}`, and
/// `2: seconds` for a deposit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// SHA-256 of the displayer's own token, which also authorises the call.
    pub token: TokenHash,
    /// SHA-256 of the join token of the pairing code.
    pub join: TokenHash,
    /// For a deposit: how many seconds it is to be kept.
    pub deposit: Option<NonZeroU32>,
}

/// Body of `POST /v1/mailboxes/{id}/join`: the CBOR map `{0: token hash, 1: m1}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// SHA-256 of the scanner's own token.
    pub token: TokenHash,
    /// The scanner's handshake message: frame 1 of its lane.
    pub m1: Vec<u8>,
}

/// The bytes are not the CBOR that the call takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed body")]
pub struct MalformedBody;

#[derive(Encode, Decode)]
#[cbor(map)]
struct EntryMap<'b> {
    #[b(0)]
    #[cbor(with = "minicbor::bytes")]
    token: &'b [u8],
    #[b(1)]
    #[cbor(with = "minicbor::bytes")]
    second: &'b [u8],
    #[n(2)]
    deposit: Option<u32>,
}

impl Open {
    /// The CBOR body.
    pub fn to_cbor(&self) -> Vec<u8> {
        entry(&self.token.0, &self.join.0, self.deposit)
    }

    /// Reads a body; unknown keys are ignored, bytes after the map are refused.
    pub fn from_cbor(body: &[u8]) -> Result<Self, MalformedBody> {
        let map = whole(body)?;
        let deposit = match map.deposit {
            None => None,
            Some(seconds) => Some(NonZeroU32::new(seconds).ok_or(MalformedBody)?),
        };
        Ok(Self {
            token: hash(map.token)?,
            join: hash(map.second)?,
            deposit,
        })
    }
}

impl Join {
    /// The CBOR body.
    pub fn to_cbor(&self) -> Vec<u8> {
        entry(&self.token.0, &self.m1, None)
    }

    /// Reads a body; unknown keys are ignored, bytes after the map are refused.
    pub fn from_cbor(body: &[u8]) -> Result<Self, MalformedBody> {
        let map = whole(body)?;
        if map.second.is_empty() {
            return Err(MalformedBody);
        }
        Ok(Self {
            token: hash(map.token)?,
            m1: map.second.to_vec(),
        })
    }
}

/// Writes frames as a CBOR sequence of byte strings.
pub fn frames_to_cbor(frames: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let frames = frames
        .iter()
        .map(|frame| <&ByteSlice>::from(frame.as_ref()));
    let mut sequence = Vec::with_capacity(frames.clone().map(minicbor::len).sum());
    for frame in frames {
        // Writing to a `Vec` cannot fail: the encoder's error type is `Infallible`.
        let _ = minicbor::encode(frame, &mut sequence);
    }
    sequence
}

/// Reads a CBOR sequence of byte strings.
pub fn frames_from_cbor(sequence: &[u8]) -> Result<Vec<Vec<u8>>, MalformedBody> {
    let mut decoder = Decoder::new(sequence);
    let mut frames = Vec::new();
    while decoder.position() < sequence.len() {
        frames.push(decoder.bytes().map_err(|_| MalformedBody)?.to_vec());
    }
    Ok(frames)
}

/// Path of a mailbox.
pub fn mailbox_path(id: &MailboxId) -> String {
    format!("/v1/mailboxes/{id}")
}

/// Path of the join call.
pub fn join_path(id: &MailboxId) -> String {
    format!("/v1/mailboxes/{id}/join")
}

/// Path of the peer's frames.
pub fn frames_path(id: &MailboxId) -> String {
    format!("/v1/mailboxes/{id}/frames")
}

/// Path of a frame of one's own lane.
pub fn frame_path(id: &MailboxId, number: FrameNumber) -> String {
    format!("/v1/mailboxes/{id}/frames/{}", number.get())
}

/// Query of every call but `DELETE`: acknowledges the peer's frames up to `after` (0: none) and
/// waits up to `wait` for a further one, unless the relay has fewer than `written` of the caller's own.
pub fn query(after: u16, written: u16, wait: Duration) -> String {
    format!("?after={after}&written={written}&wait={}", wait.as_secs())
}

fn decode<const N: usize>(text: &str) -> Result<[u8; N], InvalidText> {
    let mut bytes = [0; N];
    let decoded = Base64UrlUnpadded::decode(text, &mut bytes)
        .map_err(|_| InvalidText)?
        .len();
    if decoded == N {
        Ok(bytes)
    } else {
        Err(InvalidText)
    }
}

fn entry(token: &[u8], second: &[u8], deposit: Option<NonZeroU32>) -> Vec<u8> {
    let mut body = Vec::new();
    let map = EntryMap {
        token,
        second,
        deposit: deposit.map(NonZeroU32::get),
    };
    let Ok(()) = minicbor::encode(&map, &mut body) else {
        return Vec::new();
    };
    body
}

fn whole(body: &[u8]) -> Result<EntryMap<'_>, MalformedBody> {
    let mut decoder = Decoder::new(body);
    let map = decoder.decode().map_err(|_| MalformedBody)?;
    if decoder.position() == body.len() {
        Ok(map)
    } else {
        Err(MalformedBody)
    }
}

fn hash(bytes: &[u8]) -> Result<TokenHash, MalformedBody> {
    bytes.try_into().map(TokenHash).map_err(|_| MalformedBody)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_survives_its_text() {
        let id = MailboxId::from_bytes([0xfb; 16]);
        assert_eq!("-_v7-_v7-_v7-_v7-_v7-w".parse(), Ok(id));
        assert_eq!(format!("{id}"), "-_v7-_v7-_v7-_v7-_v7-w");
    }

    #[test]
    fn rejects_identifiers_of_another_length_or_alphabet() {
        for text in [
            "",
            "-_v7",
            "-_v7-_v7-_v7-_v7-_v7-w=",
            "-_v7-_v7-_v7-_v7-_v7-x",
            "+/v7-_v7-_v7-_v7-_v7-w",
        ] {
            assert_eq!(text.parse::<MailboxId>(), Err(InvalidText), "{text}");
        }
    }

    #[test]
    fn an_authorization_header_carries_a_token() {
        let token = Token::from_bytes([7; 32]);
        let read = Token::from_authorization(&token.authorization()).unwrap();
        assert_eq!(read.hash(), token.hash());
        assert!(Token::from_authorization("Basic abc").is_err());
        assert!(Token::from_authorization("Bearer").is_err());
    }

    #[test]
    fn bodies_survive_cbor_and_ignore_unknown_keys() {
        let open = Open {
            token: TokenHash([1; 32]),
            join: TokenHash([2; 32]),
            deposit: None,
        };
        let mut body = open.to_cbor();
        assert_eq!(Open::from_cbor(&body), Ok(open.clone()));
        body[0] = 0xa3;
        body.extend([0x07, 0xf6]);
        assert_eq!(Open::from_cbor(&body), Ok(open));
    }

    #[test]
    fn a_deposit_says_how_long_it_is_to_be_kept() {
        let open = Open {
            token: TokenHash([1; 32]),
            join: TokenHash([2; 32]),
            deposit: NonZeroU32::new(86_400),
        };
        let body = open.to_cbor();
        assert_eq!(Open::from_cbor(&body), Ok(open));
        let mut never = body[..body.len() - 5].to_vec();
        never.push(0);
        assert_eq!(Open::from_cbor(&never), Err(MalformedBody));
    }

    #[test]
    fn rejects_short_hashes_trailing_bytes_and_an_empty_m1() {
        let open = Open {
            token: TokenHash([1; 32]),
            join: TokenHash([2; 32]),
            deposit: None,
        };
        let mut trailing = open.to_cbor();
        trailing.push(0);
        assert_eq!(Open::from_cbor(&trailing), Err(MalformedBody));
        assert_eq!(
            Open::from_cbor(&entry(&[1; 31], &[2; 32], None)),
            Err(MalformedBody)
        );
        assert_eq!(
            Join::from_cbor(&entry(&[1; 32], &[], None)),
            Err(MalformedBody)
        );
        for end in 0..open.to_cbor().len() {
            assert_eq!(Open::from_cbor(&open.to_cbor()[..end]), Err(MalformedBody));
        }
    }

    #[test]
    fn frames_survive_a_cbor_sequence() {
        let frames = [&b"one"[..], b"", b"three"];
        let sequence = frames_to_cbor(&frames);
        assert_eq!(frames_from_cbor(&sequence).unwrap(), frames);
        assert_eq!(frames_from_cbor(&[]).unwrap(), Vec::<Vec<u8>>::new());
        assert_eq!(frames_from_cbor(&sequence[..2]), Err(MalformedBody));
    }
}
