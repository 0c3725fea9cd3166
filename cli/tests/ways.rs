//! The other ways of a certificate, by the real binary: a typed number, both directions, a deposit.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![allow(dead_code, reason = "not every test file holds every conversation")]

mod talk;

use std::{fs, path::PathBuf};

use naru_relay::Settings;
use naru_samples::PASSWORD;
use tempfile::TempDir;

use self::talk::{Talk, gpki, relay, relay_with, run};

/// What stands behind the last colon or space of a line.
fn last(line: &str, separator: &str) -> String {
    line.trim().rsplit(separator).next().unwrap().to_owned()
}

fn assert_arrived(from: &TempDir, files: &[PathBuf], into: &TempDir) {
    for path in files {
        let below = path.strip_prefix(from.path()).unwrap();
        let arrived = fs::read(into.path().join(below)).unwrap();
        assert_eq!(arrived, fs::read(path).unwrap(), "{}", below.display());
    }
}

#[test]
fn a_typed_number_does_what_the_code_does() {
    let (folder, files) = gpki();
    let relay = relay();
    let mut giver = Talk::start(&["give", folder.path().to_str().unwrap(), "--relay", &relay]);
    giver.say(PASSWORD);
    let number = last(&giver.hear("Connection number:"), ": ");
    let into = TempDir::new().unwrap();
    let path = into.path().to_str().unwrap();
    let mut phone = Talk::start(&["receive", "--yes", "--relay", &relay, "--into", path]);
    phone.say(&number);
    let code = last(&phone.hear("Security code:"), " ");
    giver.hear("Connected:");
    giver.say(&code);
    phone.hear("Stored in");
    phone.say(PASSWORD);
    giver.hear("Received on the other device");
    giver.say("");
    assert!(phone.end().0 && giver.end().0);
    assert_arrived(&folder, &files, &into);
}

#[test]
fn whom_a_rule_stops_hears_which_whose_and_whom_to_ask() {
    let (folder, _) = gpki();
    let from = folder.path().to_str().unwrap();
    let into = TempDir::new().unwrap();
    let path = into.path().to_str().unwrap();
    for (rule, words, arguments) in [
        (
            "issuers = [\"CA131000002\"]",
            "of this issuer",
            ["give", from],
        ),
        ("policies = [\"1.2.3\"]", "of this kind", ["give", from]),
        (
            "directions = [\"to-pc\"]",
            "in this direction",
            ["give", from],
        ),
        (
            "issuers = [\"CA131000002\"]",
            "of this issuer",
            ["deposit", from],
        ),
        (
            "directions = [\"from-pc\"]",
            "in this direction",
            ["receive", "--show"],
        ),
    ] {
        let rules = folder.path().join("agencies.toml");
        let agency = "name = { ko = \"행정안전부\", en = \"Interior\" }";
        let desk =
            "name = { ko = \"정보화담당관실\", en = \"IT office\" }\nphone = \"02-2100-0000\"";
        let text = format!("[agency.mois]\n{agency}\n{rule}\n[agency.mois.desk]\n{desk}\n");
        fs::write(&rules, text).unwrap();
        let mut settings = Settings::local().unwrap();
        settings.agencies = Some(rules);
        let relay = relay_with(settings);
        let receives = arguments[0] == "receive";
        let mut all = [&arguments[..], &["--relay", &relay]].concat();
        if receives {
            all.extend(["--into", path]);
        }
        let mut talk = Talk::start(&all);
        if !receives {
            talk.say(PASSWORD);
        }
        let said = talk.fail();
        for part in [
            words,
            "Interior",
            "IT office",
            "02-2100-0000",
            "not_allowed",
        ] {
            assert!(said.contains(part), "{arguments:?}: {said}");
        }
    }
    assert_eq!(fs::read_dir(into.path()).unwrap().count(), 0);
}

#[test]
fn a_certificate_can_be_sent_under_a_new_password() {
    let (folder, files) = gpki();
    let relay = relay();
    let from = folder.path().to_str().unwrap();
    let mut giver = Talk::start(&[
        "deposit",
        from,
        "--new-password",
        "--keep",
        "--relay",
        &relay,
    ]);
    giver.say(PASSWORD);
    giver.say("New-Password9");
    giver.say("New-Password9");
    let recovery = last(&giver.hear("Recovery code:"), " ");
    let into = TempDir::new().unwrap();
    let path = into.path().to_str().unwrap();
    let mut phone = Talk::start(&["fetch", "--yes", "--relay", &relay, "--into", path]);
    phone.say(&recovery);
    phone.hear("Stored in");
    phone.say(PASSWORD);
    phone.say("New-Password9");
    phone.hear("Key: belongs to the certificate");
    assert!(phone.end().0 && giver.end().0);
    for (at, path) in files.iter().enumerate() {
        let below = path.strip_prefix(folder.path()).unwrap();
        let same = fs::read(into.path().join(below)).unwrap() == fs::read(path).unwrap();
        assert_eq!(same, at % 2 == 0, "{}", below.display());
    }
}

#[test]
fn a_mistyped_number_is_caught_before_it_costs_anything() {
    // Nothing listens there.
    let nowhere = "http://127.0.0.1:9";
    for (number, code) in [
        ("1234 5678 9012", "[number_mistyped]"),
        ("1234 5678 901", "[not_twelve_digits]"),
    ] {
        let output = run(&["receive", "--relay", nowhere, "--code", number]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(code), "{said}");
    }
}

#[test]
fn whoever_scans_to_give_is_asked_who_shall_have_it() {
    let (folder, files) = gpki();
    let relay = relay();
    let from = folder.path().to_str().unwrap();
    for answer in ["n", "y"] {
        let into = TempDir::new().unwrap();
        let path = into.path().to_str().unwrap();
        let mut phone = Talk::start(&[
            "receive",
            "--show",
            "--yes",
            "--device",
            "새 휴대전화",
            "--relay",
            &relay,
            "--into",
            path,
        ]);
        let code = phone.hear("NARU:").trim().to_owned();
        let mut giver = Talk::start(&["give", from, "--keep", "--scan", "--relay", &relay]);
        giver.say(PASSWORD);
        giver.hear("You are about to SEND");
        giver.say(&code);
        assert!(giver.hear("Connected:").contains("새 휴대전화"));
        giver.say(answer);
        if answer == "n" {
            assert!(!giver.end().0);
            assert!(!phone.end().0);
            assert_eq!(fs::read_dir(into.path()).unwrap().count(), 0);
            continue;
        }
        giver.say(&last(&phone.hear("Security code:"), " "));
        phone.hear("Stored in");
        phone.say(PASSWORD);
        assert!(phone.end().0 && giver.end().0);
        assert_arrived(&folder, &files, &into);
    }
}

#[test]
fn a_deposit_is_fetched_by_its_code_and_the_original_goes_after_the_receipt() {
    let (folder, files) = gpki();
    let originals: Vec<_> = files.iter().map(|path| fs::read(path).unwrap()).collect();
    let relay = relay();
    let from = folder.path().to_str().unwrap();
    let mut depositor = Talk::start(&["deposit", from, "--relay", &relay]);
    depositor.say(PASSWORD);
    let recovery = last(&depositor.hear("Recovery code:"), " ");
    let withdraw = last(&depositor.hear("Withdraw code:"), " ");
    let status = || {
        let output = run(&[
            "withdraw", "--status", "--code", &withdraw, "--relay", &relay,
        ]);
        assert!(output.status.success());
        talk::text(&output)
    };
    assert!(status().contains("Nobody has fetched it yet. (1440 min)"));
    let into = TempDir::new().unwrap();
    let path = into.path().to_str().unwrap();
    let mut phone = Talk::start(&["fetch", "--relay", &relay, "--into", path]);
    phone.say(&recovery);
    phone.hear("official");
    assert!(status().contains("It is being fetched."));
    phone.say("y");
    phone.say(PASSWORD);
    phone.hear("Stored and checked");
    assert!(phone.end().0);
    depositor.hear("Received on the other device");
    assert!(files.iter().all(|path| path.exists()));
    depositor.say("y");
    assert!(depositor.end().0);
    for (path, original) in files.iter().zip(&originals) {
        assert!(!path.exists());
        let below = path.strip_prefix(folder.path()).unwrap();
        assert_eq!(&fs::read(into.path().join(below)).unwrap(), original);
    }
}

#[test]
fn a_deposit_that_is_left_can_be_withdrawn() {
    let (folder, files) = gpki();
    let relay = relay();
    let from = folder.path().to_str().unwrap();
    let mut depositor = Talk::start(&[
        "deposit", from, "--leave", "--hours", "2", "--relay", &relay,
    ]);
    depositor.say(PASSWORD);
    let recovery = last(&depositor.hear("Recovery code:"), " ");
    let withdraw = last(&depositor.hear("Withdraw code:"), " ");
    depositor.hear("It is kept for 2 hours");
    assert!(depositor.end().0);
    let withdrawn = run(&["withdraw", "--code", &withdraw, "--relay", &relay]);
    assert!(withdrawn.status.success());
    let output = run(&["fetch", "--code", &recovery, "--relay", &relay]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("[deposit_gone, "));
    assert!(files.iter().all(|path| path.exists()));
}

#[test]
fn a_mistyped_code_of_a_deposit_is_caught_before_any_request() {
    // Nothing listens there.
    let nowhere = "http://127.0.0.1:9";
    let code = "QQQQ-QQQQ-QQQQ-QQQQ-QQQQ-QQQQ-QQQQ-QQQQ";
    for (code, cause) in [
        (code, "[deposit_code_mistyped]"),
        (&code[..20], "[deposit_code_incomplete]"),
    ] {
        for command in ["fetch", "withdraw"] {
            let output = run(&[command, "--code", code, "--relay", nowhere]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.contains(cause), "{said}");
        }
    }
}

#[test]
fn an_original_that_was_kept_is_known_and_can_be_deleted_later() {
    let (folder, files) = gpki();
    let state = TempDir::new().unwrap();
    let with_state = |arguments: &[&str]| {
        let mut command = talk::naru(arguments);
        command.env("XDG_STATE_HOME", state.path());
        command
    };
    let from = folder.path().to_str().unwrap();
    let refused = with_state(&["delete", "--yes", from]).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("[not_moved]"));
    let relay = relay();
    let mut depositor = Talk::with(with_state(&["deposit", "--keep", from, "--relay", &relay]));
    depositor.say(PASSWORD);
    let recovery = last(&depositor.hear("Recovery code:"), " ");
    let into = TempDir::new().unwrap();
    let path = into.path().to_str().unwrap();
    let mut phone = Talk::start(&["fetch", "--yes", "--relay", &relay, "--into", path]);
    phone.say(&recovery);
    phone.hear("Stored in");
    phone.say(PASSWORD);
    phone.hear("Key: belongs to the certificate");
    phone.hear("Whether it was revoked has not been checked");
    assert!(phone.end().0 && depositor.end().0);
    let listed = with_state(&["inspect", from]).output().unwrap();
    assert!(talk::text(&listed).contains("moved, the original is still here"));
    assert!(files.iter().all(|path| path.exists()));
    let deleted = with_state(&["delete", "--yes", from]).output().unwrap();
    assert!(deleted.status.success());
    assert!(files.iter().all(|path| !path.exists()));
}

#[test]
fn a_certificate_is_copied_as_it_is_and_never_over_another() {
    let (folder, files) = gpki();
    let drive = TempDir::new().unwrap();
    let (from, to) = (
        folder.path().to_str().unwrap(),
        drive.path().to_str().unwrap(),
    );
    for _ in 0..2 {
        assert!(run(&["copy", from, "--to", to]).status.success());
        assert_arrived(&folder, &files, &drive);
    }
    let place = drive
        .path()
        .join(files[1].strip_prefix(folder.path()).unwrap());
    fs::write(&place, b"another key").unwrap();
    let refused = run(&["copy", from, "--to", to]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("[already_there]"));
    assert_eq!(fs::read(&place).unwrap(), b"another key");
}

#[test]
fn a_pfx_is_written_read_back_and_crosses_as_any_other() {
    let (folder, _) = gpki();
    let drive = TempDir::new().unwrap();
    let from = folder.path().to_str().unwrap();
    for (name, option) in [("new.pfx", None), ("old.pfx", Some("--old-form"))] {
        let path = drive.path().join(name);
        let file = path.to_str().unwrap();
        let mut arguments = vec!["copy", from, "--pfx", file];
        arguments.extend(option);
        let mut copy = Talk::start(&arguments);
        copy.say(PASSWORD);
        copy.hear("Copied and compared");
        assert!(copy.end().0);
        let mut passwd = Talk::start(&["passwd", file]);
        passwd.say(PASSWORD);
        passwd.say("weak");
        passwd.say("New-Password9");
        passwd.say("New-Password9");
        passwd.hear("The password has been changed");
        assert!(passwd.end().0);
    }
    let listed = run(&["inspect", drive.path().to_str().unwrap()]);
    assert_eq!(talk::text(&listed).matches("PKCS#12").count(), 2);
}

#[test]
fn a_password_changes_where_the_certificate_lies_or_not_at_all() {
    let (folder, files) = gpki();
    let before: Vec<_> = files.iter().map(|path| fs::read(path).unwrap()).collect();
    let from = folder.path().to_str().unwrap();
    let mut cancelled = Talk::start(&["passwd", from]);
    cancelled.say(PASSWORD);
    cancelled.say("New-Password9");
    cancelled.say("New-Password8");
    assert!(!cancelled.end().0);
    for (path, bytes) in files.iter().zip(&before) {
        assert_eq!(&fs::read(path).unwrap(), bytes);
    }
    let mut passwd = Talk::start(&["passwd", from, "--form", "aes"]);
    passwd.say(PASSWORD);
    passwd.say("New-Password9");
    passwd.say("New-Password9");
    assert!(passwd.end().0);
    for (at, (path, bytes)) in files.iter().zip(&before).enumerate() {
        assert_eq!(&fs::read(path).unwrap() == bytes, at % 2 == 0);
    }
    let left = fs::read_dir(files[0].parent().unwrap()).unwrap().count();
    assert_eq!(left, files.len());
    let mut again = Talk::start(&["passwd", from]);
    again.say("New-Password9");
    again.say("Third-Password7");
    again.say("Third-Password7");
    assert!(again.end().0);
}
