//! The libraries that apps for phones are linked with, and what has to hold for them.

mod bionic;
mod inspect;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use self::bionic::{Sysroot, flavor};
use crate::{
    step::{Failure, run},
    targets::{self, StandardLibrary},
};

/// What to build.
#[derive(Default, clap::Args)]
pub(crate) struct Options {
    /// Optimises the whole program only where its size is bounded: the way of the tests.
    #[arg(long)]
    quick: bool,
    /// Builds for one target only.
    #[arg(long, value_name = "TRIPLE")]
    only: Option<String>,
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

/// What a panic leaves out: where it was, and what values were.
const SMALL: [&str; 2] = ["-Zlocation-detail=none", "-Zfmt-debug=none"];
/// What makes a library smaller that Android 7 and later load.
const LINKING: &str = "-s -z max-page-size=16384 -z defs --as-needed --icf=all --pack-dyn-relocs=android \
                       --hash-style=gnu -O2 -soname libnaru_uniffi.so";
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
    let wanted = |target: &&Target| {
        let only = options.only.as_deref();
        only.is_none_or(|only| only == target.triple)
    };
    for target in TARGETS.iter().filter(wanted) {
        eprintln!("    {}", target.triple);
        let folder = library(root, target, options)?;
        inspect::archive(&folder.join("libnaru_uniffi.a"), target)?;
        if target.system == System::Android {
            inspect::shared(&folder.join("libnaru_uniffi.so"), target)?;
        }
    }
    Ok(())
}

/// Builds and checks the library of one target, as it is handed out.
pub(crate) fn build_for(root: &Path, triple: &str) -> Result<(), Failure> {
    build(
        root,
        &Options {
            quick: false,
            only: Some(triple.to_owned()),
        },
    )
}

/// As the tests want it.
pub(crate) fn quick(root: &Path) -> Result<(), Failure> {
    build(
        root,
        &Options {
            quick: true,
            only: None,
        },
    )
}

fn library(root: &Path, target: &Target, options: &Options) -> Result<PathBuf, Failure> {
    // The whole program, where its size is bounded or the library is handed out.
    let whole = target.budget.is_some() || !options.quick;
    let standard_library = if whole {
        StandardLibrary::Small
    } else {
        StandardLibrary::AsItComes
    };
    let mut cargo = targets::cargo_rustc_for(root, target.triple, standard_library)?;
    cargo.args([
        "--quiet",
        "--profile",
        "mobile",
        "-p",
        "naru-uniffi",
        "--lib",
    ]);
    let mut flags = Vec::new();
    if whole {
        // Known to rustc for long, and stable only where the standard library is built.
        cargo.env("RUSTC_BOOTSTRAP", "1");
        flags.extend(SMALL.map(str::to_owned));
    } else {
        cargo
            .env("CARGO_PROFILE_MOBILE_LTO", "off")
            .env("CARGO_PROFILE_MOBILE_CODEGEN_UNITS", "16");
    }
    let files: &[&str] = if target.system == System::Android {
        flags.extend(for_android(root, target, &mut cargo)?);
        cargo.args(["--crate-type", "cdylib,staticlib"]);
        &["libnaru_uniffi.so", "libnaru_uniffi.a"]
    } else {
        cargo.args(["--crate-type", "staticlib"]);
        &["libnaru_uniffi.a"]
    };
    // A flag may hold spaces.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
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

/// Links by the NDK where it is, else by lld against what bionic is known to have; yields rustc's flags.
fn for_android(root: &Path, target: &Target, cargo: &mut Command) -> Result<Vec<String>, Failure> {
    let name = target.triple.replace('-', "_").to_uppercase();
    let linker = format!("CARGO_TARGET_{name}_LINKER");
    if let Some(clang) = ndk(target.triple) {
        cargo.env(linker, clang);
        let linking = LINKING.split_whitespace();
        return Ok(linking
            .map(|argument| format!("-Clink-arg=-Wl,{argument}"))
            .collect());
    }
    let sysroot = Sysroot::make(root, target.triple)?;
    cargo.args(["--features", "unwinder"]);
    let folder = format!("-L{}", sysroot.folder.display());
    if cargo.get_program() == DEBIAN_CARGO {
        // Debian's compiler can only call a linker through a C compiler's command line.
        let driver = sysroot.folder.join("driver");
        let call = [
            &[sysroot.linker.to_string_lossy().as_ref()],
            flavor(&sysroot.linker),
        ]
        .concat()
        .join(" ");
        executable(&driver, &format!("{DRIVER}\nexec {call} $arguments\n"))
            .map_err(|error| Failure::Other(format!("{}: {error}", driver.display())))?;
        cargo.env(linker, driver);
        return Ok(vec![
            "-Clinker-flavor=gcc".to_owned(),
            format!("-Clink-args={LINKING}"),
            folder,
        ]);
    }
    cargo.env(linker, sysroot.linker);
    Ok(vec![
        "-Clinker-flavor=ld.lld".to_owned(),
        format!("-Clink-args={LINKING}"),
        folder,
    ])
}

const DEBIAN_CARGO: &str = "/usr/bin/cargo";

/// Takes the arguments for a linker out of those for a C compiler.
const DRIVER: &str = r#"#!/bin/sh
arguments=
for argument in "$@"; do
  case "$argument" in
    -Wl,*) arguments="$arguments $(printf %s "${argument#-Wl,}" | tr , ' ')" ;;
    -m32|-m64|-nodefaultlibs|-nostartfiles|-fuse-ld=*|-static-libgcc|-lgcc|-lgcc_s|-pie|-no-pie) ;;
    *) arguments="$arguments $argument" ;;
  esac
done"#;

fn executable(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
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
