//! What an ID token says (OpenID Connect Core §2).

use super::json::{Member, Object};

/// Beyond, a number of JSON is not exact (RFC 8259 §6).
const MAX_SECONDS: f64 = 9_007_199_254_740_991.0;

pub(super) struct Claims {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) audiences: Vec<String>,
    pub(super) authorised_party: Option<String>,
    pub(super) expires: i64,
    pub(super) issued: i64,
    pub(super) not_before: Option<i64>,
    pub(super) nonce: Option<String>,
}

impl Claims {
    pub(super) fn of(payload: &Object) -> Option<Self> {
        let text = |name| payload.member(name).text();
        let optional = |name| match payload.member(name) {
            Member::Absent | Member::Null => Some(None),
            member => Some(Some(member.text()?)),
        };
        Some(Self {
            issuer: text("iss")?,
            subject: text("sub").filter(|subject| !subject.is_empty())?,
            audiences: match payload.member("aud") {
                Member::Text(audience) => vec![audience],
                Member::Texts(audiences) => audiences,
                _ => return None,
            },
            authorised_party: optional("azp")?,
            expires: seconds(payload.member("exp"))?,
            issued: seconds(payload.member("iat"))?,
            not_before: match payload.member("nbf") {
                Member::Absent | Member::Null => None,
                member => Some(seconds(member)?),
            },
            nonce: optional("nonce")?,
        })
    }
}

/// A `NumericDate`, which may have a fraction (RFC 7519 §2).
fn seconds(member: Member) -> Option<i64> {
    match member {
        Member::Number(seconds) if seconds.abs() <= MAX_SECONDS => Some(seconds as i64),
        _ => None,
    }
}
