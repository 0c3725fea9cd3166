//! The SDK for Android as an AAR, packed without Google's tools.

use std::{
    fs,
    io::{Cursor, Read, Write},
    path::{Path, PathBuf},
};

use object::{Architecture, Object};
use zip::{CompressionMethod, ZipArchive, ZipWriter, result::ZipError, write::SimpleFileOptions};

use crate::{
    kotlin, mobile,
    step::{Failure, run},
    tools,
};

/// What Android's devices and emulators run.
pub(crate) struct Abi {
    /// Android's name of it.
    pub(crate) name: &'static str,
    /// What `cargo xtask mobile` builds for it.
    target: &'static str,
    pub(crate) architecture: Architecture,
}

pub(crate) const ABIS: [Abi; 2] = [
    Abi {
        name: "arm64-v8a",
        target: "aarch64-linux-android",
        architecture: Architecture::Aarch64,
    },
    Abi {
        name: "x86_64",
        target: "x86_64-linux-android",
        architecture: Architecture::X86_64,
    },
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

impl Abi {
    /// Where the library for it is in the AAR.
    pub(crate) fn library(&self) -> String {
        format!("jni/{}/{LIBRARY}", self.name)
    }

    /// Where `cargo xtask mobile` leaves it.
    fn built(&self, root: &Path) -> PathBuf {
        root.join("target/mobile").join(self.target).join(LIBRARY)
    }
}

/// Builds the libraries for Android and packs the AAR, into a Maven repository in `target/maven`.
pub(crate) fn build(root: &Path) -> Result<(), Failure> {
    let file = make(root)?;
    println!("{}", file.display());
    Ok(())
}

/// Builds the libraries and packs the AAR; yields its path.
pub(crate) fn make(root: &Path) -> Result<PathBuf, Failure> {
    for abi in &ABIS {
        mobile::build_for(root, abi.target)?;
    }
    pack(root, Phase::Compile)
}

/// Packs the AAR, with the libraries as `cargo xtask mobile` has left them where it has; yields its path.
pub(crate) fn make_quickly(root: &Path) -> Result<PathBuf, Failure> {
    for abi in &ABIS {
        if !abi.built(root).exists() {
            mobile::build_for(root, abi.target)?;
        }
    }
    pack(root, Phase::Compile)
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
    for abi in &ABIS {
        let library = abi.built(root);
        if !library.exists() {
            return Err(Failure::Missing {
                program: library.display().to_string(),
                remedy: "cargo xtask mobile".into(),
            });
        }
        aar.add(&abi.library(), &read(&library)?)?;
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
    run(tools::maven(project)
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
    for abi in &ABIS {
        let library = entry(&mut archive, &abi.library())?;
        let architecture = object::File::parse(&*library).map(|file| file.architecture());
        expect(
            architecture == Ok(abi.architecture),
            &format!("{} is for another ABI", abi.library()),
        )?;
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use object::{BinaryFormat, Endianness, write};

    /// The parts of an AAR that nothing is wrong with.
    fn parts() -> Vec<(String, Vec<u8>)> {
        let mut parts: Vec<(String, Vec<u8>)> = vec![
            (
                "AndroidManifest.xml".into(),
                b"<uses-sdk android:minSdkVersion=\"24\"/>".to_vec(),
            ),
            ("R.txt".into(), Vec::new()),
            (
                "proguard.txt".into(),
                b"-keep class com.sun.jna.**".to_vec(),
            ),
            ("classes.jar".into(), classes(CLASS_FILES, &CLASSES)),
        ];
        for abi in &ABIS {
            parts.push((abi.library(), library(abi.architecture)));
        }
        parts
    }

    fn classes(version: u16, names: &[&str]) -> Vec<u8> {
        let mut class = b"\xca\xfe\xba\xbe\0\0".to_vec();
        class.extend(version.to_be_bytes());
        let mut jar = Pack::new();
        for name in names {
            jar.add(name, &class).unwrap();
        }
        jar.finish().unwrap()
    }

    fn library(architecture: Architecture) -> Vec<u8> {
        write::Object::new(BinaryFormat::Elf, architecture, Endianness::Little)
            .write()
            .unwrap()
    }

    fn packed(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
        let mut aar = Pack::new();
        for (name, content) in parts {
            aar.add(name, content).unwrap();
        }
        aar.finish().unwrap()
    }

    fn with(name: &str, content: Vec<u8>) -> Vec<u8> {
        let mut parts = parts();
        parts.iter_mut().find(|part| part.0 == name).unwrap().1 = content;
        packed(&parts)
    }

    #[test]
    fn accepts_what_an_app_needs() {
        inspect(&packed(&parts())).unwrap();
    }

    #[test]
    fn rejects_an_aar_without_one_of_its_parts() {
        for (name, _) in parts() {
            let mut parts = parts();
            parts.retain(|part| part.0 != name);
            assert!(inspect(&packed(&parts)).is_err(), "{name}");
        }
    }

    #[test]
    fn rejects_a_library_for_another_abi() {
        let aar = with(&ABIS[0].library(), library(ABIS[1].architecture));
        assert!(inspect(&aar).is_err());
    }

    #[test]
    fn rejects_a_library_that_is_none() {
        assert!(inspect(&with(&ABIS[0].library(), b"!<arch>".to_vec())).is_err());
    }

    #[test]
    fn rejects_classes_for_a_newer_java() {
        let newer = classes(CLASS_FILES + 1, &CLASSES);
        assert!(inspect(&with("classes.jar", newer)).is_err());
    }

    #[test]
    fn rejects_classes_of_others() {
        let mut names = CLASSES.to_vec();
        names.push("com/sun/jna/Native.class");
        assert!(inspect(&with("classes.jar", classes(CLASS_FILES, &names))).is_err());
    }

    #[test]
    fn rejects_a_jar_without_the_store() {
        assert!(inspect(&with("classes.jar", classes(CLASS_FILES, &CLASSES[..2]))).is_err());
    }

    #[test]
    fn packs_the_same_bytes_again() {
        assert_eq!(packed(&parts()), packed(&parts()));
    }
}
