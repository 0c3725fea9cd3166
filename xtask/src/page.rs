//! Building the page.

use std::path::Path;

use crate::step::Failure;

/// Builds the page into `server/page/dist`.
pub(crate) fn build(_: &Path) -> Result<(), Failure> {
    Ok(())
}
