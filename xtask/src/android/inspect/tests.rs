#![allow(clippy::unwrap_used)]

use object::elf::{EM_AARCH64, EM_X86_64};

use super::*;
use crate::android::{dex::tests::dex, pack::Apk};

/// An entry, and how it lies in the archive: the alignment of what is mapped, or 0 for what is compressed.
type Part = (String, Vec<u8>, u16);

/// A shared library with one segment.
fn library(machine: u16, align: u64) -> Vec<u8> {
    let mut elf = vec![0; 64 + 56];
    elf[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    let mut put = |at: usize, bytes: &[u8]| elf[at..at + bytes.len()].copy_from_slice(bytes);
    put(16, &3_u16.to_le_bytes());
    put(18, &machine.to_le_bytes());
    put(20, &1_u32.to_le_bytes());
    put(32, &64_u64.to_le_bytes());
    for (at, number) in [(52, 64_u16), (54, 56), (56, 1), (58, 64)] {
        put(at, &number.to_le_bytes());
    }
    put(64, &1_u32.to_le_bytes());
    put(64 + 48, &align.to_le_bytes());
    elf
}

/// The parts of an APK that nothing is wrong with.
fn parts() -> Vec<Part> {
    let mut parts = vec![
        ("resources.arsc".to_owned(), b"table".to_vec(), WORD),
        ("classes.dex".to_owned(), dex(&CLASSES[..4]), 0),
        ("classes2.dex".to_owned(), dex(&CLASSES[4..]), 0),
    ];
    for (abi, machine) in [("arm64-v8a", EM_AARCH64), ("x86_64", EM_X86_64)] {
        for name in ["libnaru_uniffi.so", "libjnidispatch.so"] {
            let content = library(machine.0, u64::from(PAGE));
            parts.push((format!("lib/{abi}/{name}"), content, PAGE));
        }
    }
    parts
}

fn packed(parts: &[Part]) -> Vec<u8> {
    let mut apk = Apk::default();
    for (name, content, align) in parts {
        match align {
            0 => apk.compress(name, content).unwrap(),
            align => apk.map(name, content, *align).unwrap(),
        }
    }
    apk.finish().unwrap()
}

/// An APK with one part changed.
fn with(name: &str, change: impl Fn(&mut Part)) -> Vec<u8> {
    let mut parts = parts();
    change(parts.iter_mut().find(|part| part.0 == name).unwrap());
    packed(&parts)
}

const BADGING: &str = "package: name='kr.naru.demo' versionCode='1' versionName='0.1.0'
sdkVersion:'24'
targetSdkVersion:'35'
uses-permission: name='android.permission.INTERNET'
uses-permission: name='android.permission.CAMERA'
application-label:'Naru'
application-label-ko:'나루'
application-debuggable
launchable-activity: name='kr.naru.demo.HomeActivity'  label='' icon=''
  uses-feature-not-required: name='android.hardware.camera'
native-code: 'arm64-v8a' 'x86_64'
";

const MANIFEST: &str = "      A: android:allowBackup(0x01010280)=(type 0x12)0x0
      A: android:extractNativeLibs(0x010104ea)=(type 0x12)0x0
";

#[test]
fn accepts_what_a_phone_installs_and_starts() {
    contents(&packed(&parts())).unwrap();
    badging(BADGING).unwrap();
    manifest(MANIFEST).unwrap();
    signature("Verifies\nVerified using v2 scheme (APK Signature Scheme v2): true\n").unwrap();
}

#[test]
fn rejects_an_apk_without_one_of_its_parts() {
    for (name, ..) in parts() {
        let mut parts = parts();
        parts.retain(|part| part.0 != name);
        assert!(contents(&packed(&parts)).is_err(), "{name}");
    }
}

#[test]
fn rejects_what_is_compressed_and_would_be_mapped() {
    for (name, ..) in parts().into_iter().filter(|part| part.2 > 0) {
        assert!(contents(&with(&name, |part| part.2 = 0)).is_err(), "{name}");
    }
}

#[test]
fn rejects_a_library_that_lies_across_pages() {
    for (name, ..) in parts().into_iter().filter(|part| part.2 == PAGE) {
        let apk = with(&name, |part| part.2 = 1);
        assert!(contents(&apk).is_err(), "{name}");
    }
}

#[test]
fn rejects_a_library_for_pages_of_4_kb() {
    let name = "lib/arm64-v8a/libnaru_uniffi.so";
    let apk = with(name, |part| part.1 = library(EM_AARCH64.0, 4096));
    assert!(contents(&apk).is_err());
}

#[test]
fn rejects_a_library_for_another_abi() {
    for (name, machine) in [("arm64-v8a", EM_X86_64), ("x86_64", EM_AARCH64)] {
        let apk = with(&format!("lib/{name}/libjnidispatch.so"), |part| {
            part.1 = library(machine.0, u64::from(PAGE));
        });
        assert!(contents(&apk).is_err(), "{name}");
    }
}

#[test]
fn rejects_a_library_that_is_none() {
    let apk = with("lib/x86_64/libnaru_uniffi.so", |part| {
        part.1 = b"!<arch>\n".to_vec();
    });
    assert!(contents(&apk).is_err());
}

#[test]
fn rejects_an_abi_that_lacks_the_other_library() {
    let mut parts = parts();
    let content = library(40, u64::from(PAGE));
    parts.push(("lib/armeabi-v7a/libjnidispatch.so".into(), content, PAGE));
    assert!(contents(&packed(&parts)).is_err());
}

#[test]
fn rejects_classes_that_are_not_there_or_no_dex() {
    for content in [dex(&CLASSES[..3]), b"\xca\xfe\xba\xbe".to_vec()] {
        let apk = with("classes.dex", |part| part.1.clone_from(&content));
        assert!(contents(&apk).is_err());
    }
}

#[test]
fn rejects_a_manifest_that_says_something_else() {
    for line in BADGING.lines() {
        let said = BADGING.replace(line, "");
        assert!(badging(&said).is_err(), "{line}");
    }
    let more = format!("{BADGING}uses-permission: name='android.permission.READ_CONTACTS'\n");
    assert!(badging(&more).is_err());
}

#[test]
fn rejects_a_manifest_that_allows_what_is_refused_or_does_not_say() {
    for line in MANIFEST.lines() {
        assert!(manifest(&MANIFEST.replace(line, "")).is_err(), "{line}");
        let allowed = line.replace(")0x0", ")0xffffffff");
        assert!(
            manifest(&MANIFEST.replace(line, &allowed)).is_err(),
            "{line}"
        );
    }
}

#[test]
fn rejects_a_signature_of_another_scheme() {
    let old = "Verified using v1 scheme (JAR signing): true\n\
               Verified using v2 scheme (APK Signature Scheme v2): false\n";
    assert!(signature(old).is_err());
}

#[test]
fn gradle_and_this_agree() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../mobile-demo/android/build.gradle.kts");
    let gradle = String::from_utf8(read(&file).unwrap()).unwrap();
    for line in [
        format!("applicationId = \"{PACKAGE}\""),
        format!("minSdk = {MIN_SDK}"),
        format!("targetSdk = {TARGET_SDK}"),
        format!("versionName = \"{}\"", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(gradle.contains(&line), "{line}");
    }
}
