//! Asking for the password of a certificate, which never leaves this machine.

use naru_core::certificate::{CertificateSet, Checked, OpenedKey, Password};

use crate::{
    terminal::{Failure, ask_secret},
    text::Language,
};

/// A certificate that the person has opened, or one whose key cannot be checked here.
pub(crate) struct Opened {
    pub(crate) checked: Checked,
    pub(crate) password: Password,
}

impl Opened {
    pub(crate) fn key(self) -> Option<OpenedKey> {
        match self.checked {
            Checked::Opened(key) => Some(key),
            Checked::Unchecked { .. } => None,
        }
    }
}

/// Asks until the password is right.
pub(crate) fn required(set: &CertificateSet, language: Language) -> Result<Opened, Failure> {
    let question = language.pick("인증서 비밀번호:", "Certificate password:");
    ask(set, question, language).ok_or_else(|| {
        Failure::new(
            "no_password",
            language.pick("비밀번호가 없습니다.", "No password was given."),
        )
    })
}

/// Asks until the password is right or skipped.
pub(crate) fn optional(set: &CertificateSet, language: Language) -> Option<Opened> {
    let question = language.pick(
        "인증서 비밀번호 (Enter: 건너뛰기):",
        "Certificate password (Enter to skip):",
    );
    ask(set, question, language)
}

fn ask(set: &CertificateSet, question: &str, language: Language) -> Option<Opened> {
    loop {
        let text = ask_secret(question).filter(|text| !text.is_empty())?;
        let password = Password::from(text);
        match set.check_password(&password) {
            Ok(checked) => {
                if let Checked::Unchecked { .. } = checked {
                    let text =
                        language.pick("암호를 확인할 수 없음", "The key cannot be checked here.");
                    println!("{text}");
                }
                return Some(Opened { checked, password });
            }
            Err(error) => eprintln!("{} [{}]", language.password_error(error), error.code()),
        }
    }
}
