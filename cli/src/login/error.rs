//! Why nobody is logged in.

use crate::{terminal::Failure, text::Language};

/// Why nobody is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LoginError {
    Unavailable,
    /// What the provider says makes no sense, or is another's.
    Invalid,
    /// This machine has no place to which a browser could come back.
    NoLoopback,
    /// The person did not want to, or may not; what the provider calls it, on one line, where it says so.
    Denied(Option<String>),
    /// The person took too long.
    Expired,
}

impl LoginError {
    pub(super) fn told(self, language: Language) -> Failure {
        let (code, ko, en) = match &self {
            Self::Unavailable => (
                "provider_unavailable",
                "기관의 로그인 서버가 응답하지 않습니다. 잠시 뒤 다시 시도하세요.",
                "The login server does not answer. Try again in a moment.",
            ),
            Self::Invalid => (
                "provider_invalid",
                "로그인 서버의 설정이 올바르지 않습니다. IT 담당자에게 알리세요.",
                "The login server is not set up correctly. Tell your IT desk.",
            ),
            Self::NoLoopback => (
                "no_loopback",
                "브라우저가 돌아올 주소(127.0.0.1)를 이 컴퓨터에서 열 수 없습니다. IT 담당자에게 알리세요.",
                "This computer has no address (127.0.0.1) to which the browser could come back. Tell your IT desk.",
            ),
            Self::Denied(_) => (
                "login_denied",
                "로그인을 취소했거나 허용되지 않았습니다.",
                "The login was cancelled or is not allowed.",
            ),
            Self::Expired => (
                "login_expired",
                "시간 안에 로그인하지 않았습니다. 다시 실행하세요.",
                "The login took too long. Run this again.",
            ),
        };
        let text = language.pick(ko, en);
        match self {
            Self::Denied(Some(reason)) => Failure::new(code, format!("{text} ({reason})")),
            _ => Failure::new(code, text),
        }
    }
}
