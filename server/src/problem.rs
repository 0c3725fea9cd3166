//! Errors as clients see them: problem documents (RFC 9457) with a stable code.

use std::{fmt, time::Duration};

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use naru_core::mailbox::{PROBLEM_CODE, PROBLEM_JSON, RULE};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    agencies::{AgencyName, Desk, Refusal, Rule},
    identity::{NotLoggedIn, TokenRefused},
    registry::RegistryError,
    store::StoreError,
};

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    Malformed,
    TokenRequired,
    NotFound,
    MailboxUnknown,
    MethodNotAllowed,
    RequestTimeout,
    MailboxExists,
    AlreadyJoined,
    NotJoined,
    FrameConflict,
    FrameGap { expected: u16 },
    FramesAcknowledged,
    MailboxExpired,
    MailboxEnded,
    FrameTooLarge,
    MailboxFull,
    UnsupportedMediaType,
    TooManyMailboxes { retry_after: Duration },
    TooManyJoins { retry_after: Duration },
    DepositsOff,
    NotAllowed(Box<Refusal>),
    LoginRequired,
    LoginRefused(TokenRefused),
    CrossSite,
    OtherPerson,
    DeviceRequired,
    DeviceRevoked,
    TooManyDevices,
    NotAnAdministrator,
    RelayFull,
    StoreUnavailable,
    ShuttingDown,
}

/// The body of every error.
#[derive(Serialize, ToSchema)]
pub struct ProblemDocument {
    /// Always `about:blank`: the code tells more.
    r#type: &'static str,
    /// What happened, for a reader of logs.
    title: &'static str,
    /// The status code again.
    status: u16,
    /// Stable, for programs; also in the header `naru-problem`.
    code: &'static str,
    /// The frame that the lane continues with (`frame_gap`).
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<u16>,
    /// The rule that stops the person (`not_allowed`); also in the header `naru-rule`.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Rule>,
    /// Whose rule it is, where the person belongs to an agency.
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<AgencyName>,
    /// Whom the person can ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    desk: Option<Desk>,
}

impl Problem {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        self.parts().1
    }

    fn parts(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed => (
                StatusCode::BAD_REQUEST,
                "malformed",
                "The request is malformed",
            ),
            Self::TokenRequired => (
                StatusCode::UNAUTHORIZED,
                "token_required",
                "A bearer token is required",
            ),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "There is nothing here"),
            Self::MailboxUnknown => (
                StatusCode::NOT_FOUND,
                "mailbox_unknown",
                "There is no such mailbox",
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "The method is not allowed",
            ),
            Self::RequestTimeout => (
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                "The request came too slowly",
            ),
            Self::MailboxExists => (
                StatusCode::CONFLICT,
                "mailbox_exists",
                "The mailbox is open for others",
            ),
            Self::AlreadyJoined => (
                StatusCode::CONFLICT,
                "already_joined",
                "Another device has joined",
            ),
            Self::NotJoined => (StatusCode::CONFLICT, "not_joined", "Nobody has joined yet"),
            Self::FrameConflict => (
                StatusCode::CONFLICT,
                "frame_conflict",
                "The frame has other bytes",
            ),
            Self::FrameGap { .. } => (
                StatusCode::CONFLICT,
                "frame_gap",
                "The lane continues with another frame",
            ),
            Self::FramesAcknowledged => (
                StatusCode::CONFLICT,
                "frames_acknowledged",
                "The frames were acknowledged",
            ),
            Self::MailboxExpired => (
                StatusCode::GONE,
                "mailbox_expired",
                "The mailbox has expired",
            ),
            Self::MailboxEnded => (StatusCode::GONE, "mailbox_ended", "The mailbox was ended"),
            Self::FrameTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "frame_too_large",
                "The body is too large",
            ),
            Self::MailboxFull => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "mailbox_full",
                "The mailbox holds no more",
            ),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "The media type is another one",
            ),
            Self::TooManyMailboxes { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_mailboxes",
                "This network or this account has opened many mailboxes",
            ),
            Self::TooManyJoins { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_joins",
                "This network or this account has tried to join too often",
            ),
            Self::DepositsOff => (
                StatusCode::FORBIDDEN,
                "deposits_off",
                "This relay takes no deposits",
            ),
            Self::NotAllowed(_) => (
                StatusCode::FORBIDDEN,
                "not_allowed",
                "A rule of the agency forbids it",
            ),
            Self::LoginRequired => (
                StatusCode::UNAUTHORIZED,
                "login_required",
                "Nobody is logged in",
            ),
            Self::LoginRefused(TokenRefused::Unavailable) => (
                StatusCode::SERVICE_UNAVAILABLE,
                TokenRefused::Unavailable.code(),
                "The provider does not answer",
            ),
            Self::LoginRefused(refused @ TokenRefused::Member) => (
                StatusCode::FORBIDDEN,
                refused.code(),
                "The account belongs to no agency",
            ),
            Self::LoginRefused(refused) => (
                StatusCode::UNAUTHORIZED,
                refused.code(),
                "The token is refused",
            ),
            Self::CrossSite => (
                StatusCode::FORBIDDEN,
                "cross_site",
                "Another site has made the request",
            ),
            Self::OtherPerson => (
                StatusCode::FORBIDDEN,
                "other_person",
                "The mailbox belongs to another account",
            ),
            Self::DeviceRequired => (
                StatusCode::FORBIDDEN,
                "device_required",
                "A device has to prove itself",
            ),
            Self::DeviceRevoked => (
                StatusCode::FORBIDDEN,
                "device_revoked",
                "The device was revoked",
            ),
            Self::TooManyDevices => (
                StatusCode::FORBIDDEN,
                "too_many_devices",
                "The account has enough devices",
            ),
            Self::NotAnAdministrator => (
                StatusCode::FORBIDDEN,
                "not_an_administrator",
                "Only administrators may do so",
            ),
            Self::RelayFull => (
                StatusCode::SERVICE_UNAVAILABLE,
                "relay_full",
                "The relay holds no more",
            ),
            Self::StoreUnavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "store_unavailable",
                "The store does not answer",
            ),
            Self::ShuttingDown => (
                StatusCode::SERVICE_UNAVAILABLE,
                "shutting_down",
                "The relay is shutting down",
            ),
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyMailboxes { retry_after } | Self::TooManyJoins { retry_after } => {
                Some(retry_after.as_secs().max(1))
            }
            Self::RelayFull => Some(10),
            Self::StoreUnavailable
            | Self::ShuttingDown
            | Self::LoginRefused(TokenRefused::Unavailable) => Some(1),
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.parts().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, code, title) = self.parts();
        let expected = match self {
            Self::FrameGap { expected } => Some(*expected),
            _ => None,
        };
        let refusal = match self {
            Self::NotAllowed(refusal) => Some(refusal),
            _ => None,
        };
        let document = ProblemDocument {
            r#type: "about:blank",
            title,
            status: status.as_u16(),
            code,
            expected,
            rule: refusal.map(|refusal| refusal.rule),
            agency: refusal.and_then(|refusal| refusal.agency.clone()),
            desk: refusal.and_then(|refusal| refusal.desk.clone()),
        };
        let mut response = HttpResponse::build(status);
        response.insert_header((PROBLEM_CODE, code));
        if let Some(refusal) = refusal {
            response.insert_header((RULE, refusal.rule.code()));
        }
        if let Some(seconds) = self.retry_after() {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if *self == Self::TokenRequired {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response
            .content_type(PROBLEM_JSON)
            .body(serde_json::to_string(&document).unwrap_or_default())
    }
}

impl From<Box<Refusal>> for Problem {
    fn from(refusal: Box<Refusal>) -> Self {
        Self::NotAllowed(refusal)
    }
}

impl From<NotLoggedIn> for Problem {
    fn from(error: NotLoggedIn) -> Self {
        match error {
            NotLoggedIn::Missing => Self::LoginRequired,
            NotLoggedIn::Refused(refused) => Self::LoginRefused(refused),
            NotLoggedIn::Registry(error) => error.into(),
        }
    }
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        tracing::error!(%error, "the registry fails");
        Self::StoreUnavailable
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unknown => Self::MailboxUnknown,
            StoreError::Expired => Self::MailboxExpired,
            StoreError::Ended => Self::MailboxEnded,
            StoreError::Exists => Self::MailboxExists,
            StoreError::AlreadyJoined => Self::AlreadyJoined,
            StoreError::NotJoined => Self::NotJoined,
            StoreError::Conflict => Self::FrameConflict,
            StoreError::Gap { expected } => Self::FrameGap { expected },
            StoreError::Acknowledged => Self::FramesAcknowledged,
            StoreError::MailboxFull => Self::MailboxFull,
            StoreError::Full => Self::RelayFull,
            StoreError::Unavailable => Self::StoreUnavailable,
        }
    }
}
