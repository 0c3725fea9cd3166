//! The Kotlin and Swift sides of `bindings/uniffi`, generated from a build of it.

use std::path::{Path, PathBuf};

use camino::Utf8PathBuf;
use uniffi_bindgen::{
    BindgenPaths, BindgenPathsLayer,
    bindings::{GenerateOptions, TargetLanguage, generate_with_bindgen_paths},
};

use crate::step::{Failure, cargo, run};

/// What to generate.
#[derive(clap::Args)]
pub(crate) struct Options {
    language: Language,
    /// The folder to write into.
    out: PathBuf,
}

/// A language that apps are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    Kotlin,
    Swift,
}

/// Builds the library for this machine and generates what calls it.
pub(crate) fn run_generator(root: &Path, options: &Options) -> Result<(), Failure> {
    let library = build(root)?;
    generate(root, &library, options.language, &options.out)
}

/// The library for this machine, with the symbols that the generators and tests need.
pub(crate) fn build(root: &Path) -> Result<PathBuf, Failure> {
    run(cargo()
        .current_dir(root)
        .args(["build", "--quiet", "-p", "naru-uniffi"]))?;
    let (before, after) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    Ok(root.join(format!("target/debug/{before}naru_uniffi{after}")))
}

/// Writes the sources of one language.
pub(crate) fn generate(
    root: &Path,
    library: &Path,
    language: Language,
    out: &Path,
) -> Result<(), Failure> {
    let paths = paths(root)?;
    let language = match language {
        Language::Kotlin => TargetLanguage::Kotlin,
        Language::Swift => TargetLanguage::Swift,
    };
    let options = GenerateOptions {
        languages: vec![language],
        source: utf8(library)?,
        out_dir: utf8(out)?,
        ..GenerateOptions::default()
    };
    generate_with_bindgen_paths(options, paths)
        .map_err(|error| Failure::Other(format!("uniffi-bindgen: {error:#}")))
}

/// Where generators find what `bindings/uniffi` says of them.
pub(crate) fn paths(root: &Path) -> Result<BindgenPaths, Failure> {
    let mut paths = BindgenPaths::default();
    paths.add_layer(Crate(utf8(&root.join("bindings/uniffi"))?));
    Ok(paths)
}

pub(crate) fn utf8(path: &Path) -> Result<Utf8PathBuf, Failure> {
    Utf8PathBuf::try_from(path.to_path_buf())
        .map_err(|error| Failure::Other(format!("no UTF-8 path: {error}")))
}

/// Where the one crate is whose `uniffi.toml` is read.
struct Crate(Utf8PathBuf);

impl BindgenPathsLayer for Crate {
    fn get_crate_root(&self, crate_name: &str) -> Option<Utf8PathBuf> {
        (crate_name == "naru_uniffi").then(|| self.0.clone())
    }
}
