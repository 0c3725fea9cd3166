//! The certificate that a person has here: chosen, and deleted once it is safe elsewhere.

use std::path::PathBuf;

use naru_core::{certificate::CertificateSet, giver::Conclusion};

use crate::{
    inspect::{describe, look},
    receipts::Receipts,
    storage::Gathered,
    terminal::{Failure, ask, confirm},
    text::Language,
};

/// Which certificate.
#[derive(Debug, clap::Args)]
pub struct Choice {
    /// A folder with certificates, or a `.pfx` file.
    path: PathBuf,
    /// Which of several certificates, by its number in `naru inspect`.
    #[arg(long, value_name = "NUMBER")]
    certificate: Option<usize>,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Fate {
    /// Deletes the original after a receipt that checks out.
    #[arg(long, conflicts_with = "keep")]
    delete: bool,
    /// Keeps the original without asking.
    #[arg(long)]
    keep: bool,
}

/// A certificate with the files that it was found in.
pub(crate) struct Original {
    pub(crate) set: CertificateSet,
    pub(crate) gathered: Gathered,
}

impl Original {
    pub(crate) fn choose(choice: &Choice, language: Language, now: i64) -> Result<Self, Failure> {
        let (found, gathered) = look(&choice.path)?;
        for (number, set) in found.sets.iter().enumerate() {
            println!("{}", describe(number + 1, set, language, now));
        }
        let count = found.sets.len();
        let wanted = match (choice.certificate, count) {
            (_, 0) => {
                let text = language.pick(
                    "인증서를 찾지 못했습니다. signCert와 signPri, 또는 _sig.cer와 _sig.key가 있는 폴더를 고르세요.",
                    "No certificate was found. Choose a folder with signCert and signPri, or _sig.cer and _sig.key.",
                );
                return Err(Failure::new("no_certificate", text));
            }
            (Some(number), _) => number,
            (None, 1) => 1,
            (None, _) => {
                let question = language.pick("인증서 번호:", "Number of the certificate:");
                ask(question)
                    .and_then(|line| line.trim().parse().ok())
                    .unwrap_or(0)
            }
        };
        found
            .sets
            .into_iter()
            .nth(wanted.wrapping_sub(1))
            .map(|set| Self { set, gathered })
            .ok_or_else(|| {
                Failure::new(
                    "no_such_certificate",
                    language.pick("그런 번호가 없습니다.", "There is no such number."),
                )
            })
    }

    /// Says that it has arrived, and deletes it where the person wants that. The default keeps, and
    /// remembers that it has been moved.
    pub(crate) fn conclude(&self, fate: Fate, language: Language, now: i64) -> Conclusion {
        let mut receipts = Receipts::load();
        receipts.remember(&self.set, now);
        println!(
            "{} …{}",
            language.pick("보냈습니다.", "Received on the other device."),
            self.set.fingerprint().short()
        );
        let question = language.pick(
            "원본을 삭제할까요? 삭제하면 이 PC에서 쓸 수 없습니다.",
            "Delete the original? It cannot be used on this PC then.",
        );
        if !fate.delete && (fate.keep || !confirm(question)) {
            return Conclusion::Kept;
        }
        if self.delete(language) {
            receipts.forget(&self.set);
            Conclusion::Deleted
        } else {
            Conclusion::Kept
        }
    }

    /// Deletes every file, naming those that stay; whether none does.
    pub(crate) fn delete(&self, language: Language) -> bool {
        let left = self.gathered.delete(&self.set);
        for path in &left {
            println!(
                "{} {}",
                language.pick("삭제하지 못했습니다:", "Not deleted:"),
                path.display()
            );
        }
        left.is_empty()
    }
}
