//! Transfers between real processes that are taken away.

use std::path::Path;

use crate::{
    step::{Failure, build_programs, run},
    tools,
};

/// Which cases.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Runs only the cases whose name contains this, for instance `Cluster` or `RedisKilled Sending`.
    filter: Option<String>,
}

/// Runs every fault at every step on every store; 20 minutes.
pub(crate) fn run_cases(root: &Path, options: &Options) -> Result<(), Failure> {
    tools::ensure_redis()?;
    tools::ensure_packages(
        &["/usr/sbin/ip", "/usr/bin/unshare"],
        &["iproute2", "util-linux"],
    )?;
    tools::ensure_openssl()?;
    build_programs(root, &["naru-relay", "naru-chaos"])?;
    let programs = root.join("target").join("debug");
    // A network of its own, in which a server can be cut off without any rights on this machine.
    run(std::process::Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "sh", "-c"])
        .arg(r#"ip link set lo up && exec "$0" "$@""#)
        .arg(programs.join("naru-chaos"))
        .arg("--relay")
        .arg(programs.join("naru-relay"))
        .args(options.filter.as_deref()))
}
