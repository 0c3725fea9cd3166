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

/// A cargo that builds for `target` into `target/cross`.
pub(crate) fn cargo_for(root: &Path, target: &str) -> Result<Command, Failure> {
    if succeeds("rustup", &["target", "add", target]) {
        return Ok(build(cargo(), root, target));
    }
    debian(root, target)
}

/// The same for the smallest result of a profile, which stops at a panic without a word: the standard
/// library is built with it. Where its sources cannot be had, the result is larger.
pub(crate) fn smallest_cargo_for(
    root: &Path,
    target: &str,
    profile: &str,
) -> Result<Command, Failure> {
    let mut command = if succeeds("rustup", &["component", "add", "rust-src"]) {
        let mut command = build(cargo(), root, target);
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .args(["-Z", "build-std=std,panic_abort"]);
        command
    } else {
        match debian(root, target) {
            Ok(command) => command,
            Err(_) => {
                let mut command = cargo_for(root, target)?;
                command.args(["--profile", profile]);
                return Ok(command);
            }
        }
    };
    command
        .env("RUSTFLAGS", "-Zlocation-detail=none -Zfmt-debug=none")
        .env(
            format!("CARGO_PROFILE_{}_PANIC", profile.to_uppercase()),
            "immediate-abort",
        )
        .args([
            "--profile",
            profile,
            "-Z",
            "build-std-features=optimize_for_size",
            "-Z",
            "panic-immediate-abort",
        ]);
    Ok(command)
}

/// Debian's compiler, which brings the sources of its standard library.
fn debian(root: &Path, target: &str) -> Result<Command, Failure> {
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
    let mut command = build(Command::new("/usr/bin/cargo"), root, target);
    let path = std::env::var("PATH").unwrap_or_default();
    command
        .env("PATH", format!("/usr/bin:{path}"))
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO")
        .args(["-Z", "build-std=std,panic_abort"]);
    Ok(command)
}

fn build(mut cargo: Command, root: &Path, target: &str) -> Command {
    cargo
        .args(["build", "--target", target])
        .arg("--target-dir")
        .arg(root.join("target").join("cross"))
        .current_dir(root);
    cargo
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
