//! What an ID token says (OpenID Connect Core §2).

use miniserde::json::{Number, Object, Value};

use super::{key_set::text, token::TokenRefused};

pub(super) struct Claims<'p> {
    pub(super) issuer: &'p str,
    pub(super) subject: &'p str,
    pub(super) audiences: Vec<&'p str>,
    pub(super) authorised_party: Option<&'p str>,
    pub(super) expires: i64,
    pub(super) issued: i64,
    pub(super) not_before: Option<i64>,
    pub(super) nonce: Option<&'p str>,
}

impl<'p> Claims<'p> {
    pub(super) fn of(payload: &'p Object) -> Result<Self, TokenRefused> {
        Self::read(payload).ok_or(TokenRefused::Malformed)
    }

    fn read(payload: &'p Object) -> Option<Self> {
        let subject = text(payload, "sub")?;
        let audiences = match payload.get("aud")? {
            Value::String(audience) => vec![audience.as_str()],
            Value::Array(audiences) => audiences
                .iter()
                .map(|audience| match audience {
                    Value::String(audience) => Some(audience.as_str()),
                    _ => None,
                })
                .collect::<Option<_>>()?,
            _ => return None,
        };
        let optional = |name| match payload.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(Value::String(text)) => Some(Some(text.as_str())),
            Some(_) => None,
        };
        let not_before = match payload.get("nbf") {
            None | Some(Value::Null) => None,
            Some(value) => Some(seconds(value)?),
        };
        (!subject.is_empty()).then_some(Self {
            issuer: text(payload, "iss")?,
            subject,
            audiences,
            authorised_party: optional("azp")?,
            expires: seconds(payload.get("exp")?)?,
            issued: seconds(payload.get("iat")?)?,
            not_before,
            nonce: optional("nonce")?,
        })
    }
}

/// A `NumericDate`, which may have a fraction (RFC 7519 §2).
fn seconds(value: &Value) -> Option<i64> {
    match value {
        Value::Number(Number::U64(seconds)) => i64::try_from(*seconds).ok(),
        Value::Number(Number::I64(seconds)) => Some(*seconds),
        // The conversion saturates.
        Value::Number(Number::F64(seconds)) if seconds.is_finite() => Some(*seconds as i64),
        _ => None,
    }
}
