//! Runs many seeds, and prints those that go wrong: `cargo xtask simulate --seeds 1000000`.

use std::{
    process::ExitCode,
    rc::Rc,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use clap::Parser;
use naru_simulation::{Ending, Materials, simulate};

/// Runs whole transfers in seeded worlds.
#[derive(Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 100_000)]
    seeds: u64,
    /// The first.
    #[arg(long, default_value_t = 0)]
    from: u64,
}

/// So many violations are enough to look at.
const ENOUGH: usize = 10;
const REPORT_EVERY: u64 = 10_000;

fn main() -> ExitCode {
    let Arguments { seeds, from } = Arguments::parse();
    let (next, moved, violations) = (AtomicU64::new(0), AtomicU64::new(0), AtomicUsize::new(0));
    let began = Instant::now();
    let work = || {
        let materials = Rc::new(Materials::new());
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= seeds || violations.load(Ordering::Relaxed) >= ENOUGH {
                return;
            }
            match simulate(from + at, None, &materials) {
                Ok(Ending::Moved) => drop(moved.fetch_add(1, Ordering::Relaxed)),
                Ok(Ending::Failed(_)) => {}
                Err(violation) => {
                    violations.fetch_add(1, Ordering::Relaxed);
                    println!("{violation}");
                }
            }
            if (at + 1) % REPORT_EVERY == 0 {
                eprintln!("{} of {seeds} in {} s", at + 1, began.elapsed().as_secs());
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    let violations = violations.into_inner();
    println!(
        "{seeds} seeds from {from}: {} moved, {violations} violations, {} s",
        moved.into_inner(),
        began.elapsed().as_secs()
    );
    match violations {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
