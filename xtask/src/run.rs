//! The relay on this machine, with something to move.

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use naru_samples::{PASSWORD, Period, Samples};

use crate::{
    page,
    step::{Failure, cargo, run as run_command},
};

/// Where to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Port of the relay.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Where the relay keeps mailboxes.
    #[arg(long, default_value = "memory")]
    store: String,
}

/// Builds everything and runs the relay until it is interrupted.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), Failure> {
    page::build(root)?;
    eprintln!("building the relay and the command line (a few minutes the first time)");
    run_command(
        cargo()
            .current_dir(root)
            .args(["build", "-p", "naru-relay", "-p", "naru"]),
    )?;
    let folder = root.join("sample").join("pc");
    samples(&folder)?;
    let origin = format!("http://localhost:{}", options.port);
    println!();
    println!("1. Open {origin} and choose the folder");
    println!("   {}   (password: {PASSWORD})", folder.display());
    println!("2. Play the phone. It asks for the code below the QR; or give it a screenshot");
    println!("   by --image FILE:");
    println!("   target/debug/naru receive --relay {origin} --into sample/phone");
    println!("3. Type the security code that it shows into the page.");
    println!();
    run_command(
        std::process::Command::new(root.join("target/debug/naru-relay"))
            .arg("--listen")
            .arg(format!("127.0.0.1:{}", options.port))
            .args(["--store", &options.store]),
    )
}

/// Makes sample certificates below `folder`, once: `GPKI`, `NPKI` and `PFX`.
pub(crate) fn samples(folder: &Path) -> Result<(), Failure> {
    if folder.join("PFX").exists() {
        return Ok(());
    }
    eprintln!("    making sample certificates");
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs());
    let failure = |error: naru_samples::SampleError| Failure::Other(error.to_string());
    let mut samples = Samples::new(now, Period::around(now));
    samples.gpki(folder).map_err(failure)?;
    samples.npki(folder).map_err(failure)?;
    samples
        .pkcs12(&folder.join("PFX").join("홍길동.pfx"))
        .map_err(failure)?;
    Ok(())
}
