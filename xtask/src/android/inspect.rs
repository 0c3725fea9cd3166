//! What a phone takes for granted of an APK, and what is promised of this one.

use std::{path::Path, process::Command};

use object::{
    Object,
    elf::PT_LOAD,
    endian::LittleEndian,
    read::elf::{ElfFile64, ProgramHeader},
};
use zip::CompressionMethod;

use super::{
    MIN_SDK, PACKAGE, TARGET_SDK, dex,
    pack::{self, JNA, PAGE, RESOURCES, WORD},
    read,
};
use crate::{
    aar::{ABIS, Abi},
    step::Failure,
};

/// Classes without which the app does not start, receive or store.
const CLASSES: [&str; 7] = [
    "Lkr/naru/demo/DemoApplication;",
    "Lkr/naru/demo/HomeActivity;",
    "Lkr/naru/demo/TransferActivity;",
    "Lkr/naru/Naru;",
    "Lkr/naru/android/KeystoreCertificateStore;",
    "Lcom/sun/jna/Native;",
    "Lkotlinx/coroutines/android/AndroidDispatcherFactory;",
];

/// Looks into an APK that is there.
pub(super) fn apk(path: &Path) -> Result<(), Failure> {
    contents(&read(path)?)?;
    let aapt = |arguments: &[&str], file: &[&str]| {
        let mut command = Command::new("aapt");
        output(command.arg("dump").args(arguments).arg(path).args(file))
    };
    badging(&aapt(&["badging"], &[])?)?;
    manifest(&aapt(&["xmltree"], &["AndroidManifest.xml"])?)?;
    let mut verification = Command::new("apksigner");
    verification
        .args(["verify", "--verbose", "--min-sdk-version"])
        .arg(MIN_SDK.to_string())
        .arg(path);
    signature(&output(&mut verification)?)
}

fn contents(apk: &[u8]) -> Result<(), Failure> {
    mapped(apk, RESOURCES, WORD)?;
    for abi in &ABIS {
        for library in [
            abi.library().replacen("jni/", "lib/", 1),
            format!("lib/{}/{JNA}", abi.name),
        ] {
            mapped(apk, &library, PAGE)?;
            loads(&pack::entry(apk, &library)?, abi)
                .map_err(|what| Failure::Other(format!("the APK: {library} {what}")))?;
        }
    }
    let mut defined = Vec::new();
    for name in names(apk)? {
        if name.starts_with("classes") && name.ends_with(".dex") {
            let classes = dex::classes(&pack::entry(apk, &name)?);
            defined.extend(classes.ok_or_else(|| wrong(&format!("{name} is no dex file")))?);
        }
        if let Some(library) = name.strip_prefix("lib/") {
            let known = |abi: &Abi| library.starts_with(&format!("{}/", abi.name));
            // Where a phone finds one library for its ABI, it takes all of them from there.
            expect(
                ABIS.iter().any(known),
                &format!("{name} is for another ABI"),
            )?;
        }
    }
    for class in CLASSES {
        expect(
            defined.iter().any(|it| it == class),
            &format!("there is no {class}"),
        )?;
    }
    Ok(())
}

fn names(apk: &[u8]) -> Result<Vec<String>, Failure> {
    let archive = pack::open(apk)?;
    archive
        .file_names()
        .map(|name| name.map(|name| name.into_owned()))
        .collect::<Result<Vec<String>, _>>()
        .map_err(pack::failure)
}

/// Whether it can be mapped into memory from where it lies.
fn mapped(apk: &[u8], name: &str, align: u16) -> Result<(), Failure> {
    let mut archive = pack::open(apk)?;
    let file = archive
        .by_name(name)
        .map_err(|error| wrong(&format!("{name}: {error}")))?;
    expect(
        file.compression() == CompressionMethod::Stored,
        &format!("{name} is compressed"),
    )?;
    expect(
        file.data_start()
            .is_some_and(|start| start % u64::from(align) == 0),
        &format!("{name} does not begin at a multiple of {align}"),
    )
}

/// Whether a device of this ABI with pages of 16 KB loads the library.
fn loads(library: &[u8], abi: &Abi) -> Result<(), String> {
    let elf = ElfFile64::<LittleEndian>::parse(library)
        .map_err(|error| format!("is no library: {error}"))?;
    if elf.architecture() != abi.architecture {
        return Err(format!("is for {:?}", elf.architecture()));
    }
    let is_aligned = |segment: &&object::elf::ProgramHeader64<LittleEndian>| {
        segment.p_type(LittleEndian) != PT_LOAD || segment.p_align(LittleEndian) >= u64::from(PAGE)
    };
    if elf
        .elf_program_headers()
        .iter()
        .all(|segment| is_aligned(&segment))
    {
        Ok(())
    } else {
        Err("does not load on pages of 16 KB".into())
    }
}

/// What `aapt` reads of the manifest and the resources.
fn badging(said: &str) -> Result<(), Failure> {
    let wanted = [
        format!("package: name='{PACKAGE}' versionCode='1'"),
        format!("sdkVersion:'{MIN_SDK}'"),
        format!("targetSdkVersion:'{TARGET_SDK}'"),
        "application-debuggable".into(),
        "application-label:'Naru'".into(),
        "application-label-ko:'나루'".into(),
        format!("launchable-activity: name='{PACKAGE}.HomeActivity'"),
        "uses-feature-not-required: name='android.hardware.camera'".into(),
        "native-code: 'arm64-v8a' 'x86_64'".into(),
    ];
    for line in wanted {
        expect(
            said.lines().any(|it| it.trim_start().starts_with(&line)),
            &format!("does not say {line}"),
        )?;
    }
    let permissions = ["android.permission.INTERNET", "android.permission.CAMERA"];
    let asked = said
        .lines()
        .filter_map(|line| line.strip_prefix("uses-permission: name='"));
    let mut asked: Vec<&str> = asked.map(|rest| rest.trim_end_matches('\'')).collect();
    asked.sort_unstable_by_key(|name| permissions.iter().position(|it| it == name));
    expect(
        asked == permissions,
        &format!("asks for the permissions {asked:?}"),
    )
}

/// What keeps certificates on the phone, and has libraries mapped from the APK.
fn manifest(tree: &str) -> Result<(), Failure> {
    for refused in ["allowBackup", "extractNativeLibs"] {
        let name = format!("android:{refused}(");
        let line = tree.lines().find(|line| line.contains(&name));
        expect(
            line.is_some_and(|line| line.ends_with(")0x0")),
            &format!("{refused} is not refused"),
        )?;
    }
    Ok(())
}

fn signature(said: &str) -> Result<(), Failure> {
    expect(
        said.lines()
            .any(|line| line == "Verified using v2 scheme (APK Signature Scheme v2): true"),
        "it is not signed by scheme v2",
    )
}

fn output(command: &mut Command) -> Result<String, Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| Failure::Missing {
        program: program.clone(),
        remedy: error.to_string(),
    })?;
    if !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        return Err(Failure::Failed {
            line: program,
            said: Vec::new(),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn expect(holds: bool, otherwise: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(wrong(otherwise)) }
}

fn wrong(what: &str) -> Failure {
    Failure::Other(format!("the APK: {what}"))
}

#[cfg(test)]
mod tests;
