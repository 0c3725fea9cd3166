//! The libraries that apps for phones are linked with, and what has to hold for them.

mod bionic;
mod inspect;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use self::bionic::Sysroot;
use crate::{
    step::{Failure, run},
    targets,
};

/// What to build.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Optimises the whole program only where its size is bounded: the way of the tests.
    #[arg(long)]
    quick: bool,
}

/// A platform of phones, or of the machines on which apps for them are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Android,
    Ios,
    IosSimulator,
    MacOs,
}

/// One library to build.
struct Target {
    triple: &'static str,
    system: System,
    /// Most bytes of the shared library.
    budget: Option<u64>,
}

/// 1.5 MiB.
const BUDGET: u64 = 1_572_864;

const TARGETS: [Target; 6] = [
    Target {
        triple: "aarch64-linux-android",
        system: System::Android,
        budget: Some(BUDGET),
    },
    Target {
        triple: "x86_64-linux-android",
        system: System::Android,
        budget: None,
    },
    Target {
        triple: "aarch64-apple-ios",
        system: System::Ios,
        budget: None,
    },
    Target {
        triple: "aarch64-apple-ios-sim",
        system: System::IosSimulator,
        budget: None,
    },
    Target {
        triple: "x86_64-apple-ios",
        system: System::IosSimulator,
        budget: None,
    },
    Target {
        triple: "aarch64-apple-darwin",
        system: System::MacOs,
        budget: None,
    },
];

/// Builds and checks every library; they are in `target/mobile`, in a folder for each target.
pub(crate) fn build(root: &Path, options: &Options) -> Result<(), Failure> {
    build_all(root, options, |_| true)
}

/// Builds and checks what the AAR packs.
pub(crate) fn for_aar(root: &Path) -> Result<(), Failure> {
    let options = Options { quick: false };
    build_all(root, &options, |target| target.system == System::Android)
}

fn build_all(
    root: &Path,
    options: &Options,
    wanted: impl Fn(&Target) -> bool,
) -> Result<(), Failure> {
    for target in TARGETS.iter().filter(|target| wanted(target)) {
        eprintln!("    {}", target.triple);
        let folder = library(root, target, options)?;
        inspect::archive(&folder.join("libnaru_uniffi.a"), target)?;
        if target.system == System::Android {
            inspect::shared(&folder.join("libnaru_uniffi.so"), target)?;
        }
    }
    Ok(())
}

/// As the tests want it.
pub(crate) fn quick(root: &Path) -> Result<(), Failure> {
    build(root, &Options { quick: true })
}

fn library(root: &Path, target: &Target, options: &Options) -> Result<PathBuf, Failure> {
    let mut cargo = targets::cargo_rustc_for(root, target.triple)?;
    cargo.args([
        "--quiet",
        "--profile",
        "mobile",
        "-p",
        "naru-uniffi",
        "--lib",
    ]);
    if options.quick && target.budget.is_none() {
        cargo
            .env("CARGO_PROFILE_MOBILE_LTO", "off")
            .env("CARGO_PROFILE_MOBILE_CODEGEN_UNITS", "16");
    }
    let files: &[&str] = if target.system == System::Android {
        for_android(root, target, &mut cargo)?;
        cargo.args(["--crate-type", "cdylib,staticlib"]);
        &["libnaru_uniffi.so", "libnaru_uniffi.a"]
    } else {
        cargo.args(["--crate-type", "staticlib"]);
        &["libnaru_uniffi.a"]
    };
    run(&mut cargo)?;
    let built = root.join("target/cross").join(target.triple).join("mobile");
    let folder = root.join("target/mobile").join(target.triple);
    let copy = || -> std::io::Result<()> {
        fs::create_dir_all(&folder)?;
        for file in files {
            fs::copy(built.join(file), folder.join(file))?;
        }
        Ok(())
    };
    copy().map_err(|error| Failure::Other(format!("{}: {error}", folder.display())))?;
    Ok(folder)
}

/// Links by the NDK where it is, else by lld against what bionic is known to have.
fn for_android(root: &Path, target: &Target, cargo: &mut Command) -> Result<(), Failure> {
    let name = target.triple.replace('-', "_").to_uppercase();
    let mut flags = Vec::new();
    let linker = match ndk(target.triple) {
        Some(clang) => {
            flags.push("-Clink-arg=-Wl,-z,max-page-size=16384".to_owned());
            clang
        }
        None => {
            let sysroot = Sysroot::make(root, target.triple)?;
            cargo.args(["--features", "unwinder"]);
            flags.extend([
                "-Clinker-flavor=ld.lld".to_owned(),
                "-Clink-args=-z max-page-size=16384 -z defs --as-needed".to_owned(),
                format!("-L{}", sysroot.folder.display()),
            ]);
            sysroot.linker
        }
    };
    flags.push("-Clink-arg=-soname=libnaru_uniffi.so".to_owned());
    cargo
        .env(format!("CARGO_TARGET_{name}_LINKER"), linker)
        // A flag may hold spaces.
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    Ok(())
}

/// The NDK's compiler for minSdk 24.
fn ndk(triple: &str) -> Option<PathBuf> {
    let home = std::env::var_os("ANDROID_NDK_HOME")?;
    let prebuilt = Path::new(&home).join("toolchains/llvm/prebuilt");
    let hosts = fs::read_dir(prebuilt).ok()?.flatten();
    hosts
        .map(|host| host.path().join(format!("bin/{triple}24-clang")))
        .find(|clang| clang.exists())
}
