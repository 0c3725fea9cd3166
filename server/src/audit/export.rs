//! The log as JSON lines for other programs, as it grows.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::PathBuf,
};

use super::{chain::Entry, store::AuditError};

/// Where lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportTarget {
    /// Standard output.
    Output,
    /// The end of this file.
    File(PathBuf),
}

/// What takes the lines.
pub enum Export {
    /// Standard output.
    Output,
    /// The end of a file.
    File(PathBuf, File),
}

impl Export {
    /// Opens the file, or makes it.
    pub fn open(target: &ExportTarget) -> Result<Self, AuditError> {
        match target {
            ExportTarget::Output => Ok(Self::Output),
            ExportTarget::File(path) => {
                let file = OpenOptions::new().append(true).create(true).open(path);
                let file = file.map_err(|error| AuditError::Export {
                    path: path.clone(),
                    error,
                })?;
                Ok(Self::File(path.clone(), file))
            }
        }
    }

    /// Writes entries, each a line.
    pub fn write(&mut self, entries: &[Entry]) -> Result<(), AuditError> {
        let lines = entries.iter().map(|entry| entry.line() + "\n");
        let lines: String = lines.collect();
        match self {
            Self::Output => io::stdout().lock().write_all(lines.as_bytes()),
            Self::File(_, file) => file.write_all(lines.as_bytes()),
        }
        .map_err(|error| AuditError::Export {
            path: match self {
                Self::Output => "standard output".into(),
                Self::File(path, _) => path.clone(),
            },
            error,
        })
    }
}
