//! The surface of the Swift package, so that a change of it is seen in review.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use super::{PACKAGES, sources, toolchain::Swift};
use crate::step::{Failure, run};

const SNAPSHOT: &str = "bindings/swift/api.txt";

/// Renews the snapshot.
pub(crate) fn renew(root: &Path) -> Result<(), Failure> {
    let swift = Swift::ensure()?;
    let library = sources::generate(root)?;
    sources::link(root, &library)?;
    let surface = surface(root, &swift)?;
    fs::write(root.join(SNAPSHOT), surface).map_err(|error| Failure::Other(error.to_string()))
}

/// Whether the surface is the snapshot's.
pub(super) fn check(root: &Path, swift: &Swift) -> Result<(), Failure> {
    let snapshot = fs::read_to_string(root.join(SNAPSHOT)).unwrap_or_default();
    let surface = surface(root, swift)?;
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) =
        (snapshot.lines().collect(), surface.lines().collect());
    for line in old.difference(&new) {
        eprintln!("    - {line}");
    }
    for line in new.difference(&old) {
        eprintln!("    + {line}");
    }
    if old == new {
        return Ok(());
    }
    Err(Failure::Other(format!(
        "the Swift package's surface is not that of {SNAPSHOT}; when that is meant, run `cargo xtask swift-api`"
    )))
}

/// Every public declaration of the facade, a line each.
fn surface(root: &Path, swift: &Swift) -> Result<String, Failure> {
    run(swift
        .command(root, &root.join(PACKAGES[0]))
        .args(["package", "--disable-sandbox"])
        .arg("dump-symbol-graph")
        .args([
            "--skip-synthesized-members",
            "--minimum-access-level",
            "public",
        ])
        .stdout(std::process::Stdio::null()))?;
    let mut declarations = BTreeSet::new();
    for folder in symbol_graphs(&root.join(PACKAGES[0]).join(".build")) {
        for name in ["Naru.symbols.json", "Naru@NaruGenerated.symbols.json"] {
            let Ok(text) = fs::read_to_string(folder.join(name)) else {
                continue;
            };
            let graph: Value = serde_json::from_str(&text)
                .map_err(|error| Failure::Other(format!("{name}: {error}")))?;
            let symbols = graph["symbols"].as_array().into_iter().flatten();
            declarations.extend(symbols.map(declaration));
        }
    }
    if declarations.is_empty() {
        return Err(Failure::Other("Swift has dumped no symbols".into()));
    }
    Ok(declarations
        .into_iter()
        .map(|declaration| declaration + "\n")
        .collect())
}

fn declaration(symbol: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let names = symbol["pathComponents"].as_array().into_iter().flatten();
    let path = names.map(text).collect::<Vec<_>>().join(".");
    let fragments = symbol["declarationFragments"].as_array();
    let fragments = fragments.into_iter().flatten();
    let declared: String = fragments.map(|it| text(&it["spelling"])).collect();
    let declared = declared.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{path}: {declared}")
}

/// `.build/<platform>/symbolgraph`, by whatever name the platform has.
fn symbol_graphs(build: &Path) -> Vec<std::path::PathBuf> {
    let platforms = fs::read_dir(build).into_iter().flatten().flatten();
    let real = platforms.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    real.map(|entry| entry.path().join("symbolgraph"))
        .filter(|path| path.is_dir())
        .collect()
}
