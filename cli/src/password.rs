//! Asking for the password of a certificate, which never leaves this machine.

use naru_core::{
    certificate::{CertificateSet, Checked, KeyForm, OpenedKey, Password, PasswordRules},
    giver::Offer,
};

use crate::{
    rng,
    terminal::{Failure, ask_secret},
    text::Language,
};

/// What a new password needs.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct NewPassword {
    /// Fewest characters of a new password.
    #[arg(long, value_name = "COUNT", default_value = "10")]
    min_characters: usize,
    /// Fewest kinds of characters in a new password: small letters, capitals, digits, others.
    #[arg(long, value_name = "COUNT", default_value = "3")]
    min_kinds: usize,
}

impl NewPassword {
    /// Asks until a password is strong enough and was typed twice alike.
    pub(crate) fn ask(self, language: Language) -> Result<Password, Failure> {
        let rules = PasswordRules {
            min_characters: self.min_characters,
            min_kinds: self.min_kinds,
        };
        let read = |question| {
            ask_secret(question)
                .filter(|text| !text.is_empty())
                .ok_or_else(|| {
                    Failure::new(
                        "no_password",
                        language.pick("비밀번호가 없습니다.", "No password was given."),
                    )
                })
        };
        loop {
            let new = read(language.pick("새 비밀번호:", "New password:"))?;
            let password = Password::from(new.clone());
            if let Err(weak) = rules.check(&password) {
                eprintln!("{} [{}]", language.weak_password(weak), weak.code());
                continue;
            }
            if read(language.pick("새 비밀번호 다시:", "New password again:"))? == new {
                return Ok(password);
            }
            eprintln!(
                "{}",
                language.pick("두 비밀번호가 다릅니다.", "The two passwords differ.")
            );
        }
    }
}

/// Under which password a certificate is sent.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Sending {
    /// Sends the certificate under a new password; the original keeps its own.
    #[arg(long)]
    new_password: bool,
    #[command(flatten)]
    new: NewPassword,
}

impl Sending {
    /// What is sent, once the password was right.
    pub(crate) fn offer(self, set: &CertificateSet, language: Language) -> Result<Offer, Failure> {
        let opened = required(set, language)?;
        let offered = if self.new_password {
            let new = self.new.ask(language)?;
            let changed = set
                .with_password(
                    &opened.password,
                    &new,
                    KeyForm::AsBefore,
                    &mut rng::seeded()?,
                )
                .map_err(|error| Failure::change(language, &error))?;
            let checked = changed
                .check_password(&new)
                .map_err(|error| Failure::new(error.code(), language.password_error(error)))?;
            (changed, key(checked))
        } else {
            (set.clone(), key(opened.checked))
        };
        Offer::new([offered]).map_err(|error| Failure::new(error.code(), error.to_string()))
    }
}

fn key(checked: Checked) -> Option<OpenedKey> {
    match checked {
        Checked::Opened(key) => Some(key),
        Checked::Unchecked { .. } => None,
    }
}

/// A certificate that the person has opened, or one whose key cannot be checked here.
pub(crate) struct Opened {
    pub(crate) checked: Checked,
    pub(crate) password: Password,
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
