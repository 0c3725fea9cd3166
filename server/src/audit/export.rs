//! The log as JSON lines for other programs, as it grows.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
};

use super::{
    chain::Entry,
    store::AuditError,
    syslog::{Syslog, SyslogAddress},
};

/// Where lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportTarget {
    /// Standard output.
    Output,
    /// The end of this file.
    File(PathBuf),
    /// A syslog server.
    Syslog(SyslogAddress),
}

/// What takes the lines.
pub enum Export {
    /// Standard output.
    Output,
    /// The end of a file.
    File(PathBuf, File),
    /// A syslog server.
    Syslog(Syslog),
}

impl Export {
    /// Opens the file, or makes it.
    pub fn open(target: &ExportTarget) -> Result<Self, AuditError> {
        match target {
            ExportTarget::Output => Ok(Self::Output),
            ExportTarget::Syslog(address) => Ok(Self::Syslog(Syslog::new(address.clone()))),
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
    pub fn write(&mut self, entries: &[Arc<Entry>]) -> Result<(), AuditError> {
        let lines = || -> String { entries.iter().map(|entry| entry.line() + "\n").collect() };
        match self {
            Self::Output => io::stdout().lock().write_all(lines().as_bytes()),
            Self::File(_, file) => file.write_all(lines().as_bytes()),
            Self::Syslog(syslog) => syslog.write(entries),
        }
        .map_err(|error| AuditError::Export {
            path: match self {
                Self::Output => "standard output".into(),
                Self::File(path, _) => path.clone(),
                Self::Syslog(syslog) => syslog.address().to_string().into(),
            },
            error,
        })
    }
}
