//! The SDK for Swift.

mod api;
mod doorway;
mod sources;
mod toolchain;
mod xcframework;

use std::{fs, path::Path, process::Command};

pub(crate) use self::api::renew as renew_api;
use self::{toolchain::Swift, xcframework::Written};
use crate::{
    mobile, page,
    step::{Failure, build_programs, cargo, run},
    tools,
};

/// What has a Swift package.
const PACKAGES: [&str; 2] = ["bindings/swift", "mobile-demo/ios/NaruDemoModel"];

/// Builds and tests the package and the demo's view models: with the real relay, and the real page in
/// a real browser.
pub(crate) fn test(root: &Path) -> Result<(), Failure> {
    let swift = Swift::ensure()?;
    tools::ensure_browsers()?;
    page::build(root)?;
    build_programs(root, &["naru-relay", "naru-tests"])?;
    let library = sources::generate(root)?;
    sources::snippets(root)?;
    sources::link(root, &library)?;
    if cfg!(target_os = "macos") {
        // There the package has the core from the XCFramework.
        mobile::quick(root)?;
        assemble(root, &root.join("bindings/swift"))?;
    }
    let samples = root.join("target").join("samples");
    crate::run::samples(&samples)?;
    page::install(&root.join("tests/browser"))?;
    let (folder, environment) = (root.join("tests/browser"), samples.clone());
    let port = doorway::open(move || {
        let mut peer = Command::new("node");
        peer.current_dir(&folder).env("NARU_SAMPLES", &environment);
        peer.arg("peer.mjs");
        peer
    })
    .map_err(|error| Failure::Other(format!("a port for the tests: {error}")))?;
    parse_views(root, &swift)?;
    let program = sources::program(root)?;
    run(swift
        .command(root, &program)
        .args(["build", "--disable-sandbox"]))?;
    for package in PACKAGES {
        run(swift
            .command(root, &root.join(package))
            .args(["test", "--disable-sandbox"])
            .env("NARU_BINARIES", root.join("target/debug"))
            .env("NARU_PROGRAM", program.join(".build/debug/Receiver"))
            .env("NARU_SAMPLES", &samples)
            .env("NARU_PAGE_PORT", port.to_string()))?;
    }
    // The snapshot is Linux's, which has no Keychain.
    if cfg!(target_os = "linux") {
        api::check(root, &swift)?;
    }
    Ok(())
}

/// Parses what needs Apple's frameworks, which is all that can be said of it elsewhere.
fn parse_views(root: &Path, swift: &Swift) -> Result<(), Failure> {
    let folder = root.join("mobile-demo/ios/App");
    let entries = fs::read_dir(&folder).map_err(|error| Failure::Other(error.to_string()))?;
    let views = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == "swift"));
    run(swift
        .program("swiftc", root, &folder)
        .arg("-parse")
        .args(views))
}

/// Builds the library for apps on Linux, and puts it and what is generated into the package.
pub(crate) fn linux(root: &Path) -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        return Err(Failure::Other(
            "apps on Linux are built there; on a Mac it is `cargo xtask xcframework`".into(),
        ));
    }
    sources::generate(root)?;
    run(cargo()
        .current_dir(root)
        .args(["build", "--quiet", "--release", "-p", "naru-uniffi"]))?;
    sources::link(root, &root.join("target/release/libnaru_uniffi.so"))
}

/// Builds the libraries for Apple's platforms, and puts them and what is generated into the package.
pub(crate) fn xcframework(root: &Path) -> Result<(), Failure> {
    mobile::build(root, &mobile::Options::default())?;
    sources::generate(root)?;
    let written = assemble(root, &root.join("bindings/swift"))?;
    println!("{}", written.folder.display());
    println!("{}", written.archive.display());
    println!("checksum: {}", written.checksum);
    Ok(())
}

/// Assembles the XCFramework of the libraries that the tests have built, and reads it back.
pub(crate) fn check_xcframework(root: &Path) -> Result<(), Failure> {
    sources::generate(root)?;
    assemble(root, &root.join("target").join("swift")).map(drop)
}

fn assemble(root: &Path, into: &Path) -> Result<Written, Failure> {
    let libraries = root.join("target").join("mobile");
    let library = |target: &str| libraries.join(target).join("libnaru_uniffi.a");
    xcframework::assemble(library, &sources::headers(root), into)
}
