//! What is generated of the Swift package.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::xcframework::MODULE;
use crate::{
    bindings::{self, Language},
    step::Failure,
};

/// Where the C headers of the core are.
pub(super) fn headers(root: &Path) -> PathBuf {
    root.join("bindings/swift/Sources")
        .join(MODULE)
        .join("include")
}

/// Builds the library for this machine, and puts into the package what calls it; yields the library.
pub(super) fn generate(root: &Path) -> Result<PathBuf, Failure> {
    let library = bindings::build(root)?;
    let out = root.join("target").join("swift").join("generated");
    fs::create_dir_all(&out).map_err(failure)?;
    bindings::generate(root, &library, Language::Swift, &out)?;
    let read = |name: &str| fs::read_to_string(out.join(name)).map_err(failure);
    let sources = root.join("bindings/swift/Sources");
    let include = headers(root);
    put(
        &sources.join("NaruGenerated/NaruGenerated.swift"),
        &read("NaruGenerated.swift")?,
    )?;
    put(&include.join("NaruFFI.h"), &read("NaruFFI.h")?)?;
    put(
        &include.join("module.modulemap"),
        &read("NaruFFI.modulemap")?,
    )?;
    // A target of C has at least one source.
    put(
        &sources.join(MODULE).join("NaruFFI.c"),
        "#include \"NaruFFI.h\"\n",
    )?;
    Ok(library)
}

/// On Linux puts the library into the package, from where apps link it, and its tests as they do.
pub(super) fn link(root: &Path, library: &Path) -> Result<(), Failure> {
    let name = library.file_name();
    let Some(name) = name.filter(|_| cfg!(target_os = "linux")) else {
        return Ok(());
    };
    let folder = root.join("bindings/swift/Linux");
    fs::create_dir_all(&folder).map_err(failure)?;
    // A program that runs has the old one until it ends.
    let new = folder.join("new");
    fs::copy(library, &new).map_err(failure)?;
    fs::rename(&new, folder.join(name)).map_err(failure)
}

/// Takes the README's snippets into a test, which compiles them.
pub(super) fn snippets(root: &Path) -> Result<(), Failure> {
    let package = root.join("bindings/swift");
    let readme = fs::read_to_string(package.join("README.md")).map_err(failure)?;
    let snippets = readme
        .split("```swift\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .map(|(snippet, _)| snippet);
    let text = snippets.collect::<Vec<_>>().join("\n");
    put(&package.join("Tests/ReadmeTests/Snippets.swift"), &text)
}

/// Makes the README's whole program in a folder of its own, which it yields.
pub(super) fn program(root: &Path) -> Result<PathBuf, Failure> {
    let package = root.join("bindings/swift");
    let readme = fs::read_to_string(package.join("README.md")).map_err(failure)?;
    let folder = root.join("target/swift/program");
    for name in ["Package.swift", "Sources/Receiver/main.swift"] {
        let file = readme
            .split_once(&format!("```swift {name}\n"))
            .and_then(|(_, rest)| rest.split_once("```"));
        let (text, _) =
            file.ok_or_else(|| Failure::Other(format!("the Swift README has no {name}")))?;
        let here = package.display().to_string();
        put(
            &folder.join(name),
            &text.replace("/path/to/naru/bindings/swift", &here),
        )?;
    }
    Ok(folder)
}

/// Writes a file that has changed; others keep their time, by which Swift decides what to build.
fn put(path: &Path, text: &str) -> Result<(), Failure> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    path.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(path, text))
        .map_err(failure)
}

fn failure(error: io::Error) -> Failure {
    Failure::Other(format!("the Swift package: {error}"))
}
