//! Puts an APK together and signs it.

use std::{
    io::{Cursor, Read, Write},
    path::{Path, PathBuf},
    process::Command,
};

use zip::{CompressionMethod, ZipArchive, ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::{MIN_SDK, PACKAGE, Places, TARGET_SDK, read, write};
use crate::{
    aar::ABIS,
    step::{Failure, run},
    tools::FRAMEWORK,
};

/// What libraries are mapped in: the largest page of an Android device.
pub(super) const PAGE: u16 = 16_384;
/// Since Android 11 the table of resources is mapped too.
pub(super) const WORD: u16 = 4;
pub(super) const RESOURCES: &str = "resources.arsc";
/// JNA's native part.
pub(super) const JNA: &str = "libjnidispatch.so";
/// By which the coroutines find Android's main thread.
const SERVICES: [&str; 2] = [
    "META-INF/services/kotlinx.coroutines.internal.MainDispatcherFactory",
    "META-INF/services/kotlinx.coroutines.CoroutineExceptionHandler",
];
/// As Google's own tools have it: whoever has a debug key can install debug APKs, and no more.
const PASSWORD: &str = "android";
const ALIAS: &str = "androiddebugkey";

/// Compiles the resources and the manifest; yields where they are.
pub(super) fn resources(places: &Places) -> Result<PathBuf, Failure> {
    let source = places.project.join("src/main");
    let manifest = places.out.join("AndroidManifest.xml");
    let text = String::from_utf8_lossy(&read(&source.join("AndroidManifest.xml"))?).into_owned();
    // Gradle says these itself, and does not want them in the manifest.
    let package = format!("<manifest package=\"{PACKAGE}\"");
    let application = format!(
        "<uses-sdk android:minSdkVersion=\"{MIN_SDK}\" android:targetSdkVersion=\"{TARGET_SDK}\" />\n\
         <application android:extractNativeLibs=\"false\""
    );
    let text = text
        .replacen("<manifest", &package, 1)
        .replacen("<application", &application, 1);
    write(&manifest, text.as_bytes())?;
    let packed = places.out.join("resources.apk");
    run(Command::new("aapt")
        .args(["package", "-f", "--debug-mode", "-M"])
        .arg(&manifest)
        .arg("-S")
        .arg(source.join("res"))
        .args(["-I", FRAMEWORK, "-F"])
        .arg(&packed)
        .args(["--version-code", "1", "--version-name"])
        .arg(env!("CARGO_PKG_VERSION")))?;
    Ok(packed)
}

/// The APK but for its signature.
pub(super) fn apk(places: &Places, sdk: &[u8], resources: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut apk = Apk::default();
    let mut compiled = open(resources)?;
    for at in 0..compiled.len() {
        let mut file = compiled.by_index(at).map_err(failure)?;
        let name = file.name().map_err(failure)?.into_owned();
        let mut content = Vec::new();
        file.read_to_end(&mut content)
            .map_err(|error| failure(error.into()))?;
        if name == RESOURCES {
            apk.map(&name, &content, WORD)?;
        } else {
            apk.compress(&name, &content)?;
        }
    }
    for at in 1_u32.. {
        let name = match at {
            1 => "classes.dex".to_owned(),
            _ => format!("classes{at}.dex"),
        };
        let file = places.out.join("dex").join(&name);
        if at > 1 && !file.exists() {
            break;
        }
        apk.compress(&name, &read(&file)?)?;
    }
    for service in SERVICES {
        apk.compress(service, &read(&places.out.join("services").join(service))?)?;
    }
    for abi in &ABIS {
        let jna = places.out.join("jna/jni").join(abi.name).join(JNA);
        apk.map(&format!("lib/{}/{JNA}", abi.name), &read(&jna)?, PAGE)?;
        let library = abi.library();
        let name = library.replacen("jni/", "lib/", 1);
        apk.map(&name, &entry(sdk, &library)?, PAGE)?;
    }
    apk.finish()
}

/// Signs for debugging, with a key of this working copy.
pub(super) fn sign(places: &Places, unsigned: &Path) -> Result<(), Failure> {
    let password = format!("pass:{PASSWORD}");
    if !places.key.exists() {
        run(Command::new("keytool")
            .args(["-genkeypair", "-storetype", "PKCS12", "-keystore"])
            .arg(&places.key)
            .args(["-storepass", PASSWORD, "-alias", ALIAS])
            .args(["-keyalg", "EC", "-groupname", "secp256r1"])
            .args(["-validity", "10000", "-dname", "CN=Naru debug"]))?;
    }
    run(Command::new("apksigner")
        .args(["sign", "--ks-type", "PKCS12", "--ks"])
        .arg(&places.key)
        .args(["--ks-key-alias", ALIAS, "--ks-pass", &password])
        .args(["--min-sdk-version", &MIN_SDK.to_string(), "--out"])
        .arg(&places.apk)
        .arg(unsigned))
}

/// A zip as Android wants it.
pub(super) struct Apk(ZipWriter<Cursor<Vec<u8>>>);

impl Default for Apk {
    fn default() -> Self {
        Self(ZipWriter::new(Cursor::default()))
    }
}

impl Apk {
    pub(super) fn compress(&mut self, name: &str, content: &[u8]) -> Result<(), Failure> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.add(name, content, options)
    }

    /// Adds what is mapped into memory as it lies in the file.
    pub(super) fn map(&mut self, name: &str, content: &[u8], align: u16) -> Result<(), Failure> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .with_android_alignment(align);
        self.add(name, content, options)
    }

    fn add(
        &mut self,
        name: &str,
        content: &[u8],
        options: SimpleFileOptions,
    ) -> Result<(), Failure> {
        self.0.start_file(name, options).map_err(failure)?;
        self.0
            .write_all(content)
            .map_err(|error| failure(error.into()))
    }

    pub(super) fn finish(self) -> Result<Vec<u8>, Failure> {
        self.0.finish().map(Cursor::into_inner).map_err(failure)
    }
}

pub(super) fn open(bytes: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, Failure> {
    ZipArchive::new(Cursor::new(bytes)).map_err(failure)
}

/// The content of one entry of an archive.
pub(super) fn entry(archive: &[u8], name: &str) -> Result<Vec<u8>, Failure> {
    let mut archive = open(archive)?;
    let mut file = archive
        .by_name(name)
        .map_err(|error| Failure::Other(format!("{name} in an archive: {error}")))?;
    let mut content = Vec::new();
    file.read_to_end(&mut content)
        .map_err(|error| failure(error.into()))?;
    Ok(content)
}

pub(super) fn failure(error: ZipError) -> Failure {
    Failure::Other(format!("the APK: {error}"))
}
