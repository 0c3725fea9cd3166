//! Talking to the person: questions, secrets, and failures with their next step.

use std::{
    fmt::Display,
    io::{self, BufRead, IsTerminal, Write},
    str::FromStr,
};

use naru_core::{
    certificate::ChangeError,
    client::{Remark, TransferError},
    connection_number::ConnectionNumberError,
    deposit::DepositCodeError,
    pairing::PairingCodeError,
};

use crate::{http::HttpTransport, problem::worded, storage::StorageError, text::Language};

/// Why a command ends without success: what the person reads, and a code for the IT desk.
#[derive(Debug, thiserror::Error)]
#[error("{message} [{code}{}]", shown(.reference.as_deref()))]
pub struct Failure {
    message: String,
    code: &'static str,
    /// By which the IT desk finds the transfer.
    reference: Option<String>,
}

fn shown(reference: Option<&str>) -> String {
    reference.map_or_else(String::new, |reference| format!(", {reference}"))
}

impl Failure {
    /// A failure with a text in the person's language.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code,
            reference: None,
        }
    }

    /// A failure that the system words.
    pub fn other(code: &'static str, error: &dyn Display) -> Self {
        Self::new(code, error.to_string())
    }

    /// A transfer that failed over this line.
    pub fn transfer(language: Language, error: TransferError, transport: &HttpTransport) -> Self {
        let remark = transport.remark();
        match error {
            TransferError::LoginRequired
            | TransferError::NotAllowed
            | TransferError::OtherPerson
            | TransferError::DeviceRefused => Self::remarked(
                language,
                remark,
                error.code(),
                language.transfer_error(error),
            ),
            _ => Self {
                reference: remark.reference,
                ..Self::new(error.code(), language.transfer_error(error))
            },
        }
    }

    /// What a relay that answers so has said; `code` and `message` where it has not said much.
    pub(crate) fn remarked(
        language: Language,
        remark: Remark,
        code: &'static str,
        message: &str,
    ) -> Self {
        let problem = remark.problem.as_deref().unwrap_or_default();
        let refusal = remark.refusal.filter(|_| problem == "not_allowed");
        let failure = match (refusal, worded(language, problem)) {
            (Some(refusal), _) => Self::new("not_allowed", language.refusal(&refusal)),
            (None, Some((code, text))) => Self::new(code, text),
            (None, None) => Self::new(code, message),
        };
        Self {
            reference: remark.reference,
            ..failure
        }
    }

    /// Stable, for programs and the IT desk.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// A connection number that cannot be used.
    pub fn number(language: Language, error: ConnectionNumberError) -> Self {
        Self::new(error.code(), language.number_error(error))
    }

    /// A code of a deposit that cannot be used.
    fn deposit_code(language: Language, error: DepositCodeError) -> Self {
        Self::new(error.code(), language.deposit_code_error(error))
    }

    /// A password that cannot be changed, or a file that cannot be written.
    pub fn change(language: Language, error: &ChangeError) -> Self {
        Self::new(error.code(), language.change_error(error))
    }

    /// A code that cannot be used.
    pub fn pairing(language: Language, error: PairingCodeError) -> Self {
        Self::new(error.code(), language.pairing_error(error))
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// Reads a line after a question; `None` at the end of the input.
pub fn ask(question: &str) -> Option<String> {
    eprint!("{question} ");
    // A prompt that cannot be shown is no reason to stop.
    let _ = io::stderr().flush();
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
    }
}

/// Reads a line without showing it where the input is a terminal.
pub fn ask_secret(question: &str) -> Option<String> {
    if io::stdin().is_terminal() {
        return rpassword::prompt_password(format!("{question} ")).ok();
    }
    ask(question)
}

/// The code of a deposit, given or asked for.
pub fn deposit_code<T: FromStr<Err = DepositCodeError>>(
    given: Option<String>,
    question: &str,
    language: Language,
) -> Result<T, Failure> {
    given
        .or_else(|| ask_secret(question))
        .unwrap_or_default()
        .parse()
        .map_err(|error| Failure::deposit_code(language, error))
}

/// A yes-or-no question; anything but yes is no.
pub fn confirm(question: &str) -> bool {
    let answer = ask(&format!("{question} [y/N]")).unwrap_or_default();
    matches!(
        answer.trim().to_lowercase().as_str(),
        "y" | "yes" | "예" | "네"
    )
}
