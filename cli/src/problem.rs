//! The relay's codes about people and devices, in the person's words.

use crate::text::Language;

/// The code and what it means; `None` for one that says nothing of people or devices.
pub(crate) fn worded(language: Language, code: &str) -> Option<(&'static str, &'static str)> {
    let (code, ko, en) = match code {
        "login_required" => (
            "login_required",
            "로그인이 필요합니다. `naru login`으로 로그인하세요.",
            "A login is needed. Log in with `naru login`.",
        ),
        "token_expired" | "logged_out" => (
            "login_required",
            "로그인이 끝났습니다. `naru login`으로 다시 로그인하세요.",
            "You are no longer logged in. Log in again with `naru login`.",
        ),
        "token_malformed" | "token_issuer" | "token_audience" | "token_future" | "token_nonce"
        | "token_algorithm" | "token_signature" => (
            "token_refused",
            "로그인을 믿을 수 없어 거절했습니다. 이 컴퓨터의 시계를 확인하고 `naru login`으로 다시 로그인하세요.",
            "The login could not be trusted and was refused. Check this machine's clock, and log in again with `naru login`.",
        ),
        "not_a_member" => (
            "not_a_member",
            "이 서비스를 쓰는 기관의 계정이 아닙니다.",
            "This account belongs to no agency that uses this service.",
        ),
        "other_person" => (
            "other_person",
            "다른 사람의 연결입니다. 두 기기에 같은 계정으로 로그인하세요.",
            "This connection belongs to another person. Log in with the same account on both devices.",
        ),
        "device_required" => (
            "device_required",
            "등록된 기기가 아닙니다. 이 컴퓨터의 시계를 확인하고 처음부터 다시 연결하세요.",
            "This device is not registered. Check this machine's clock, and connect again from the start.",
        ),
        "device_revoked" => (
            "device_revoked",
            "등록을 해제한 기기입니다. 내가 해제하지 않았다면 담당자에게 알리세요. 다시 쓰려면 `naru login --new-device`를 실행하세요.",
            "This device was removed. If you did not do so, tell your IT desk. To use it again, run `naru login --new-device`.",
        ),
        "too_many_devices" => (
            "too_many_devices",
            "등록할 수 있는 기기를 모두 썼습니다. 쓰지 않는 기기를 웹 화면의 기기 관리에서 해제하세요.",
            "All devices that you may register are in use. Remove one that you do not use on the page.",
        ),
        "provider_unavailable" => (
            "provider_unavailable",
            "기관의 로그인 서버가 응답하지 않습니다. 잠시 뒤 다시 시도하세요.",
            "The login server does not answer. Try again in a moment.",
        ),
        _ => return None,
    };
    Some((code, language.pick(ko, en)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_nothing_of_what_it_does_not_know() {
        for code in ["", "mailbox_unknown", "Device_revoked", "not_allowed"] {
            assert_eq!(worded(Language::En, code), None, "{code}");
        }
    }

    #[test]
    fn tells_how_to_log_in_again() {
        for code in ["login_required", "token_expired", "device_revoked"] {
            for language in [Language::Ko, Language::En] {
                let (_, text) = worded(language, code).unwrap();
                assert!(text.contains("`naru login"), "{text}");
            }
        }
    }
}
