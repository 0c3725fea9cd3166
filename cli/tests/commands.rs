//! The real binary, as a person runs it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![allow(dead_code, reason = "not every test file holds every conversation")]

mod talk;

use std::{fs, path::Path, process::Command};

use naru_samples::PASSWORD;
use tempfile::TempDir;

use self::talk::{Talk, gpki, naru, relay, run, text};

fn cross(from: &Path, into: &Path, last: &str) -> (bool, bool, String) {
    let relay = relay();
    let mut giver = Talk::start(&["give", from.to_str().unwrap(), "--relay", &relay]);
    giver.say(PASSWORD);
    let code = giver.hear("NARU:").trim().to_owned();
    let into = into.to_str().unwrap();
    let mut phone = Talk::start(&["receive", "--relay", &relay, "--into", into]);
    phone.say(&code);
    let shown = phone.hear("Security code:");
    giver.hear("Connected:");
    giver.say(shown.trim().rsplit(' ').next().unwrap());
    phone.hear("official");
    phone.say("y");
    phone.say(PASSWORD);
    giver.hear("Received on the other device");
    giver.say(last);
    let (received, rest) = phone.end();
    (giver.end().0, received, rest)
}

#[test]
fn a_certificate_crosses_and_the_original_goes_only_when_the_person_says_so() {
    for (answer, kept) in [("", true), ("y", false)] {
        let (folder, files) = gpki();
        let originals: Vec<_> = files.iter().map(|path| fs::read(path).unwrap()).collect();
        let phone = TempDir::new().unwrap();
        let (given, received, rest) = cross(folder.path(), phone.path(), answer);
        assert!(given && received, "{rest}");
        for (path, original) in files.iter().zip(&originals) {
            assert_eq!(path.exists(), kept);
            let below = path.strip_prefix(folder.path()).unwrap();
            assert_eq!(&fs::read(phone.path().join(below)).unwrap(), original);
        }
        let said = if kept {
            "The original stays there"
        } else {
            "The original was deleted"
        };
        assert!(rest.contains(said), "{rest}");
    }
}

#[test]
fn another_file_in_the_place_is_never_overwritten() {
    let (folder, files) = gpki();
    let phone = TempDir::new().unwrap();
    let place = phone
        .path()
        .join(files[1].strip_prefix(folder.path()).unwrap());
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(&place, b"another key").unwrap();
    let relay = relay();
    let mut giver = Talk::start(&["give", folder.path().to_str().unwrap(), "--relay", &relay]);
    giver.say(PASSWORD);
    let code = giver.hear("NARU:").trim().to_owned();
    let into = phone.path().to_str().unwrap();
    let mut receiver = Talk::start(&["receive", "--yes", "--relay", &relay, "--into", into]);
    receiver.say(&code);
    let shown = receiver.hear("Security code:");
    giver.hear("Connected:");
    giver.say(shown.trim().rsplit(' ').next().unwrap());
    assert!(!receiver.end().0);
    assert!(!giver.end().0);
    assert_eq!(fs::read(&place).unwrap(), b"another key");
    assert_eq!(fs::read_dir(place.parent().unwrap()).unwrap().count(), 1);
    assert!(files.iter().all(|path| path.exists()));
}

#[test]
fn inspect_lists_certificates_and_problems() {
    let (folder, files) = gpki();
    fs::write(folder.path().join("signCert.der"), b"garbage").unwrap();
    let output = run(&["inspect", folder.path().to_str().unwrap()]);
    assert!(output.status.success());
    assert!(
        text(&output).contains("085홍길동001 · CA131000031 · official"),
        "{}",
        text(&output)
    );
    assert!(text(&output).contains("! signCert.der: its private key is missing [key_missing]"));
    let output = run(&["inspect", "--json", folder.path().to_str().unwrap()]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["certificates"][0]["format"], "gpki");
    assert_eq!(
        json["certificates"][0]["files"].as_array().unwrap().len(),
        files.len()
    );
    assert_eq!(json["problems"][0]["code"], "key_missing");
}

#[test]
fn names_what_cannot_be_read() {
    let missing = run(&["inspect", "/no/such/folder"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/no/such/folder"));
    let empty = TempDir::new().unwrap();
    let nothing = run(&["give", empty.path().to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("[no_certificate]"));
    let picture = empty.path().join("picture.png");
    fs::write(&picture, b"not a picture").unwrap();
    let output = run(&["receive", "--image", picture.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("picture.png") && said.contains("[no_picture]"),
        "{said}"
    );
    for code in ["https://example.com", "NARU:", "NARU:ABC"] {
        let output = run(&["receive", "--code", code]);
        assert_eq!(output.status.code(), Some(1), "{code}");
    }
    assert_eq!(
        run(&["receive", "--relay", "not a url"]).status.code(),
        Some(2)
    );
}

#[test]
fn passes_over_a_huge_file_and_finds_the_rest() {
    let (folder, _) = gpki();
    let huge = fs::File::create(folder.path().join("signPri.key")).unwrap();
    huge.set_len(100 << 20).unwrap();
    let output = run(&["inspect", folder.path().to_str().unwrap()]);
    assert!(
        text(&output).contains("[file_too_large]"),
        "{}",
        text(&output)
    );
    assert!(text(&output).contains("085홍길동001"));
}

#[cfg(unix)]
#[test]
fn reads_names_in_ms949_and_deletes_their_files() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let (folder, files) = gpki();
    let below = files[0].parent().unwrap();
    let mut renamed = Vec::new();
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let (bytes, _, _) = encoding_rs::EUC_KR.encode(name);
        assert!(std::str::from_utf8(&bytes).is_err());
        let place = below.join(OsStr::from_bytes(&bytes));
        fs::rename(file, &place).unwrap();
        renamed.push(place);
    }
    let output = run(&["inspect", "--json", folder.path().to_str().unwrap()]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let first = json["certificates"][0]["files"][0].as_str().unwrap();
    assert!(first.contains("085홍길동001_sig.cer"), "{first}");
    let into = TempDir::new().unwrap();
    let (given, received, _) = cross(folder.path(), into.path(), "y");
    assert!(given && received);
    assert!(renamed.iter().all(|path| !path.exists()));
    assert!(
        into.path()
            .join("GPKI/Certificate/class2/085홍길동001_sig.key")
            .exists()
    );
}

#[cfg(unix)]
#[test]
fn names_a_folder_without_rights_and_lists_the_rest() {
    use std::os::unix::{fs::PermissionsExt, process::CommandExt};
    const NOBODY: u32 = 65_534;
    let (folder, _) = gpki();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    let modes = [(folder.path(), 0o755), (&closed, 0o000)];
    for (path, mode) in modes {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    // Where the tests run as root, no folder is closed to them.
    let is_closed = fs::read_dir(&closed).is_err();
    let path = folder.path().to_str().unwrap();
    let binary = TempDir::new().unwrap();
    let copy = binary.path().join("naru");
    fs::copy(env!("CARGO_BIN_EXE_naru"), &copy).unwrap();
    fs::set_permissions(binary.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(copy);
    command.args(["--lang", "en", "inspect", path]);
    if !is_closed {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let said = text(&output);
    assert!(output.status.success(), "{output:?}");
    assert!(said.contains("085홍길동001"), "{said}");
    assert!(
        said.contains("closed") && said.contains("[cannot_read]"),
        "{said}"
    );
}

/// A picture of a screen, with a code on it.
#[cfg(unix)]
fn photograph(text: &str, into: &Path) {
    const SCALE: usize = 6;
    let code = naru_core::qr::draw(text).unwrap();
    let side = (code.width() + 8) * SCALE;
    let picture = image::GrayImage::from_fn(side as u32, side as u32, |x, y| {
        let module = |at: u32| (at as usize / SCALE).checked_sub(4);
        let dark = module(x)
            .zip(module(y))
            .is_some_and(|(x, y)| x < code.width() && y < code.width() && code.is_dark(x, y));
        image::Luma([if dark { 0 } else { 255 }])
    });
    picture.save(into).unwrap();
}

#[cfg(unix)]
#[test]
fn finds_the_code_on_the_screen_among_others() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, _) = gpki();
    let programs = TempDir::new().unwrap();
    let below = |name: &str| programs.path().join(name);
    let relay = relay();
    let mut giver = Talk::start(&["give", folder.path().to_str().unwrap(), "--relay", &relay]);
    giver.say(PASSWORD);
    let code = giver.hear("NARU:").trim().to_owned();
    photograph("https://example.com", &below("first.png"));
    photograph(&code, &below("then.png"));
    let script = format!(
        "#!/bin/sh\nif [ -e {0}/asked ]; then /bin/cp {0}/then.png $2; \
         else /bin/cp {0}/first.png $2; : > {0}/asked; fi\n",
        programs.path().display()
    );
    fs::write(below("scrot"), script).unwrap();
    fs::set_permissions(below("scrot"), fs::Permissions::from_mode(0o755)).unwrap();
    let into = TempDir::new().unwrap();
    let arguments = ["receive", "--relay", &relay, "--screen", "--into"];
    let mut command = naru(&arguments);
    command.arg(into.path()).env("PATH", programs.path());
    let mut phone = Talk::with(command);
    phone.hear("Security code:");
    giver.hear("Connected:");
    let nothing = TempDir::new().unwrap();
    let blind = naru(&arguments[..4])
        .env("PATH", nothing.path())
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&blind.stderr).contains("[no_screen]"));
}
