//! The SDK for Swift.

mod toolchain;
mod xcframework;

use std::path::Path;

use self::toolchain::Swift;
use crate::step::{Failure, run};

/// Builds and tests the package and the demo's view models.
pub(crate) fn test(root: &Path) -> Result<(), Failure> {
    let swift = Swift::ensure()?;
    for package in ["bindings/swift"] {
        run(swift
            .command(root, &root.join(package))
            .args(["test", "--disable-sandbox"]))?;
    }
    Ok(())
}
