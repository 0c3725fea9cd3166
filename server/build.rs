//! Makes the folder of the page's files, so that the relay builds before the page does.

use std::{error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(Path::new("page/dist"))?;
    println!("cargo::rerun-if-changed=page/dist");
    Ok(())
}
