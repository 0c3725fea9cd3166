//! The simulation at length.

use std::path::Path;

use crate::step::{Failure, cargo, run};

/// Which worlds.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000_000)]
    seeds: u64,
    /// The first; a seed that went wrong is shown again by `--from SEED --seeds 1`.
    #[arg(long, default_value_t = 0)]
    from: u64,
}

/// Runs the seeds, optimised and on all processors.
pub(crate) fn run_seeds(root: &Path, options: &Options) -> Result<(), Failure> {
    let Options { seeds, from } = options;
    run(cargo()
        .current_dir(root)
        .args(["run", "--quiet", "--release", "-p", "naru-simulation", "--"])
        .arg(format!("--seeds={seeds}"))
        .arg(format!("--from={from}")))
}
