//! Whose word is taken for who a person is.

use super::{
    claims::Claims,
    key_set::KeySet,
    token::{Token, TokenRefused},
};

/// By how many seconds clocks may differ.
const SKEW: i64 = 60;

/// The one issuer whose tokens count, the clients that they are for, and the issuer's keys. All come from the
/// host's own configuration and its own talk with the issuer, never from the relay or the other device.
#[derive(Clone)]
pub struct Requirement {
    issuer: String,
    audiences: Vec<String>,
    keys: KeySet,
}

/// Why nothing can be required so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    /// No issuer is named.
    #[error("no issuer is named")]
    Issuer,
    /// No client is named, or one without a name.
    #[error("no audience is named")]
    Audience,
    /// The JWK set has no key for RS256 or ES256 that has a name.
    #[error("the issuer has no key that is taken")]
    Keys,
}

impl RequirementError {
    /// A stable name of the cause.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Issuer => "identity_issuer",
            Self::Audience => "identity_audience",
            Self::Keys => "identity_keys",
        }
    }
}

/// What a token that was checked says of its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// Who it is, among the people of the issuer.
    pub subject: String,
    /// For which login it was made.
    pub nonce: Option<String>,
}

impl Requirement {
    /// Takes the issuer exactly as its tokens have it, the client ids of both devices' apps, and the document at
    /// the issuer's `jwks_uri`.
    pub fn new(
        issuer: &str,
        audiences: impl IntoIterator<Item = String>,
        jwks: &str,
    ) -> Result<Self, RequirementError> {
        if issuer.is_empty() {
            return Err(RequirementError::Issuer);
        }
        let audiences: Vec<_> = audiences.into_iter().collect();
        if audiences.is_empty() || audiences.iter().any(String::is_empty) {
            return Err(RequirementError::Audience);
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            audiences,
            keys: KeySet::parse(jwks).ok_or(RequirementError::Keys)?,
        })
    }

    /// Checks a token as OpenID Connect Core §3.1.3.7 says, but for its nonce. `now` is in Unix seconds.
    pub fn check(&self, token: &str, now: u64) -> Result<Vouched, TokenRefused> {
        let token = Token::parse(token)?;
        let key = self.keys.get(&token.kid).ok_or(TokenRefused::UnknownKey)?;
        key.verify(token.algorithm, token.signed, &token.signature)?;
        let claims = token.claims;
        if claims.issuer != self.issuer {
            return Err(TokenRefused::Issuer);
        }
        if !self.is_for_us(&claims) {
            return Err(TokenRefused::Audience);
        }
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        if claims.expires.saturating_add(SKEW) <= now {
            return Err(TokenRefused::Expired);
        }
        let latest = now.saturating_add(SKEW);
        if claims.issued > latest || claims.not_before.is_some_and(|time| time > latest) {
            return Err(TokenRefused::Future);
        }
        Ok(Vouched {
            subject: claims.subject,
            nonce: claims.nonce,
        })
    }

    /// A token that others may use too has to say for whom of them it was made, and all of them have to be ours.
    fn is_for_us(&self, claims: &Claims) -> bool {
        let is_ours = |client: &str| self.audiences.iter().any(|ours| ours == client);
        let party = match &claims.authorised_party {
            Some(party) => is_ours(party),
            None => claims.audiences.len() == 1,
        };
        !claims.audiences.is_empty() && claims.audiences.iter().all(|it| is_ours(it)) && party
    }
}
