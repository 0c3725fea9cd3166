//! The project's own commands: `cargo xtask run`, `cargo xtask test`.

mod aar;
mod android;
mod bench;
mod bindings;
mod chaos;
mod kotlin;
mod mobile;
mod page;
mod run;
mod simulate;
mod step;
mod surface;
mod swift;
mod targets;
mod test;
mod tools;

use std::{path::Path, process::ExitCode};

use clap::{Parser, Subcommand};

/// Runs and tests Naru; each command installs what it needs.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds the page, starts the relay and makes sample certificates to move.
    Run(run::Options),
    /// Runs every check and test.
    Test(test::Options),
    /// Builds the page into `server/page/dist`.
    Page,
    /// Generates the Kotlin or Swift side of `bindings/uniffi` into a folder.
    Bindings(bindings::Options),
    /// Builds the libraries for phones into `target/mobile`, and checks them.
    Mobile(mobile::Options),
    /// Writes down what apps for phones can call, in `bindings/uniffi/surface.txt`.
    Surface,
    /// Writes the public interface of the Kotlin SDK anew into `bindings/kotlin/api.txt`.
    KotlinInterface,
    /// Renews `bindings/swift/api.txt` after a change of the Swift package's surface.
    SwiftApi,
    /// Packs the SDK for Android as an AAR into `target/maven`.
    Aar,
    /// Makes a signed debug APK of `mobile-demo/android`, in `target`.
    Apk,
    /// Builds the XCFramework and the generated sources into `bindings/swift`.
    Xcframework,
    /// Builds the library for Swift apps on Linux and the generated sources into `bindings/swift`.
    SwiftLinux,
    /// Runs whole transfers in many seeded worlds, and prints the seeds that go wrong.
    Simulate(simulate::Options),
    /// Takes relays and Redis servers away in the middle of transfers between real processes.
    Chaos(chaos::Options),
    /// Measures the relay, optimised, beside a server that does nothing and a Redis by itself.
    Bench,
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."));
    let result = match Arguments::parse().command {
        Command::Run(options) => run::run(root, &options),
        Command::Test(options) => test::run_all(root, &options),
        Command::Page => page::build(root),
        Command::Bindings(options) => bindings::run_generator(root, &options),
        Command::Mobile(options) => mobile::build(root, &options),
        Command::Surface => surface::write(root),
        Command::KotlinInterface => kotlin::write_interface(root),
        Command::SwiftApi => swift::renew_api(root),
        Command::Aar => aar::build(root),
        Command::Apk => android::build(root),
        Command::Xcframework => swift::xcframework(root),
        Command::SwiftLinux => swift::linux(root),
        Command::Simulate(options) => simulate::run_seeds(root, &options),
        Command::Chaos(options) => chaos::run_cases(root, &options),
        Command::Bench => bench::run_all(root),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
