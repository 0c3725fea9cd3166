//! The relay's figures, optimised.

use std::path::Path;

use crate::{
    step::{Failure, cargo, run},
    tools,
};

/// Measures the relay beside the floor, Redis by itself and the peers; some ten minutes on a machine that does nothing else.
pub(crate) fn run_all(root: &Path) -> Result<(), Failure> {
    tools::ensure_redis()?;
    tools::ensure_nchan()?;
    let peers = root.join("target/peers");
    let twist =
        tools::ensure_python_package(&peers, "magic-wormhole-mailbox-server==0.8.0")?.join("twist");
    let packages = ["-p", "naru-relay", "-p", "naru-bench"];
    run(cargo()
        .current_dir(root)
        .args(["build", "--quiet", "--release"])
        .args(packages))?;
    let programs = root.join("target").join("release");
    run(std::process::Command::new(programs.join("naru-bench"))
        .args(["run", "--relay"])
        .arg(programs.join("naru-relay"))
        .arg("--twist")
        .arg(twist)
        .arg("--folder")
        .arg(peers))
}
