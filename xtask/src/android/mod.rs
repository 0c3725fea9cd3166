//! The demo for Android: its tests, and its APK without Google's SDK.

mod dex;
mod inspect;
mod pack;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    aar,
    step::{Failure, build_programs, run},
    tools,
};

/// The app's name for the system.
const PACKAGE: &str = "kr.naru.demo";
/// Android 7.
const MIN_SDK: u32 = 24;
const TARGET_SDK: u32 = 35;

/// Where things are.
struct Places {
    /// The app's sources.
    project: PathBuf,
    /// What is made on the way.
    out: PathBuf,
    /// The key that debug APKs are signed with. It is kept, so that one can be installed over another.
    key: PathBuf,
    /// What it is all for.
    apk: PathBuf,
}

impl Places {
    fn of(root: &Path) -> Self {
        Self {
            project: root.join("mobile-demo/android"),
            out: root.join("target/demo"),
            key: root.join("target/android-debug.p12"),
            apk: root.join("target/naru-demo-debug.apk"),
        }
    }
}

/// How far Maven goes.
#[derive(Debug, Clone, Copy)]
enum Phase {
    Dex,
    Test,
}

/// Builds the SDK and the app, and prints where the APK is.
pub(crate) fn build(root: &Path) -> Result<(), Failure> {
    let sdk = aar::make(root)?;
    let places = Places::of(root);
    make(&places, &sdk, Phase::Dex)?;
    println!("{}", places.apk.display());
    Ok(())
}

/// Runs the app's tests with a real relay, makes the APK, and looks into it.
pub(crate) fn test(root: &Path) -> Result<(), Failure> {
    // The sandbox of Robolectric's tests starts it.
    build_programs(root, &["naru-relay"])?;
    crate::run::samples(&root.join("target/samples"))?;
    let sdk = aar::make_quickly(root)?;
    let places = Places::of(root);
    make(&places, &sdk, Phase::Test)?;
    inspect::apk(&places.apk)
}

fn make(places: &Places, sdk: &Path, phase: Phase) -> Result<(), Failure> {
    tools::ensure_maven()?;
    tools::ensure_android()?;
    for stale in ["classes", "test-classes", "jna"] {
        let folder = places.out.join(stale);
        if folder.exists() {
            // A class whose source is gone would be packed and tested.
            fs::remove_dir_all(&folder).map_err(|error| failure(&folder, &error))?;
        }
    }
    fs::create_dir_all(&places.out).map_err(|error| failure(&places.out, &error))?;
    let sdk = read(sdk)?;
    write(
        &places.out.join("naru.jar"),
        &pack::entry(&sdk, "classes.jar")?,
    )?;
    // Before the tests, whose Android shows them.
    let resources = pack::resources(places)?;
    let mut maven = tools::maven(&places.project);
    maven.arg("-Papk");
    match phase {
        Phase::Dex => maven.args(["-Dmaven.test.skip", "process-classes"]),
        Phase::Test => maven.arg("test"),
    };
    run(&mut maven)?;
    let unsigned = places.out.join("unsigned.apk");
    write(&unsigned, &pack::apk(places, &sdk, &read(&resources)?)?)?;
    pack::sign(places, &unsigned)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| failure(path, &error))
}

fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    fs::write(path, content).map_err(|error| failure(path, &error))
}

fn failure(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Other(format!("{}: {error}", path.display()))
}
