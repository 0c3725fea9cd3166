//! The XCFramework: the libraries for Apple's platforms in the form that Xcode takes.

mod check;

use std::{
    fmt::Write as _,
    fs,
    io::{self, Cursor, Write as _},
    path::{Path, PathBuf},
};

use fat_macho::FatWriter;
use plist::{Dictionary, Value};
use sha2::{Digest, Sha256};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::step::Failure;

/// The module that Swift imports.
pub(super) const MODULE: &str = "NaruFFI";
const LIBRARY: &str = "libnaru_uniffi.a";

/// One library of an XCFramework.
pub(super) struct Slice {
    /// The name of its folder.
    pub(super) identifier: &'static str,
    platform: &'static str,
    variant: Option<&'static str>,
    /// Apple's name of each architecture, and Rust's of its target.
    pub(super) architectures: &'static [(&'static str, &'static str)],
}

/// Everything on which the SDK runs.
pub(super) const SLICES: [Slice; 3] = [
    Slice {
        identifier: "ios-arm64",
        platform: "ios",
        variant: None,
        architectures: &[("arm64", "aarch64-apple-ios")],
    },
    Slice {
        identifier: "ios-arm64_x86_64-simulator",
        platform: "ios",
        variant: Some("simulator"),
        architectures: &[
            ("arm64", "aarch64-apple-ios-sim"),
            ("x86_64", "x86_64-apple-ios"),
        ],
    },
    Slice {
        identifier: "macos-arm64",
        platform: "macos",
        variant: None,
        architectures: &[("arm64", "aarch64-apple-darwin")],
    },
];

/// Where an XCFramework has been written.
pub(super) struct Written {
    /// Its folder.
    pub(super) folder: PathBuf,
    /// The same as a zip.
    pub(super) archive: PathBuf,
    /// The zip's SHA-256, as `swift package compute-checksum` prints it.
    pub(super) checksum: String,
}

/// Assembles `NaruFFI.xcframework` in `into` from the static libraries that `library` finds and the
/// headers of `headers`, and reads it back.
pub(super) fn assemble(
    library: impl Fn(&str) -> PathBuf,
    headers: &Path,
    into: &Path,
) -> Result<Written, Failure> {
    let folder = into.join(format!("{MODULE}.xcframework"));
    let failure = |error: io::Error| Failure::Other(format!("{}: {error}", folder.display()));
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failure)?;
    }
    for slice in &SLICES {
        let place = folder.join(slice.identifier);
        // A folder of the module's own: Xcode puts the headers of all frameworks into one.
        let include = place.join("Headers").join(MODULE);
        fs::create_dir_all(&include).map_err(failure)?;
        for header in ["NaruFFI.h", "module.modulemap"] {
            fs::copy(headers.join(header), include.join(header)).map_err(failure)?;
        }
        fs::write(place.join(LIBRARY), join(slice, &library)?).map_err(failure)?;
    }
    description()
        .to_file_xml(folder.join("Info.plist"))
        .map_err(|error| Failure::Other(format!("Info.plist: {error}")))?;
    check::check(&folder)?;
    let bytes = archive(&folder).map_err(failure)?;
    let archive = into.join(format!("{MODULE}.xcframework.zip"));
    fs::write(&archive, &bytes).map_err(failure)?;
    let checksum = Sha256::digest(&bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
    Ok(Written {
        folder,
        archive,
        checksum,
    })
}

/// A slice's library, with all its architectures.
fn join(slice: &Slice, library: impl Fn(&str) -> PathBuf) -> Result<Vec<u8>, Failure> {
    let read = |target: &str| {
        let path = library(target);
        fs::read(&path).map_err(|error| Failure::Other(format!("{}: {error}", path.display())))
    };
    if let [(_, target)] = slice.architectures {
        return read(target);
    }
    let failure = |error: &dyn std::fmt::Display| {
        Failure::Other(format!("joining {}: {error}", slice.identifier))
    };
    let mut writer = FatWriter::new();
    for (_, target) in slice.architectures {
        writer.add(read(target)?).map_err(|error| failure(&error))?;
    }
    let mut bytes = Vec::new();
    writer
        .write_to(&mut bytes)
        .map_err(|error| failure(&error))?;
    Ok(bytes)
}

/// What Xcode reads to choose a slice.
fn description() -> Value {
    let libraries = SLICES.iter().map(|slice| {
        let architectures = slice.architectures.iter();
        let architectures = architectures.map(|(name, _)| Value::from(*name)).collect();
        let mut library = Dictionary::new();
        library.insert("BinaryPath".into(), LIBRARY.into());
        library.insert("HeadersPath".into(), "Headers".into());
        library.insert("LibraryIdentifier".into(), slice.identifier.into());
        library.insert("LibraryPath".into(), LIBRARY.into());
        library.insert("SupportedArchitectures".into(), Value::Array(architectures));
        library.insert("SupportedPlatform".into(), slice.platform.into());
        if let Some(variant) = slice.variant {
            library.insert("SupportedPlatformVariant".into(), variant.into());
        }
        Value::Dictionary(library)
    });
    let mut description = Dictionary::new();
    description.insert(
        "AvailableLibraries".into(),
        Value::Array(libraries.collect()),
    );
    description.insert("CFBundlePackageType".into(), "XFWK".into());
    description.insert("XCFrameworkFormatVersion".into(), "1.0".into());
    Value::Dictionary(description)
}

/// The folder as a zip whose bytes depend on nothing but its files.
fn archive(folder: &Path) -> io::Result<Vec<u8>> {
    let base = folder.parent().unwrap_or(folder);
    let mut files = Vec::new();
    files_below(folder, &mut files)?;
    files.sort();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for path in files {
        let name = path.strip_prefix(base).unwrap_or(&path).to_string_lossy();
        zip.start_file(name, SimpleFileOptions::default())?;
        zip.write_all(&fs::read(&path)?)?;
    }
    Ok(zip.finish()?.into_inner())
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files_below(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
