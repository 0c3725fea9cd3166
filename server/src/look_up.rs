//! What the support desk asks of the audit.

use std::io::{self, Write};

use crate::{
    audit::{AuditError, AuditStore, AuditUrl, Break, Entry, Event, Kind, Trail, verify},
    settings::{LookUp, Settings},
};

/// How many entries are read at a time.
const PAGE: usize = 1_000;

/// The question cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum LookUpError {
    /// The log lives in the relay's process.
    #[error(
        "the audit is kept in the relay's memory: name a place that lasts, with \
         `--audit sqlite:FILE` or the address of a Redis"
    )]
    InMemory,
    /// The log cannot be read or written.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The log is not what was written.
    #[error("the audit was tampered with: {0}")]
    Broken(#[from] Break),
    /// Nothing has this number.
    #[error("nothing is known under this number")]
    Unknown,
    /// The answer cannot be written.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

/// Answers on standard output.
pub async fn look_up(settings: &Settings, look_up: &LookUp) -> Result<(), LookUpError> {
    if matches!(settings.audit, AuditUrl::Memory) {
        return Err(LookUpError::InMemory);
    }
    let trail = Trail::open(&settings.audit).await?;
    let mut output = io::stdout().lock();
    let asked = match look_up.reference {
        Some(reference) => format!("reference {reference}"),
        None if look_up.verify => "verify".to_owned(),
        None => "all".to_owned(),
    };
    let result = match look_up.reference {
        Some(reference) => {
            let lines = trail.find(reference).await?;
            for line in &lines {
                writeln!(output, "{}", told(line).ok_or(AuditError::Strange)?)?;
            }
            match lines.is_empty() {
                true => Err(LookUpError::Unknown),
                false => Ok(()),
            }
        }
        None if look_up.verify => match verify(&trail).await? {
            Ok(count) => {
                writeln!(output, "{count} entries, all as they were written")?;
                Ok(())
            }
            Err(broken) => Err(broken.into()),
        },
        None => write_all(&trail, &mut output).await,
    };
    trail
        .append(&[Event {
            note: Some(asked),
            ..Event::now(Kind::LookUp)
        }])
        .await?;
    result
}

async fn write_all(trail: &Trail, output: &mut impl Write) -> Result<(), LookUpError> {
    let (anchor, head) = trail.ends().await?;
    let mut after = anchor.sequence;
    while after < head.sequence {
        let lines = trail.lines(after, PAGE).await?;
        if lines.is_empty() {
            return Ok(());
        }
        for line in &lines {
            writeln!(output, "{line}")?;
        }
        after += lines.len() as u64;
    }
    Ok(())
}

/// An entry for a person: when, what, and what else is known.
fn told(line: &str) -> Option<String> {
    let entry: Entry = serde_json::from_str(line).ok()?;
    let event = serde_json::to_value(&entry.event).ok()?;
    let mut told = format!("{}  {}", entry.event.at, event.get("kind")?.as_str()?);
    for name in ["failure", "rule", "agency", "from", "account", "note"] {
        if let Some(value) = event.get(name).and_then(|value| value.as_str()) {
            told += &format!("  {name}={value}");
        }
    }
    Some(told)
}
