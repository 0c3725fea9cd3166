//! Building the page: the core as WebAssembly, then TypeScript and styles.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use flate2::{Compression, write::GzEncoder};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    step::{Failure, run},
    targets,
    tools::ensure_npm,
};

/// What the page is made of, besides its own folder.
const SOURCES: [&str; 6] = [
    "core/src",
    "core/Cargo.toml",
    "bindings/wasm",
    "Cargo.toml",
    "Cargo.lock",
    "xtask/src/page.rs",
];

/// Builds the page into `server/page/dist`, unless it is newer than everything that it is made of.
pub(crate) fn build(root: &Path) -> Result<(), Failure> {
    let page = root.join("server/page");
    let built = modified(&page.join("dist/index.html"));
    let own = [
        "src",
        "index.html",
        "package-lock.json",
        "tsconfig.json",
        "vite.config.ts",
    ]
    .map(|name| page.join(name));
    let sources = SOURCES
        .iter()
        .map(|name| root.join(name))
        .chain(own.clone());
    let newest = sources.filter_map(|path| newest(&path)).max();
    if built.is_some() && built > newest {
        return Ok(());
    }
    eprintln!("building the page");
    wasm(root, &page)?;
    install(&page)?;
    run(Command::new("npm")
        .current_dir(&page)
        .args(["run", "--silent", "build"]))?;
    compress(&page.join("dist/assets"))
        .map_err(|error| Failure::Other(format!("compressing the page: {error}")))
}

/// Puts a gzip (RFC 1952) beside each asset, for the relay to hand out.
fn compress(assets: &Path) -> io::Result<()> {
    for entry in fs::read_dir(assets)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_owned();
        let mut compressed = name;
        compressed.push(".gz");
        let file = fs::File::create(path.with_file_name(compressed))?;
        let mut encoder = GzEncoder::new(file, Compression::best());
        io::copy(&mut fs::File::open(&path)?, &mut encoder)?;
        encoder.finish()?;
    }
    Ok(())
}

/// The packages of the page, as its lock file has them.
pub(crate) fn install(folder: &Path) -> Result<(), Failure> {
    ensure_npm()?;
    let lock = modified(&folder.join("package-lock.json"));
    if modified(&folder.join("node_modules/.package-lock.json")) >= lock && lock.is_some() {
        return Ok(());
    }
    run(Command::new("npm")
        .current_dir(folder)
        .args(["ci", "--silent", "--no-audit", "--no-fund"]))
}

fn wasm(root: &Path, page: &Path) -> Result<(), Failure> {
    eprintln!("    the core as WebAssembly");
    let mut cargo = targets::cargo_for(root, targets::WASM)?;
    run(cargo.args(["--quiet", "--profile", "page", "-p", "naru-wasm"]))?;
    let library = root
        .join("target/cross")
        .join(targets::WASM)
        .join("page/naru_wasm.wasm");
    let failure = |error: &dyn std::fmt::Display| Failure::Other(format!("wasm-bindgen: {error}"));
    Bindgen::new()
        .input_path(library)
        .omit_default_module_path(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .web(true)
        .and_then(|bindgen| bindgen.typescript(true).generate(page.join("src/wasm")))
        .map_err(|error| failure(&error))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .ok()
}

/// The latest change of a file, or below a folder; what is generated there does not count.
fn newest(path: &Path) -> Option<SystemTime> {
    if path.is_file() {
        return modified(path);
    }
    let entries = fs::read_dir(path)
        .and_then(Iterator::collect::<io::Result<Vec<_>>>)
        .ok()?;
    let paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths
        .iter()
        .filter(|path| !path.ends_with("src/wasm"))
        .filter_map(|path| newest(path))
        .max()
}
