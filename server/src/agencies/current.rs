//! The rules that hold at this moment, and their change while the relay runs.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use super::{Agencies, Agency, Fault, Refusal, Requester};
use crate::store::Capacity;

/// The rules of a file, read again when the operator asks for it.
pub struct CurrentRules {
    file: Option<(PathBuf, Capacity)>,
    agencies: RwLock<Option<Arc<Agencies>>>,
}

/// Rules that cannot be used.
#[derive(Debug)]
pub struct RulesError {
    path: PathBuf,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    Unreadable(io::Error),
    Faults(Vec<Fault>),
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.cause {
            Cause::Unreadable(error) => write!(f, "cannot read the rules in {path}: {error}"),
            Cause::Faults(faults) => {
                write!(f, "the rules in {path} are wrong:")?;
                faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
            }
        }
    }
}

impl std::error::Error for RulesError {}

impl RulesError {
    /// What is wrong, line by line; empty where the file cannot be read.
    pub fn faults(&self) -> &[Fault] {
        match &self.cause {
            Cause::Unreadable(_) => &[],
            Cause::Faults(faults) => faults,
        }
    }
}

impl CurrentRules {
    /// Reads the file; without one, everybody may do everything.
    pub fn load(file: Option<&Path>, capacity: Capacity) -> Result<Self, RulesError> {
        let agencies = file.map(|path| read(path, &capacity)).transpose()?;
        Ok(Self {
            file: file.map(|path| (path.to_owned(), capacity)),
            agencies: RwLock::new(agencies.map(Arc::new)),
        })
    }

    /// Reads the file again. Whether the rules are other ones; where the file is wrong, those that hold stay.
    pub fn reload(&self) -> Result<bool, RulesError> {
        let Some((path, capacity)) = &self.file else {
            return Ok(false);
        };
        let agencies = Some(Arc::new(read(path, capacity)?));
        let mut current = self
            .agencies
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let changed = *current != agencies;
        *current = agencies;
        Ok(changed)
    }

    /// Whose rules hold for the requester; `None` where there are no agencies.
    pub(crate) fn agency(&self, requester: Requester) -> Result<Option<Arc<Agency>>, Box<Refusal>> {
        let current = self.agencies.read().unwrap_or_else(PoisonError::into_inner);
        let agencies = current.as_ref();
        agencies
            .map(|agencies| agencies.of(requester).cloned())
            .transpose()
    }
}

fn read(path: &Path, capacity: &Capacity) -> Result<Agencies, RulesError> {
    let refuse = |cause| RulesError {
        path: path.to_owned(),
        cause,
    };
    let text = fs::read_to_string(path).map_err(|error| refuse(Cause::Unreadable(error)))?;
    Agencies::parse(&text, capacity).map_err(|faults| refuse(Cause::Faults(faults)))
}
