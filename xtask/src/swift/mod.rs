//! The SDK for Swift.

mod doorway;
mod sources;
mod toolchain;
mod xcframework;

use std::{path::Path, process::Command};

use self::toolchain::Swift;
use crate::{
    page,
    step::{Failure, cargo, run},
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
    run(cargo()
        .current_dir(root)
        .args(["build", "--quiet", "-p", "naru-relay"]))?;
    sources::generate(root)?;
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
    let libraries = root.join("target/debug");
    for package in PACKAGES {
        run(swift
            .command(root, &root.join(package))
            .args(["test", "--disable-sandbox", "-Xlinker"])
            .arg(format!("-L{}", libraries.display()))
            .env("LD_LIBRARY_PATH", &libraries)
            .env("NARU_BINARIES", &libraries)
            .env("NARU_SAMPLES", &samples)
            .env("NARU_PAGE_PORT", port.to_string()))?;
    }
    Ok(())
}
