//! An ID token as it stands: a JWS in its compact form (RFC 7515 §7.1).

use super::{
    claims::Claims,
    json::{Member, Object},
};
use base64ct::{Base64UrlUnpadded, Encoding};

/// Longest ID token, in bytes.
pub const MAX_TOKEN_BYTES: usize = 16_384;

/// Why a token vouches for nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.code())]
pub enum TokenRefused {
    /// It is no ID token.
    Malformed,
    /// Not signed by an algorithm that is taken, or by one that is not its key's.
    Algorithm,
    /// It names no key of the issuer, or a name that two have.
    UnknownKey,
    /// The key that it names has not signed it.
    Signature,
    /// By another issuer.
    Issuer,
    /// For another client, or for others too.
    Audience,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    Future,
    /// Made for another login than that of the key.
    Nonce,
}

impl TokenRefused {
    /// A stable name of the cause, which is the relay's too (`docs/protocol.md` §5.1).
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "token_malformed",
            Self::Algorithm => "token_algorithm",
            Self::UnknownKey | Self::Signature => "token_signature",
            Self::Issuer => "token_issuer",
            Self::Audience => "token_audience",
            Self::Expired => "token_expired",
            Self::Future => "token_future",
            Self::Nonce => "token_nonce",
        }
    }
}

/// How a token may be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

pub(super) struct Token<'t> {
    /// Header and payload, as they were signed.
    pub(super) signed: &'t str,
    pub(super) algorithm: Algorithm,
    pub(super) kid: String,
    pub(super) claims: Claims,
    pub(super) signature: Vec<u8>,
}

impl<'t> Token<'t> {
    pub(super) fn parse(token: &'t str) -> Result<Self, TokenRefused> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenRefused::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenRefused::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenRefused::Malformed)?;
        let header = object(header)?;
        // An extension that has to be understood (RFC 7515 §4.1.11).
        let Member::Absent = header.member("crit") else {
            return Err(TokenRefused::Malformed);
        };
        // Another kind of token (RFC 8725 §3.11).
        match header.member("typ") {
            Member::Absent => {}
            Member::Text(kind) if kind.eq_ignore_ascii_case("JWT") => {}
            _ => return Err(TokenRefused::Malformed),
        }
        let algorithm = header.member("alg").text();
        let algorithm = match algorithm.ok_or(TokenRefused::Malformed)?.as_str() {
            "RS256" => Algorithm::Rs256,
            "ES256" => Algorithm::Es256,
            _ => return Err(TokenRefused::Algorithm),
        };
        let kid = header.member("kid").text();
        Ok(Self {
            signed,
            algorithm,
            kid: kid.ok_or(TokenRefused::UnknownKey)?,
            claims: Claims::of(&object(payload)?).ok_or(TokenRefused::Malformed)?,
            signature: bytes(signature)?,
        })
    }
}

fn object(encoded: &str) -> Result<Object, TokenRefused> {
    let text = String::from_utf8(bytes(encoded)?).map_err(|_| TokenRefused::Malformed)?;
    Object::parse(&text).ok_or(TokenRefused::Malformed)
}

fn bytes(encoded: &str) -> Result<Vec<u8>, TokenRefused> {
    Base64UrlUnpadded::decode_vec(encoded).map_err(|_| TokenRefused::Malformed)
}
