//! Every check and test, one after the other.

use std::{path::Path, process::Command, time::Instant};

use crate::{
    aar, android, kotlin, mobile, page,
    step::{Failure, build_programs, cargo, run},
    surface, swift, tools,
};

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Runs only the steps whose name contains this.
    filter: Option<String>,
    /// Lists the steps.
    #[arg(long)]
    list: bool,
}

type Step = (&'static str, fn(&Path) -> Result<(), Failure>);

const STEPS: &[Step] = &[
    ("format", format),
    ("licences, bans and sources", deny),
    ("lints", lints),
    ("page", page_checks),
    ("tests", tests),
    ("documentation", documentation),
    ("deployment", deployment),
    ("browsers", browsers),
    ("surface of the library for phones", surface::check),
    ("libraries for phones", mobile::quick),
    ("XCFramework", swift::check_xcframework),
    ("SDK for Android and the JVM", kotlin::test),
    ("AAR for Android", aar::test),
    ("demo for Android", android::test),
    ("SDK for Swift", swift::test),
];

/// Runs the steps; all of them, whichever fail.
pub(crate) fn run_all(root: &Path, options: &Options) -> Result<(), Failure> {
    let wanted = |name: &str| {
        options
            .filter
            .as_deref()
            .is_none_or(|part| name.contains(part))
    };
    let steps: Vec<&Step> = STEPS.iter().filter(|(name, _)| wanted(name)).collect();
    if options.list {
        steps.iter().for_each(|(name, _)| println!("{name}"));
        return Ok(());
    }
    if steps.is_empty() {
        return Err(Failure::Other("no step has such a name; see --list".into()));
    }
    let mut failed = Vec::new();
    for (at, (name, step)) in steps.iter().enumerate() {
        eprintln!("[{}/{}] {name}", at + 1, steps.len());
        let started = Instant::now();
        let result = step(root);
        let seconds = started.elapsed().as_secs();
        match result {
            Ok(()) => eprintln!("    passed in {seconds} s"),
            Err(error) => {
                eprintln!("    FAILED in {seconds} s: {error}");
                failed.push((name, error));
            }
        }
    }
    for (name, error) in &failed {
        eprintln!("failed: {name}: {error}");
        if let Failure::Failed { said, .. } = error {
            said.iter().for_each(|line| eprintln!("    {line}"));
        }
    }
    println!(
        "steps: {} passed, {} failed",
        steps.len() - failed.len(),
        failed.len()
    );
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure::Steps(failed.len()))
    }
}

fn format(root: &Path) -> Result<(), Failure> {
    tools::ensure_component("fmt", "rustfmt")?;
    run(cargo().current_dir(root).args(["fmt", "--all", "--check"]))
}

fn deny(root: &Path) -> Result<(), Failure> {
    tools::ensure_cargo_deny()?;
    run(cargo().current_dir(root).args([
        "deny",
        "--all-features",
        "--log-level",
        "error",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))
}

fn lints(root: &Path) -> Result<(), Failure> {
    tools::ensure_component("clippy", "clippy")?;
    run(cargo().current_dir(root).args([
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ]))
}

fn tests(root: &Path) -> Result<(), Failure> {
    tools::ensure_openssl()?;
    tools::ensure_java()?;
    tools::ensure_redis()?;
    tools::ensure_deployment_checks()?;
    // The relay's answers are those of its page too.
    page::build(root)?;
    run(cargo()
        .current_dir(root)
        .args(["test", "--workspace", "--all-features", "--no-fail-fast"]))
}

fn documentation(root: &Path) -> Result<(), Failure> {
    run(cargo()
        .current_dir(root)
        .env("RUSTDOCFLAGS", "-D warnings")
        .args([
            "doc",
            "--quiet",
            "--workspace",
            "--no-deps",
            "--all-features",
        ]))
}

/// What can be said of a deployment without one: alerts, scraping, and the units of systemd.
fn deployment(root: &Path) -> Result<(), Failure> {
    tools::ensure_deployment_checks()?;
    let prometheus = root.join("deploy/prometheus");
    run(Command::new("promtool").current_dir(&prometheus).args([
        "check",
        "config",
        "scrape.yaml",
    ]))?;
    // The unit names a program that is not installed here.
    let folder = root.join("target/deployment");
    let copy = |name: &str| {
        let unit = std::fs::read_to_string(root.join("deploy/systemd").join(name))?;
        std::fs::create_dir_all(&folder)?;
        std::fs::write(
            folder.join(name),
            unit.replace("/usr/bin/naru-relay", "/bin/true"),
        )
    };
    let units = ["naru-relay.service", "naru-relay.socket"];
    units
        .into_iter()
        .try_for_each(copy)
        .map_err(|error| Failure::Other(error.to_string()))?;
    run(Command::new("systemd-analyze").current_dir(&folder).args([
        "verify",
        "./naru-relay.service",
        "./naru-relay.socket",
    ]))
}

fn page_checks(root: &Path) -> Result<(), Failure> {
    page::build(root)?;
    page::check_size(root)?;
    let folder = root.join("server/page");
    let npm = |script: &str| {
        run(Command::new("npm")
            .current_dir(&folder)
            .args(["run", "--silent", script]))
    };
    npm("check")?;
    npm("test")
}

/// A person's way through real browsers, with the real relay and the real command line.
fn browsers(root: &Path) -> Result<(), Failure> {
    tools::ensure_browsers()?;
    tools::ensure_redis()?;
    page::build(root)?;
    build_programs(root, &["naru-relay", "naru", "naru-tests"])?;
    let samples = root.join("target").join("samples");
    crate::run::samples(&samples)?;
    let folder = root.join("tests/browser");
    page::install(&folder)?;
    run(Command::new("npm")
        .current_dir(&folder)
        .env("NARU_SAMPLES", samples)
        .args(["run", "--silent", "test"]))
}
