//! Where a pairing code comes from when nobody holds a camera: a picture, or a pasted text.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use crate::{
    picture::code_in,
    screen,
    terminal::{Failure, ask_secret},
    text::Language,
};

/// Largest picture, in bytes.
const MAX_PICTURE_BYTES: u64 = 64 << 20;

/// How the other device's code is read.
#[derive(Debug, Clone, clap::Args)]
pub struct Source {
    /// Reads the QR from a picture, such as a screenshot; `-` reads the picture from standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "code")]
    pub image: Option<PathBuf>,
    /// Takes the code, or the connection number, as text. Other users of this machine can see it: without this option it is
    /// asked for.
    #[arg(long, value_name = "TEXT")]
    pub code: Option<String>,
    /// Looks for the QR on this computer's own screen.
    #[arg(long, conflicts_with_all = ["image", "code"])]
    pub screen: bool,
}

impl Source {
    /// Whether the person has said where the code is.
    pub fn is_given(&self) -> bool {
        self.image.is_some() || self.code.is_some() || self.screen
    }

    /// The text of the code.
    pub fn text(&self, language: Language) -> Result<String, Failure> {
        if self.screen {
            return screen::watch(language);
        }
        match (&self.image, &self.code) {
            (Some(path), _) => picture(path, language),
            (None, Some(code)) => Ok(code.clone()),
            (None, None) => {
                let question = language.pick(
                    "연결번호를 입력하거나 연결 코드를 붙여 넣으세요:",
                    "Type the connection number, or paste the code:",
                );
                ask_secret(question).ok_or_else(|| {
                    Failure::new(
                        "no_code",
                        language.pick("코드가 없습니다.", "No code was given."),
                    )
                })
            }
        }
    }
}

fn picture(path: &Path, language: Language) -> Result<String, Failure> {
    let bytes = match path.to_str() {
        Some("-") => {
            let mut bytes = Vec::new();
            std::io::stdin()
                .lock()
                .take(MAX_PICTURE_BYTES)
                .read_to_end(&mut bytes)
                .map(|_| bytes)
        }
        _ => fs::read(path),
    };
    let bytes = bytes
        .map_err(|error| Failure::new("cannot_read", format!("{}: {error}", path.display())))?;
    let found = code_in(&bytes)
        .map_err(|reason| Failure::new("no_picture", format!("{}: {reason}", path.display())))?;
    found.ok_or_else(|| {
        Failure::new(
            "no_qr",
            language.pick(
                "그림에서 QR을 찾지 못했습니다. QR 전체가 보이게 다시 찍으세요.",
                "No QR was found in the picture. Take it again with the whole QR in it.",
            ),
        )
    })
}
