//! Building the page: the core as WebAssembly, then TypeScript and styles.

mod order;

use std::{
    fs, io,
    num::NonZeroU64,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use wasm_bindgen_cli_support::Bindgen;
use zopfli::{BlockType, GzipEncoder, Options};

use crate::{
    step::{Failure, run},
    targets,
    tools::ensure_npm,
};

/// What the page loads before it can do anything, as the relay hands it out.
const MOST_CORE_BYTES: u64 = 250_000;
/// More make the page smaller by a few bytes, and building it slower by many seconds.
const ZOPFLI_ITERATIONS: NonZeroU64 = NonZeroU64::new(5).unwrap();

/// What the compiler makes use of, and browsers have had since 2021.
const FEATURES: [&str; 6] = [
    "bulk-memory",
    "multivalue",
    "mutable-globals",
    "nontrapping-float-to-int",
    "reference-types",
    "sign-ext",
];

/// What the page is made of, besides its own folder.
const SOURCES: [&str; 7] = [
    "core/src",
    "core/Cargo.toml",
    "bindings/wasm",
    "Cargo.toml",
    "Cargo.lock",
    "xtask/src/page.rs",
    "xtask/src/page",
];

/// Builds the page into `server/page/dist`, unless it is newer than everything that it is made of.
pub(crate) fn build(root: &Path) -> Result<(), Failure> {
    let page = root.join("server/page");
    let built = modified(&page.join("dist/index.html"));
    let own = [
        "src",
        "index.html",
        "channel.html",
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
    install(&page)?;
    wasm(root, &page)?;
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
        let options = Options {
            iteration_count: ZOPFLI_ITERATIONS,
            ..Options::default()
        };
        let mut encoder = GzipEncoder::new_buffered(options, BlockType::Dynamic, file)?;
        io::copy(&mut fs::File::open(&path)?, &mut encoder)?;
        encoder.into_inner()?.finish()?;
    }
    Ok(())
}

/// Keeps the core as small as it is.
pub(crate) fn check_size(root: &Path) -> Result<(), Failure> {
    let assets = root.join("server/page/dist/assets");
    let failure = |error| Failure::Other(format!("the page's files: {error}"));
    let mut cores = Vec::new();
    for entry in fs::read_dir(assets).map_err(failure)? {
        let entry = entry.map_err(failure)?;
        if entry.file_name().to_string_lossy().ends_with(".wasm.gz") {
            cores.push(entry.metadata().map_err(failure)?.len());
        }
    }
    eprintln!("    the core: {cores:?} of at most {MOST_CORE_BYTES} bytes, compressed");
    match cores[..] {
        [bytes] if bytes <= MOST_CORE_BYTES => Ok(()),
        _ => Err(Failure::Other("the core has grown beyond its limit".into())),
    }
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
    let mut cargo = targets::smallest_cargo_for(root, targets::WASM, "page")?;
    run(cargo.args(["--quiet", "-p", "naru-wasm"]))?;
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
        .map_err(|error| failure(&error))?;
    shrink(page, &page.join("src/wasm/naru_wasm_bg.wasm"))
}

/// Makes the code smaller, and then smaller when compressed: for the latter, functions are not inlined.
fn shrink(page: &Path, wasm: &Path) -> Result<(), Failure> {
    run(Command::new(page.join("node_modules/.bin/wasm-opt"))
        .args([
            "-Os",
            "--one-caller-inline-max-function-size=0",
            "--always-inline-max-function-size=0",
            "--flexible-inline-max-function-size=0",
        ])
        .args(FEATURES.map(|feature| format!("--enable-{feature}")))
        .arg(wasm)
        .arg("-o")
        .arg(wasm))?;
    let failure = |error: &dyn std::fmt::Display| Failure::Other(format!("the core: {error}"));
    let module = fs::read(wasm).map_err(|error| failure(&error))?;
    let ordered = order::reorder(&module).map_err(|error| failure(&error))?;
    fs::write(wasm, ordered).map_err(|error| failure(&error))
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
