//! The SDK for Android and the JVM: what it is generated from, and its tests.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    bindings::{self, Language},
    page,
    step::{Failure, build_programs, run},
    tools,
};

/// Builds the library, and generates the Kotlin that calls it into `target/kotlin/generated`.
pub(crate) fn generate(root: &Path) -> Result<(), Failure> {
    let library = bindings::build(root)?;
    let out = root.join("target/kotlin/generated");
    bindings::generate(root, &library, Language::Kotlin, &out)
}

/// Builds and tests the SDK, with the real relay and the real page.
pub(crate) fn test(root: &Path) -> Result<(), Failure> {
    prepare(root)?;
    run(tools::maven(&project(root)).arg("verify"))
}

/// Writes the public interface anew into `bindings/kotlin/api.txt`.
pub(crate) fn write_interface(root: &Path) -> Result<(), Failure> {
    prepare(root)?;
    run(tools::maven(&project(root)).args([
        "test",
        "-Dtest=PublicInterfaceTest",
        "-Dnaru.interface=write",
    ]))
}

fn prepare(root: &Path) -> Result<(), Failure> {
    tools::ensure_maven()?;
    tools::ensure_browsers()?;
    page::build(root)?;
    page::install(&root.join("tests/browser"))?;
    build_programs(root, &["naru-relay", "naru-tests"])?;
    crate::run::samples(&root.join("target/samples"))?;
    generate(root)?;
    snippets(root)
}

fn project(root: &Path) -> PathBuf {
    root.join("bindings/kotlin")
}

/// Makes test sources of the Kotlin in the README, each block in a package of its own, so that what
/// people copy compiles.
fn snippets(root: &Path) -> Result<(), Failure> {
    let failure = |error| Failure::Other(format!("the README's snippets: {error}"));
    let readme = fs::read_to_string(root.join("bindings/kotlin/README.md")).map_err(failure)?;
    let folder = root.join("target/kotlin/snippets");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failure)?;
    }
    fs::create_dir_all(&folder).map_err(failure)?;
    let blocks = readme
        .split("```kotlin\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```").map(|(block, _)| block));
    for (at, block) in blocks.enumerate() {
        let source = format!("package kr.naru.readme.snippet{at}\n\n{block}");
        fs::write(folder.join(format!("Snippet{at}.kt")), source).map_err(failure)?;
    }
    Ok(())
}
