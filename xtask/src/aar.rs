//! The SDK for Android as an AAR, packed without Google's tools.

use std::{
    fs,
    io::{Cursor, Read, Write},
    path::{Path, PathBuf},
    process::Command,
};

use zip::{CompressionMethod, ZipArchive, ZipWriter, result::ZipError, write::SimpleFileOptions};

use crate::{
    kotlin, mobile,
    step::{Failure, run},
    tools,
};

/// The ABIs of Android's devices and emulators, and the targets that `cargo xtask mobile` builds for them.
const ABIS: [(&str, &str); 2] = [
    ("arm64-v8a", "aarch64-linux-android"),
    ("x86_64", "x86_64-linux-android"),
];
const LIBRARY: &str = "libnaru_uniffi.so";
/// Major version of the class files that every Android's tools take: Java 8.
const CLASS_FILES: u16 = 52;
/// Classes without which no app works.
const CLASSES: [&str; 4] = [
    "kr/naru/Naru.class",
    "kr/naru/UrlConnectionTransport.class",
    "kr/naru/android/KeystoreCertificateStore.class",
    "kr/naru/generated/UniffiLib.class",
];

/// Builds the libraries for Android and packs the AAR, into a Maven repository in `target/maven`.
pub(crate) fn build(root: &Path) -> Result<(), Failure> {
    for (_, target) in ABIS {
        mobile::build_for(root, target)?;
    }
    let file = pack(root, Phase::Compile)?;
    println!("{}", file.display());
    Ok(())
}

/// Packs the AAR from what `cargo xtask mobile` has built, looks into it, and runs an app that its rules
/// have shrunk.
pub(crate) fn test(root: &Path) -> Result<(), Failure> {
    let file = pack(root, Phase::RunShrunk)?;
    inspect(&read(&file)?)
}

/// How far Maven goes.
#[derive(Debug, Clone, Copy)]
enum Phase {
    Compile,
    RunShrunk,
}

fn pack(root: &Path, phase: Phase) -> Result<PathBuf, Failure> {
    tools::ensure_maven()?;
    kotlin::generate(root)?;
    let project = root.join("bindings/kotlin");
    let built = root.join("target/kotlin/aar");
    compile(&project, &built, phase)?;

    let mut aar = Pack::new();
    let manifest = read(&project.join("aar/AndroidManifest.xml"))?;
    aar.add("AndroidManifest.xml", &manifest)?;
    aar.add("classes.jar", &jar(&built.join("classes"))?)?;
    aar.add("R.txt", b"")?;
    aar.add("proguard.txt", &read(&project.join("aar/proguard.txt"))?)?;
    for (abi, target) in ABIS {
        let library = root.join("target/mobile").join(target).join(LIBRARY);
        if !library.exists() {
            return Err(Failure::Missing {
                program: library.display().to_string(),
                remedy: "cargo xtask mobile".into(),
            });
        }
        aar.add(&format!("jni/{abi}/{LIBRARY}"), &read(&library)?)?;
    }
    let version = env!("CARGO_PKG_VERSION");
    let folder = root.join("target/maven/kr/naru/naru-android").join(version);
    let name = |extension| folder.join(format!("naru-android-{version}.{extension}"));
    fs::create_dir_all(&folder).map_err(|error| failure(&folder, &error))?;
    write(&name("pom"), &read(&built.join("aar/pom.xml"))?)?;
    write(&name("aar"), &aar.finish()?)?;
    Ok(name("aar"))
}

/// Compiles for Android's tools, and checks that what is called is there in Android 7.
fn compile(project: &Path, built: &Path, phase: Phase) -> Result<(), Failure> {
    if built.exists() {
        // A class whose source is gone would be packed.
        fs::remove_dir_all(built).map_err(|error| failure(built, &error))?;
    }
    run(Command::new("mvn")
        .current_dir(project)
        .args(["--batch-mode", "--quiet", "--no-transfer-progress"])
        .args(["-Paar", "-Dnaru.jvm=1.8"])
        .arg(format!("-Dnaru.build={}", built.display()))
        .arg(match phase {
            Phase::Compile => "process-classes",
            Phase::RunShrunk => "process-test-classes",
        }))
}

fn jar(classes: &Path) -> Result<Vec<u8>, Failure> {
    let mut jar = Pack::new();
    for file in files(classes)? {
        let name = file.strip_prefix(classes).unwrap_or(&file);
        jar.add(&name.to_string_lossy(), &read(&file)?)?;
    }
    jar.finish()
}

/// Every file below a folder, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| failure(folder, &error))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// A zip whose bytes follow from its contents alone.
struct Pack(ZipWriter<Cursor<Vec<u8>>>);

impl Pack {
    fn new() -> Self {
        Self(ZipWriter::new(Cursor::default()))
    }

    fn add(&mut self, name: &str, content: &[u8]) -> Result<(), Failure> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.0.start_file(name, options).map_err(zip_failure)?;
        self.0
            .write_all(content)
            .map_err(|error| zip_failure(error.into()))
    }

    fn finish(self) -> Result<Vec<u8>, Failure> {
        self.0.finish().map(Cursor::into_inner).map_err(zip_failure)
    }
}

/// What an app's build takes for granted.
fn inspect(aar: &[u8]) -> Result<(), Failure> {
    let mut archive = open(aar)?;
    let manifest = entry(&mut archive, "AndroidManifest.xml")?;
    let manifest = String::from_utf8_lossy(&manifest);
    expect(
        manifest.contains("android:minSdkVersion=\"24\""),
        "the manifest asks for another Android",
    )?;
    entry(&mut archive, "R.txt")?;
    let rules = entry(&mut archive, "proguard.txt")?;
    expect(
        String::from_utf8_lossy(&rules).contains("com.sun.jna"),
        "the rules let JNA be shrunk",
    )?;
    for (abi, _) in ABIS {
        let library = entry(&mut archive, &format!("jni/{abi}/{LIBRARY}"))?;
        expect(library.starts_with(b"\x7fELF"), "no library")?;
    }
    inspect_classes(&entry(&mut archive, "classes.jar")?)
}

fn inspect_classes(jar: &[u8]) -> Result<(), Failure> {
    let mut archive = open(jar)?;
    for class in CLASSES {
        entry(&mut archive, class)?;
    }
    let names = archive
        .file_names()
        .map(|name| name.map(|name| name.into_owned()))
        .collect::<Result<Vec<String>, _>>()
        .map_err(zip_failure)?;
    for name in names.iter().filter(|name| name.ends_with(".class")) {
        expect(
            name.starts_with("kr/naru/"),
            &format!("{name} is not Naru's"),
        )?;
        let class = entry(&mut archive, name)?;
        let major = class.get(6..8).map(|it| u16::from_be_bytes([it[0], it[1]]));
        expect(
            major == Some(CLASS_FILES),
            &format!("{name} is not for Java 8"),
        )?;
    }
    Ok(())
}

fn open(bytes: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, Failure> {
    ZipArchive::new(Cursor::new(bytes)).map_err(zip_failure)
}

fn entry(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Vec<u8>, Failure> {
    let mut file = archive
        .by_name(name)
        .map_err(|error| Failure::Other(format!("{name} in the AAR: {error}")))?;
    let mut content = Vec::new();
    file.read_to_end(&mut content)
        .map_err(|error| zip_failure(error.into()))?;
    Ok(content)
}

fn expect(holds: bool, otherwise: &str) -> Result<(), Failure> {
    if holds {
        Ok(())
    } else {
        Err(Failure::Other(format!("the AAR: {otherwise}")))
    }
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

fn zip_failure(error: ZipError) -> Failure {
    Failure::Other(format!("packing: {error}"))
}
