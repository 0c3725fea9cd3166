//! What the browser shows when it has come back.

use crate::text::Language;

/// How a request to this machine ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The login is this one's, and the terminal goes on with it.
    Returned,
    /// The provider has let nobody in.
    Denied,
    /// It belongs to no login that waits here.
    Foreign,
}

impl Shown {
    /// It says nothing of what came with the request.
    pub(super) fn page(self, language: Language) -> String {
        let (title, text) = match self {
            Self::Returned => (
                language.pick("로그인 확인", "Login received"),
                language.pick(
                    "이 창을 닫고 터미널로 돌아가세요.",
                    "You may close this window and go back to the terminal.",
                ),
            ),
            Self::Denied => (
                language.pick("로그인하지 않았습니다", "Not logged in"),
                language.pick(
                    "이 창을 닫아도 됩니다. 까닭은 터미널에 있습니다.",
                    "You may close this window. The terminal says why.",
                ),
            ),
            Self::Foreign => (
                language.pick("기다리는 로그인이 아닙니다", "No such login"),
                language.pick(
                    "여기에서 시작한 로그인이 아닙니다. 이 창을 닫으세요.",
                    "This login was not begun here. Close this window.",
                ),
            ),
        };
        let lang = language.pick("ko", "en");
        format!(
            "<!doctype html>\n<html lang=\"{lang}\"><meta charset=\"utf-8\"><title>Naru: {title}</title>\
             <meta name=\"viewport\" content=\"width=device-width\"><h1>{title}</h1><p>{text}</p></html>\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_in_both_languages_that_the_window_may_be_closed() {
        for shown in [Shown::Returned, Shown::Denied, Shown::Foreign] {
            let (ko, en) = (shown.page(Language::Ko), shown.page(Language::En));
            assert!(
                ko.contains("lang=\"ko\"") && ko.contains("이 창을 닫"),
                "{ko}"
            );
            assert!(en.contains("lang=\"en\""), "{en}");
            assert!(en.to_lowercase().contains("close this window"), "{en}");
        }
    }
}
