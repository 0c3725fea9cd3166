//! Runs every fault at every step on every store: `cargo xtask chaos`.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use naru_chaos::{Case, Ending, run};
use tokio::task::LocalSet;

/// Takes processes away in the middle of transfers.
#[derive(Parser)]
struct Arguments {
    /// The program of the relay.
    #[arg(long)]
    relay: PathBuf,
    /// Runs only the cases whose name contains this, for instance `Cluster` or `RedisKilled Sending`.
    filter: Option<String>,
}

const RECOVERY: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { relay, filter } = Arguments::parse();
    let wanted = |case: &Case| {
        let filter = filter.as_deref();
        filter.is_none_or(|filter| case.to_string().contains(filter))
    };
    let (mut failed, mut broken, mut recoveries) = (0, 0, Vec::new());
    for case in Case::all().filter(wanted) {
        match LocalSet::new().run_until(run(case, &relay)).await {
            Ok(Ending::Done { recovered }) => {
                println!("{case}: done, {} ms after the fault", recovered.as_millis());
                recoveries.push(recovered);
            }
            Ok(Ending::Failed { causes }) => {
                println!("{case}: failed cleanly: {}", causes.join(", "));
                failed += 1;
            }
            Err(what) => {
                println!("{case}: BROKEN: {what}");
                broken += 1;
            }
        }
    }
    recoveries.sort();
    let at = |percent: usize| {
        let at = (recoveries.len() * percent).div_ceil(100);
        recoveries
            .get(at.saturating_sub(1))
            .copied()
            .unwrap_or_default()
    };
    let (half, p99) = (at(50), at(99));
    println!(
        "{} done, {failed} failed cleanly, {broken} broken; recovery p50 {} ms, p99 {} ms",
        recoveries.len(),
        half.as_millis(),
        p99.as_millis()
    );
    match broken == 0 && p99 <= RECOVERY {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
