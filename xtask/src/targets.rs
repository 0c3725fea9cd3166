//! Building for other platforms: by rustup's targets or, where it has none, by Debian's compiler
//! and a standard library built on the spot.

use std::{path::Path, process::Command};

use crate::{
    step::{Failure, cargo, run, succeeds},
    tools::ensure_packages,
};

/// The page.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";
/// What the core has to compile for.
pub(crate) const ALL: [&str; 3] = [WASM, "aarch64-apple-ios", "aarch64-linux-android"];

/// A cargo that builds for `target`, and the folder that it builds into.
pub(crate) fn cargo_for(root: &Path, target: &str) -> Result<Command, Failure> {
    let folder = root.join("target").join("cross");
    if succeeds("rustup", &["target", "add", target]) {
        let mut command = cargo();
        command
            .args(["build", "--target", target])
            .arg("--target-dir")
            .arg(folder);
        command.current_dir(root);
        return Ok(command);
    }
    ensure_packages(
        &[
            "/usr/bin/rustc",
            "/usr/bin/cargo",
            "/usr/src/rustc-1.96.0/library",
            "/usr/bin/ld.lld-22",
        ],
        &[
            "rustc-web",
            "cargo-web",
            "rust-web-src",
            "rust-web-llvm",
            "lld-22",
        ],
    )
    .or_else(|error| {
        if Path::new("/usr/bin/cargo").exists() {
            Ok(())
        } else {
            Err(error)
        }
    })?;
    let mut command = Command::new("/usr/bin/cargo");
    let path = std::env::var("PATH").unwrap_or_default();
    command
        .env("PATH", format!("/usr/bin:{path}"))
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO")
        .args([
            "build",
            "--target",
            target,
            "-Z",
            "build-std=std,panic_abort",
        ])
        .arg("--target-dir")
        .arg(folder)
        .current_dir(root);
    Ok(command)
}

/// Builds the core for a platform, with everything that a phone takes.
pub(crate) fn build_core(root: &Path, target: &str) -> Result<(), Failure> {
    let mut command = cargo_for(root, target)?;
    run(command.args([
        "--quiet",
        "-p",
        "naru-core",
        "--features",
        "transfer,qr-draw,qr-read",
    ]))
}
