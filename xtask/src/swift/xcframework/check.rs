//! Reads an XCFramework back, as Xcode would.

use std::{fs, path::Path};

use object::{
    Architecture, Endianness, Object,
    macho::{FatArch32, PLATFORM_IOS, PLATFORM_IOSSIMULATOR, PLATFORM_MACOS},
    read::{
        archive::ArchiveFile,
        macho::{FatArch, MachOFatFile, MachOFile64},
    },
};
use plist::{Dictionary, Value};

use super::{LIBRARY, MODULE, SLICES, Slice};
use crate::step::Failure;

/// A function that every library has to have: without it, nothing was linked in.
const SYMBOL: &[u8] = b"_ffi_naru_uniffi_uniffi_contract_version";

/// Whether the framework holds what its description says, and everything that it should.
pub(super) fn check(folder: &Path) -> Result<(), Failure> {
    let wrong = |what: &str| Failure::Other(format!("{}: {what}", folder.display()));
    let description = Value::from_file(folder.join("Info.plist"))
        .map_err(|error| wrong(&format!("Info.plist: {error}")))?;
    let libraries = description
        .as_dictionary()
        .filter(|it| text(it, "CFBundlePackageType") == Some("XFWK"))
        .filter(|it| text(it, "XCFrameworkFormatVersion") == Some("1.0"))
        .and_then(|it| it.get("AvailableLibraries")?.as_array())
        .ok_or_else(|| wrong("Info.plist is not that of an XCFramework"))?;
    if libraries.len() != SLICES.len() {
        return Err(wrong("another number of libraries"));
    }
    for slice in &SLICES {
        let described = libraries
            .iter()
            .filter_map(Value::as_dictionary)
            .find(|it| text(it, "LibraryIdentifier") == Some(slice.identifier))
            .ok_or_else(|| wrong(&format!("no {}", slice.identifier)))?;
        check_slice(folder, described, slice)
            .map_err(|what| wrong(&format!("{}: {what}", slice.identifier)))?;
    }
    Ok(())
}

fn check_slice(folder: &Path, described: &Dictionary, slice: &Slice) -> Result<(), String> {
    if text(described, "SupportedPlatform") != Some(slice.platform)
        || text(described, "SupportedPlatformVariant") != slice.variant
        || text(described, "LibraryPath") != Some(LIBRARY)
    {
        return Err("it is described wrongly".into());
    }
    let names = described
        .get("SupportedArchitectures")
        .and_then(Value::as_array)
        .map(|names| {
            names
                .iter()
                .filter_map(Value::as_string)
                .collect::<Vec<_>>()
        })
        .unwrap_or_default();
    let expected: Vec<&str> = slice.architectures.iter().map(|(name, _)| *name).collect();
    if names != expected {
        return Err(format!("{names:?} in place of {expected:?}"));
    }
    let place = folder.join(slice.identifier);
    let headers = place.join("Headers").join(MODULE);
    let map = fs::read_to_string(headers.join("module.modulemap")).map_err(|it| it.to_string())?;
    if !map.contains(MODULE) || !headers.join("NaruFFI.h").exists() {
        return Err("the headers make no module".into());
    }
    let bytes = fs::read(place.join(LIBRARY)).map_err(|it| it.to_string())?;
    if let [only] = expected.as_slice() {
        return check_library(&bytes, only, slice);
    }
    let fat =
        MachOFatFile::<FatArch32>::parse(bytes.as_slice()).map_err(|error| error.to_string())?;
    if fat.arches().len() != expected.len() {
        return Err("another number of architectures".into());
    }
    for name in expected {
        let part = fat
            .arches()
            .iter()
            .find(|part| part.architecture() == architecture(name))
            .ok_or_else(|| format!("no {name}"))?;
        let library = part
            .data(bytes.as_slice())
            .map_err(|error| error.to_string())?;
        check_library(library, name, slice)?;
    }
    Ok(())
}

/// Whether each object is made for this processor and platform, and one of them is the SDK.
fn check_library(bytes: &[u8], name: &str, slice: &Slice) -> Result<(), String> {
    let archive = ArchiveFile::parse(bytes).map_err(|error| error.to_string())?;
    let platform = match (slice.platform, slice.variant) {
        ("ios", None) => PLATFORM_IOS,
        ("ios", Some(_)) => PLATFORM_IOSSIMULATOR,
        _ => PLATFORM_MACOS,
    };
    for member in archive.members() {
        let object = member
            .and_then(|member| member.data(bytes))
            .map_err(|error| error.to_string())?;
        let Ok(object) = MachOFile64::<Endianness>::parse(object) else {
            continue;
        };
        if object.architecture() != architecture(name) {
            return Err(format!("an object is not for {name}"));
        }
        // Objects for the oldest systems do not say for which platform they are.
        if let Ok(Some((version, _))) = object.build_version()
            && version.platform.get(object.endian()) != platform
        {
            return Err("an object is for another platform".into());
        }
    }
    let symbols = archive.symbols().map_err(|error| error.to_string())?;
    let found = symbols
        .into_iter()
        .flatten()
        .flatten()
        .any(|symbol| symbol.name() == SYMBOL);
    if found {
        Ok(())
    } else {
        Err(format!("the library for {name} does not hold the SDK"))
    }
}

fn architecture(name: &str) -> Architecture {
    match name {
        "arm64" => Architecture::Aarch64,
        _ => Architecture::X86_64,
    }
}

fn text<'d>(dictionary: &'d Dictionary, key: &str) -> Option<&'d str> {
    dictionary.get(key).and_then(Value::as_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A framework whose description is right and whose libraries are these bytes.
    fn framework(library: &[u8]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for slice in &SLICES {
            let place = folder.path().join(slice.identifier);
            let headers = place.join("Headers").join(MODULE);
            fs::create_dir_all(&headers).unwrap();
            fs::write(headers.join("NaruFFI.h"), "").unwrap();
            fs::write(headers.join("module.modulemap"), "module NaruFFI {}").unwrap();
            fs::write(place.join(LIBRARY), library).unwrap();
        }
        super::super::description()
            .to_file_xml(folder.path().join("Info.plist"))
            .unwrap();
        folder
    }

    fn complaint(folder: &Path) -> String {
        check(folder).unwrap_err().to_string()
    }

    #[test]
    fn rejects_a_folder_without_a_description() {
        let folder = framework(b"");
        fs::remove_file(folder.path().join("Info.plist")).unwrap();
        assert!(complaint(folder.path()).contains("Info.plist"));
    }

    #[test]
    fn rejects_a_description_that_leaves_a_slice_out() {
        let folder = framework(b"");
        let path = folder.path().join("Info.plist");
        let mut description = Value::from_file(&path).unwrap();
        let libraries = description
            .as_dictionary_mut()
            .and_then(|it| it.get_mut("AvailableLibraries")?.as_array_mut())
            .unwrap();
        libraries.pop();
        description.to_file_xml(&path).unwrap();
        assert!(complaint(folder.path()).contains("number of libraries"));
    }

    #[test]
    fn rejects_a_slice_for_the_simulator_that_does_not_say_so() {
        let folder = framework(b"");
        let path = folder.path().join("Info.plist");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace(">simulator<", ">maccatalyst<")).unwrap();
        let description = Value::from_file(&path).unwrap();
        let libraries = description
            .as_dictionary()
            .and_then(|it| it.get("AvailableLibraries")?.as_array())
            .unwrap();
        let simulator = libraries[1].as_dictionary().unwrap();
        let verdict = check_slice(folder.path(), simulator, &SLICES[1]);
        assert_eq!(verdict.unwrap_err(), "it is described wrongly");
    }

    #[test]
    fn rejects_a_library_without_the_sdk() {
        let folder = framework(b"!<arch>\n");
        assert!(complaint(folder.path()).contains("does not hold the SDK"));
    }

    #[test]
    fn rejects_what_is_no_library() {
        let folder = framework(b"not a library");
        assert!(complaint(folder.path()).contains("ios-arm64"));
    }

    #[test]
    fn rejects_headers_that_make_no_module() {
        let folder = framework(b"!<arch>\n");
        let headers = folder.path().join("ios-arm64/Headers/NaruFFI");
        fs::remove_file(headers.join("NaruFFI.h")).unwrap();
        assert!(complaint(folder.path()).contains("make no module"));
    }
}
