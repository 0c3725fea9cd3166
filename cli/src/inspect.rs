//! `naru inspect`: what certificates are there.

use std::path::{Path, PathBuf};

use naru_core::certificate::{CertificateSet, Found, find};
use serde_json::json;

use crate::{
    receipts::Receipts,
    storage::{Gathered, StorageError, gather},
    terminal::Failure,
    text::Language,
};

/// What to look at.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// A folder, or a `.pfx` file.
    path: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Lists certificates and what is wrong with files that look like parts of one.
pub fn run(options: &Options, language: Language, now: i64) -> Result<(), Failure> {
    let (found, gathered) = look(&options.path)?;
    let unread = &gathered.problems;
    if options.json {
        println!("{}", as_json(&found, unread, &Receipts::load()));
        return Ok(());
    }
    let receipts = Receipts::load();
    for (number, set) in found.sets.iter().enumerate() {
        let line = describe(number + 1, set, language, now);
        match receipts.moved_at(set) {
            None => println!("{line}"),
            Some(_) => println!(
                "{line} · {}",
                language.pick(
                    "다른 기기로 옮김, 원본 남음",
                    "moved, the original is still here"
                )
            ),
        }
    }
    if found.sets.is_empty() {
        println!(
            "{}",
            language.pick("인증서를 찾지 못했습니다.", "No certificate was found.")
        );
    }
    for problem in &found.problems {
        println!(
            "! {}: {} [{}]",
            problem.path,
            language.problem(problem.cause),
            problem.cause.code()
        );
    }
    for error in unread {
        println!("! {error} [{}]", error.code());
    }
    Ok(())
}

/// Reads and finds.
pub(crate) fn look(path: &Path) -> Result<(Found, Gathered), Failure> {
    let mut gathered = gather(path)?;
    let files = std::mem::take(&mut gathered.files);
    Ok((find(files), gathered))
}

/// One line for a person.
pub(crate) fn describe(
    number: usize,
    set: &CertificateSet,
    language: Language,
    now: i64,
) -> String {
    let short = set.fingerprint().short();
    match set.details() {
        Some(details) => format!(
            "{number}. {} · {} · {} · {} · …{short}",
            details.name,
            details.issuer,
            language.holder(details.holder),
            language.validity(details, now),
        ),
        None => {
            let name = set
                .native_files()
                .first()
                .map_or("", |file| file.path.file_name());
            format!("{number}. {name} · PKCS#12 · …{short}")
        }
    }
}

fn as_json(found: &Found, unread: &[StorageError], receipts: &Receipts) -> serde_json::Value {
    let sets: Vec<_> = found
        .sets
        .iter()
        .map(|set| {
            json!({
                "format": set.format().code(),
                "fingerprint": set.fingerprint().to_string(),
                "name": set.details().map(|details| &details.name),
                "issuer": set.details().map(|details| &details.issuer),
                "holder": set.details().map(|details| details.holder.code()),
                "notBefore": set.details().map(|details| details.not_before),
                "notAfter": set.details().map(|details| details.not_after),
                "movedAt": receipts.moved_at(set),
                "files": set.sources().collect::<Vec<_>>(),
            })
        })
        .collect();
    let found = found
        .problems
        .iter()
        .map(|it| json!({ "path": it.path, "code": it.cause.code() }));
    let unread = unread
        .iter()
        .map(|it| json!({ "message": it.to_string(), "code": it.code() }));
    json!({ "certificates": sets, "problems": found.chain(unread).collect::<Vec<_>>() })
}
