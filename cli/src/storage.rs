//! Certificates on this machine's disks: read with bounds, written without ever losing a file.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use encoding_rs::EUC_KR;
use naru_core::certificate::{CertificateSet, MAX_FILE_BYTES, RelativePath, SourceFile};
use tempfile::NamedTempFile;

/// Most entries that a folder given by a person is searched for.
const MAX_ENTRIES: usize = 20_000;
const MAX_DEPTH: usize = 12;

/// Why the disk did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// A file or folder cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file cannot be written.
    #[error("{path}: {error}")]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Another file is there already.
    #[error("{path} is there already, with other contents")]
    Occupied {
        /// Which.
        path: PathBuf,
    },
    /// The disk gave back other bytes than were written.
    #[error("{path} was not stored as it was written")]
    Corrupted {
        /// Which.
        path: PathBuf,
    },
}

impl StorageError {
    /// A stable name of the cause.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "cannot_read",
            Self::Write { .. } => "cannot_write",
            Self::Occupied { .. } => "already_there",
            Self::Corrupted { .. } => "not_stored",
        }
    }
}

/// What certificates may be made of, below a folder that a person has given.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The files, by names that a person can read.
    pub files: Vec<SourceFile>,
    /// What could not be read.
    pub problems: Vec<StorageError>,
    places: BTreeMap<String, PathBuf>,
}

impl Gathered {
    /// Deletes every file of a set; yields those that are still there.
    pub fn delete(&self, set: &CertificateSet) -> Vec<PathBuf> {
        set.sources()
            .filter_map(|source| self.places.get(source))
            .filter(|path| fs::remove_file(path).is_err())
            .cloned()
            .collect()
    }

    /// Where a file lies that was found under this name.
    pub fn place(&self, source: &str) -> Option<&Path> {
        self.places.get(source).map(PathBuf::as_path)
    }

    fn read(&mut self, name: String, path: PathBuf) {
        match read_bounded(&path) {
            Ok(bytes) => {
                self.files.push(SourceFile {
                    path: name.clone(),
                    bytes,
                });
                self.places.insert(name, path);
            }
            Err(error) => self.problems.push(StorageError::Read { path, error }),
        }
    }
}

/// The files below `root`, or `root` itself. What cannot be read is reported and passed over, as is
/// what lies beyond 20,000 entries or 12 levels; links are not followed. Names that are no UTF-8 are
/// read as MS949, in which Korean archives and disks carry them.
pub fn gather(root: &Path) -> Result<Gathered, StorageError> {
    let read_error = |path: &Path, error| StorageError::Read {
        path: path.to_owned(),
        error,
    };
    let mut gathered = Gathered::default();
    let metadata = fs::metadata(root).map_err(|error| read_error(root, error))?;
    if metadata.is_file() {
        gathered.read(
            readable(root.file_name().unwrap_or_default()),
            root.to_owned(),
        );
        return match gathered.problems.pop() {
            Some(error) => Err(error),
            None => Ok(gathered),
        };
    }
    fs::read_dir(root).map_err(|error| read_error(root, error))?;
    let mut entries = 0;
    let mut folders = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let listing = match fs::read_dir(&folder) {
            Ok(listing) => listing,
            Err(error) => {
                gathered.problems.push(read_error(&folder, error));
                continue;
            }
        };
        for entry in listing.flatten() {
            entries += 1;
            if entries > MAX_ENTRIES {
                return Ok(gathered);
            }
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < MAX_DEPTH => folders.push((path, depth + 1)),
                Ok(kind) if kind.is_file() && is_candidate(&path) => {
                    let below = path.strip_prefix(root).unwrap_or(&path);
                    let names: Vec<_> = below.iter().map(readable).collect();
                    gathered.read(names.join("/"), path);
                }
                _ => {}
            }
        }
    }
    Ok(gathered)
}

fn readable(name: &OsStr) -> String {
    match name.to_str() {
        Some(name) => name.to_owned(),
        None => EUC_KR.decode(name.as_encoded_bytes()).0.into_owned(),
    }
}

/// Only the endings that a part of a certificate has are read at all.
fn is_candidate(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    ["cer", "key", "der", "pfx", "p12"]
        .iter()
        .any(|known| ending == *known)
}

/// One byte over the limit is enough to know that a file is too large.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_FILE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether another file's place may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// Never.
    Refuse,
    /// The person has said so.
    Allow,
}

/// What has been stored of a set.
#[derive(Debug)]
pub struct Stored {
    /// Where the set lies.
    pub folder: PathBuf,
    /// The files that were not there before.
    written: Vec<PathBuf>,
}

impl Stored {
    /// Takes the files away again; yields those that are still there.
    pub fn undo(self) -> Vec<PathBuf> {
        self.written
            .into_iter()
            .filter(|path| fs::remove_file(path).is_err())
            .collect()
    }
}

/// Writes all files of a set below `root`, or none: each beside its place, flushed, moved there and
/// read back. A file that is there already with the same bytes stays.
pub fn store(set: &CertificateSet, root: &Path, replace: Replace) -> Result<Stored, StorageError> {
    let mut staged = Vec::new();
    for file in set.native_files() {
        let path = below(root, &file.path);
        match fs::read(&path) {
            Ok(bytes) if bytes == file.bytes => continue,
            Ok(_) if replace == Replace::Refuse => return Err(StorageError::Occupied { path }),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StorageError::Read { path, error }),
        }
        staged.push(stage(&file.bytes, path)?);
    }
    let mut written: Vec<PathBuf> = Vec::new();
    for (temporary, path) in staged {
        if let Err(error) = place(temporary, &path, replace) {
            // A file that was replaced cannot come back; without leave to replace there is none.
            if replace == Replace::Refuse {
                written.iter().for_each(|path| drop(fs::remove_file(path)));
            }
            return Err(error);
        }
        written.push(path);
    }
    for file in set.native_files() {
        compare(&below(root, &file.path), &file.bytes)?;
    }
    let first = set.native_files().first();
    let path = first.map(|file| below(root, &file.path));
    let folder = path.as_deref().and_then(Path::parent);
    Ok(Stored {
        folder: folder.unwrap_or(root).to_owned(),
        written,
    })
}

/// Writes one file in the same way.
pub fn store_file(bytes: &[u8], path: &Path, replace: Replace) -> Result<(), StorageError> {
    let (temporary, path) = stage(bytes, path.to_owned())?;
    place(temporary, &path, replace)?;
    compare(&path, bytes)
}

/// Puts other bytes in the place of several files: all new ones are written beside the old and flushed
/// first, and where one cannot take its place the others go back.
pub fn replace_all(files: &[(&Path, &[u8])]) -> Result<(), StorageError> {
    let mut staged = Vec::new();
    for (path, bytes) in files {
        let old = fs::read(path).map_err(|error| StorageError::Read {
            path: path.to_path_buf(),
            error,
        })?;
        let (temporary, path) = stage(bytes, path.to_path_buf())?;
        compare(temporary.path(), bytes)?;
        staged.push((temporary, path, old));
    }
    let mut replaced: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for (temporary, path, old) in staged {
        if let Err(error) = place(temporary, &path, Replace::Allow) {
            for (path, old) in &replaced {
                store_file(old, path, Replace::Allow)?;
            }
            return Err(error);
        }
        replaced.push((path, old));
    }
    files
        .iter()
        .try_for_each(|(path, bytes)| compare(path, bytes))
}

fn compare(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    match fs::read(path) {
        Ok(read) if read == bytes => Ok(()),
        Ok(_) => Err(StorageError::Corrupted {
            path: path.to_owned(),
        }),
        Err(error) => Err(StorageError::Read {
            path: path.to_owned(),
            error,
        }),
    }
}

fn below(root: &Path, path: &RelativePath) -> PathBuf {
    path.components()
        .fold(root.to_owned(), |path, name| path.join(name))
}

/// A temporary file has the mode 0600 from its start.
fn stage(bytes: &[u8], path: PathBuf) -> Result<(NamedTempFile, PathBuf), StorageError> {
    let write = |folder: &Path| -> io::Result<NamedTempFile> {
        fs::create_dir_all(folder)?;
        let mut temporary = NamedTempFile::new_in(folder)?;
        temporary.write_all(bytes)?;
        temporary.as_file().sync_all()?;
        Ok(temporary)
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    match write(folder) {
        Ok(temporary) => Ok((temporary, path)),
        Err(error) => Err(StorageError::Write { path, error }),
    }
}

fn place(temporary: NamedTempFile, path: &Path, replace: Replace) -> Result<(), StorageError> {
    let placed = match replace {
        Replace::Allow => temporary.persist(path),
        Replace::Refuse => temporary.persist_noclobber(path),
    };
    placed.map_err(|failure| match failure.error.kind() {
        io::ErrorKind::AlreadyExists => StorageError::Occupied {
            path: path.to_owned(),
        },
        _ => StorageError::Write {
            path: path.to_owned(),
            error: failure.error,
        },
    })?;
    let folder = path.parent().unwrap_or(Path::new("."));
    // Where a folder cannot be opened as a file (Windows), the rename alone has to do.
    if let Ok(folder) = File::open(folder) {
        folder.sync_all().map_err(|error| StorageError::Write {
            path: path.to_owned(),
            error,
        })?;
    }
    Ok(())
}
