//! Building for other platforms: by rustup's targets or, where it has none, with a standard library built
//! on the spot, from rustup's sources or by Debian's compiler.

use std::{path::Path, process::Command};

use crate::{
    step::{Failure, cargo, succeeds},
    tools::ensure_packages,
};

/// The page.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Neither places nor `Debug` in the result, and rounds in loops where ciphers and hashes offer them.
const SMALL: [&str; 4] = [
    "-Zlocation-detail=none",
    "-Zfmt-debug=none",
    "--cfg=aes_backend_soft=\"compact\"",
    "--cfg=sha2_backend_soft=\"compact\"",
];

/// A cargo that builds for `target` into `target/cross`.
pub(crate) fn cargo_for(root: &Path, target: &str) -> Result<Command, Failure> {
    command_for(root, target, "build")
}

/// The same for one crate, of which the caller says what it is to become.
pub(crate) fn cargo_rustc_for(
    root: &Path,
    target: &str,
    library: StandardLibrary,
) -> Result<Command, Failure> {
    match library {
        StandardLibrary::AsItComes => command_for(root, target, "rustc"),
        StandardLibrary::Small => {
            let mut command = from_sources(root, target, "rustc")?;
            command.args(["-Z", "build-std-features=panic-unwind,optimize_for_size"]);
            Ok(command)
        }
    }
}

/// Which standard library something is built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StandardLibrary {
    /// The toolchain's.
    AsItComes,
    /// Built for it, for size: unwinds, and cannot print backtraces.
    Small,
}

fn command_for(root: &Path, target: &str, subcommand: &str) -> Result<Command, Failure> {
    if succeeds("rustup", &["target", "add", target]) {
        return Ok(prepared(cargo(), root, target, subcommand));
    }
    from_sources(root, target, subcommand)
}

/// Builds the standard library as well: from rustup's sources or, where it has none, from Debian's.
fn from_sources(root: &Path, target: &str, subcommand: &str) -> Result<Command, Failure> {
    if !succeeds("rustup", &["component", "add", "rust-src"]) {
        return debian(root, target, subcommand);
    }
    let mut command = prepared(cargo(), root, target, subcommand);
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["-Z", "build-std=std,panic_abort"]);
    Ok(command)
}

/// The same for the smallest result of a profile, which stops at a panic without a word: the standard
/// library is built with it. Where its sources cannot be had, the result is larger.
pub(crate) fn smallest_cargo_for(
    root: &Path,
    target: &str,
    profile: &str,
) -> Result<Command, Failure> {
    let Ok(mut command) = from_sources(root, target, "build") else {
        let mut command = cargo_for(root, target)?;
        command.args(["--profile", profile]);
        return Ok(command);
    };
    command
        .env("RUSTFLAGS", SMALL.join(" "))
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
fn debian(root: &Path, target: &str, subcommand: &str) -> Result<Command, Failure> {
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
    let mut command = prepared(Command::new("/usr/bin/cargo"), root, target, subcommand);
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

fn prepared(mut cargo: Command, root: &Path, target: &str, subcommand: &str) -> Command {
    cargo
        .args([subcommand, "--target", target])
        .arg("--target-dir")
        .arg(root.join("target").join("cross"))
        .current_dir(root);
    cargo
}
