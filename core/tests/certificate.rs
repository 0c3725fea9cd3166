//! Certificates as people have them: found, named, opened, and refused where they are damaged.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    fs,
    path::Path,
    process::Command,
    sync::LazyLock,
    time::{Duration, Instant},
};

use naru_core::certificate::{
    CertificateSet, Checked, Found, Holder, Password, PasswordError, ProblemCause, SourceFile,
    Validity, find,
};
use naru_samples::{Issued, PASSWORD, Period, Samples};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use tempfile::TempDir;

const NOW: u64 = 1_795_000_000;

fn samples() -> Samples {
    Samples::new(7, Period::around(NOW))
}

static GPKI: LazyLock<Vec<SourceFile>> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    samples().gpki(folder.path()).unwrap();
    read(folder.path())
});

static NPKI: LazyLock<Vec<SourceFile>> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    samples().npki(folder.path()).unwrap();
    read(folder.path())
});

static PFX: LazyLock<Vec<SourceFile>> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    samples()
        .pkcs12(&folder.path().join("내 인증서.pfx"))
        .unwrap();
    read(folder.path())
});

static BARE: LazyLock<Issued> = LazyLock::new(|| samples().npki_issued().unwrap());

fn read(root: &Path) -> Vec<SourceFile> {
    fn walk(root: &Path, folder: &Path, files: &mut Vec<SourceFile>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, files);
            } else {
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                files.push(SourceFile {
                    path: name,
                    bytes: fs::read(&path).unwrap(),
                });
            }
        }
    }
    let mut files = Vec::new();
    walk(root, root, &mut files);
    files
}

fn only(files: &[SourceFile]) -> CertificateSet {
    let Found { mut sets, problems } = find(files.to_vec());
    assert_eq!(problems, []);
    assert_eq!(sets.len(), 1);
    sets.remove(0)
}

fn password(text: &str) -> Password {
    Password::from(text.to_owned())
}

fn problems(files: Vec<SourceFile>) -> Vec<ProblemCause> {
    let found = find(files);
    assert!(found.sets.is_empty(), "{:?}", found.sets);
    found
        .problems
        .into_iter()
        .map(|problem| problem.cause)
        .collect()
}

#[test]
fn finds_a_gpki_set_with_its_encipherment_pair() {
    let set = only(&GPKI);
    let details = set.details().unwrap();
    assert_eq!(details.name, "085홍길동001");
    assert_eq!(details.issuer, "CA131000031");
    assert_eq!(details.holder, Holder::Official);
    assert!(details.signs && !details.enciphers);
    assert_eq!(
        details.validity_at(NOW as i64),
        Validity::Valid { days_left: 730 }
    );
    assert_eq!(details.validity_at(0), Validity::NotYet);
    assert_eq!(details.validity_at(i64::MAX), Validity::Expired);
    let paths: Vec<_> = set
        .native_files()
        .iter()
        .map(|file| file.path.to_string())
        .collect();
    assert_eq!(
        paths,
        ["sig.cer", "sig.key", "env.cer", "env.key"]
            .map(|end| format!("GPKI/Certificate/class2/085홍길동001_{end}"))
    );
    for file in set.native_files() {
        let source = GPKI
            .iter()
            .find(|source| source.path == file.path.as_str())
            .unwrap();
        assert_eq!(source.bytes, file.bytes);
    }
}

#[test]
fn finds_a_set_from_every_level_of_its_folders_and_in_any_letter_case() {
    for level in 0..4 {
        let files: Vec<_> = GPKI
            .iter()
            .map(|file| {
                let names: Vec<_> = file.path.split('/').collect();
                let path = names[level.min(names.len() - 1)..].join("/").to_uppercase();
                SourceFile {
                    path,
                    bytes: file.bytes.clone(),
                }
            })
            .collect();
        let set = only(&files);
        let first = set.native_files()[0].path.to_string();
        assert_eq!(first, "GPKI/Certificate/class2/085홍길동001_SIG.CER");
        assert_eq!(set.sources().count(), 4);
    }
}

#[test]
fn finds_an_npki_set_and_names_its_folder_by_the_certificate_where_the_path_does_not() {
    let place =
        "NPKI/yessign/USER/cn=홍길동()0010045200807021234567,ou=HNB,ou=personal4IB,o=yessign,c=kr";
    assert_eq!(
        only(&NPKI).native_files()[1].path.to_string(),
        format!("{place}/signPri.key")
    );
    let loose: Vec<_> = NPKI
        .iter()
        .map(|file| {
            let path = file.path.rsplit('/').next().unwrap().to_owned();
            SourceFile {
                path,
                bytes: file.bytes.clone(),
            }
        })
        .collect();
    assert_eq!(
        only(&loose).native_files()[0].path.to_string(),
        format!("{place}/signCert.der")
    );
}

#[test]
fn opens_each_format_with_its_password_and_proves_it_by_a_signature() {
    for (files, identity) in [(&*GPKI, false), (&*NPKI, true), (&*PFX, true)] {
        let set = only(files);
        let Checked::Opened(key) = set.check_password(&password(PASSWORD)).unwrap() else {
            panic!("{:?} was not opened", set.format());
        };
        assert_eq!(
            key.identity_random_present(),
            identity,
            "{:?}",
            set.format()
        );
        let signature = key.sign(b"message").unwrap();
        let verifying = set.verifying_key().unwrap_or_else(|| key.verifying_key());
        assert_eq!(verifying.verify(b"message", &signature), Ok(()));
        assert!(verifying.verify(b"massage", &signature).is_err());
        assert!(verifying.verify(b"message", &signature[1..]).is_err());
        assert!(verifying.verify(b"message", &[]).is_err());
    }
}

#[test]
fn refuses_a_wrong_password_however_its_padding_comes_out() {
    for files in [&*GPKI, &*NPKI] {
        let set = only(files);
        // One in 256 of these yields a right padding.
        for attempt in 0..600 {
            let result = set.check_password(&password(&format!("wrong-{attempt}")));
            assert_eq!(result.unwrap_err(), PasswordError::Wrong);
        }
    }
    let set = only(&PFX);
    for wrong in ["", "naru-sample-1", "비밀번호"] {
        assert_eq!(
            set.check_password(&password(wrong)).unwrap_err(),
            PasswordError::Wrong
        );
    }
}

#[test]
fn refuses_a_key_of_another_certificate() {
    let other = TempDir::new().unwrap();
    Samples::new(8, Period::around(NOW))
        .npki(other.path())
        .unwrap();
    let mut files = NPKI.clone();
    let foreign = read(other.path());
    for file in &mut files {
        if file.path.ends_with("signPri.key") {
            let key = foreign
                .iter()
                .find(|file| file.path.ends_with("signPri.key"))
                .unwrap();
            file.bytes = key.bytes.clone();
        }
    }
    let result = only(&files).check_password(&password(PASSWORD));
    assert_eq!(result.unwrap_err(), PasswordError::KeyMismatch);
}

/// Encrypts the NPKI sample's key with OpenSSL; yields the certificate's files.
fn by_openssl(arguments: &[&str], secret: &str) -> Vec<SourceFile> {
    let folder = TempDir::new().unwrap();
    let (plain, encrypted) = (folder.path().join("plain"), folder.path().join("encrypted"));
    fs::write(&plain, &BARE.key).unwrap();
    let output = Command::new("openssl")
        .args(["pkcs8", "-topk8", "-inform", "DER", "-outform", "DER"])
        .args(["-provider", "legacy", "-provider", "default"])
        .args([
            "-in",
            plain.to_str().unwrap(),
            "-out",
            encrypted.to_str().unwrap(),
        ])
        .args(["-passout", &format!("pass:{secret}")])
        .args(arguments)
        .output()
        .expect("openssl runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    vec![
        SourceFile {
            path: "signCert.der".into(),
            bytes: BARE.certificate.clone(),
        },
        SourceFile {
            path: "signPri.key".into(),
            bytes: fs::read(&encrypted).unwrap(),
        },
    ]
}

#[test]
fn opens_keys_that_openssl_has_encrypted() {
    for cipher in [
        "seed-cbc",
        "aria-128-cbc",
        "aria-192-cbc",
        "aria-256-cbc",
        "aes-128-cbc",
        "aes-192-cbc",
        "aes-256-cbc",
        "des3",
    ] {
        for prf in ["hmacWithSHA1", "hmacWithSHA256"] {
            for iterations in ["1", "2048", "10000"] {
                let files = by_openssl(
                    &["-v2", cipher, "-v2prf", prf, "-iter", iterations],
                    "비밀 pass1!",
                );
                let set = only(&files);
                let opened = set.check_password(&password("비밀 pass1!"));
                assert!(
                    matches!(opened, Ok(Checked::Opened(_))),
                    "{cipher} {prf}: {opened:?}"
                );
                assert_eq!(
                    set.check_password(&password("x")).unwrap_err(),
                    PasswordError::Wrong
                );
            }
        }
    }
}

#[test]
fn carries_a_key_in_an_unknown_cipher_and_says_that_it_is_unchecked() {
    let files = by_openssl(&["-v2", "camellia-128-cbc"], PASSWORD);
    let set = only(&files);
    assert_eq!(set.native_files()[1].bytes, files[1].bytes);
    let checked = set.check_password(&password(PASSWORD));
    assert!(
        matches!(checked, Ok(Checked::Unchecked { .. })),
        "{checked:?}"
    );
}

#[test]
fn refuses_a_key_that_asks_for_endless_derivation_at_once() {
    let files = by_openssl(&["-v2", "aes-128-cbc", "-iter", "1"], PASSWORD);
    let mut key = files[1].bytes.clone();
    // INTEGER 1 of the PBKDF2 parameters follows the salt; a longer one shifts nothing else when it
    // takes the place of a file made with 16,777,215 rounds in its header.
    let at = key.windows(3).position(|bytes| bytes == [2, 1, 1]).unwrap();
    key.splice(at..at + 3, [2, 4, 0x7f, 0xff, 0xff, 0xff]);
    lengthen(&mut key, at, 3);
    let files = vec![
        files[0].clone(),
        SourceFile {
            path: "signPri.key".into(),
            bytes: key,
        },
    ];
    let started = Instant::now();
    let result = only(&files).check_password(&password(PASSWORD));
    assert_eq!(result.unwrap_err(), PasswordError::TooManyIterations);
    assert!(started.elapsed() < Duration::from_secs(1));
}

/// Adds `by` to the length of every DER SEQUENCE that encloses `position`.
fn lengthen(der: &mut [u8], position: usize, by: usize) {
    let mut at = 0;
    while at < position && der[at] == 0x30 {
        let (header, length) = match der[at + 1] {
            0x82 => (4, usize::from(der[at + 2]) << 8 | usize::from(der[at + 3])),
            0x81 => (3, usize::from(der[at + 2])),
            short => (2, usize::from(short)),
        };
        if at + header + length <= position {
            at += header + length;
            continue;
        }
        let longer = length + by;
        match header {
            4 => der[at + 2..at + 4].copy_from_slice(&(longer as u16).to_be_bytes()),
            3 => der[at + 2] = u8::try_from(longer).unwrap(),
            _ => der[at + 1] = u8::try_from(longer).unwrap(),
        }
        at += header;
        if der[at] == 0x06 {
            at += 2 + usize::from(der[at + 1]);
        }
    }
}

#[test]
fn names_the_file_that_is_missing_its_other_half() {
    let without = |end: &str| -> Vec<SourceFile> {
        GPKI.iter()
            .filter(|file| !file.path.ends_with(end))
            .cloned()
            .collect()
    };
    let found = find(without("_sig.key"));
    assert!(found.sets.is_empty());
    assert!(found.problems.iter().any(|problem| {
        problem.path.ends_with("_sig.cer") && problem.cause == ProblemCause::KeyMissing
    }));
    let found = find(without("_env.key"));
    assert_eq!(found.sets.len(), 1);
    assert_eq!(found.sets[0].native_files().len(), 2);
    assert_eq!(found.problems[0].cause, ProblemCause::KeyMissing);
    let key_only = NPKI
        .iter()
        .filter(|file| file.path.ends_with(".key"))
        .cloned()
        .collect();
    assert_eq!(problems(key_only), [ProblemCause::CertificateMissing]);
}

#[test]
fn refuses_a_key_without_a_password() {
    let files = vec![
        SourceFile {
            path: "signCert.der".into(),
            bytes: BARE.certificate.clone(),
        },
        SourceFile {
            path: "signPri.key".into(),
            bytes: BARE.key.clone(),
        },
    ];
    assert_eq!(problems(files), [ProblemCause::KeyNotEncrypted]);
}

#[test]
fn names_empty_truncated_nested_and_oversized_files_and_finds_the_rest() {
    let nested: Vec<u8> = [0x30, 0x80].repeat(50_000);
    let mut deep = vec![0x30, 0x83, 0x02, 0x00, 0x00];
    deep.extend([0x30, 0x82, 0xff, 0xff].repeat(30_000));
    for (garbage, cause) in [
        (Vec::new(), ProblemCause::KeyUnreadable),
        (b"not a key".to_vec(), ProblemCause::KeyUnreadable),
        (nested, ProblemCause::KeyUnreadable),
        (deep, ProblemCause::KeyUnreadable),
        (vec![0x30; 100 << 20], ProblemCause::TooLarge),
    ] {
        let mut files = NPKI.clone();
        files.push(SourceFile {
            path: "x/signCert.der".into(),
            bytes: BARE.certificate.clone(),
        });
        files.push(SourceFile {
            path: "x/signPri.key".into(),
            bytes: garbage,
        });
        let found = find(files);
        assert_eq!(found.sets.len(), 1);
        let problem = found
            .problems
            .iter()
            .find(|problem| problem.path == "x/signPri.key");
        assert_eq!(problem.unwrap().cause, cause);
    }
}

#[test]
fn keeps_two_sets_of_one_name_apart() {
    let copy = |root: &'static str| {
        GPKI.iter().map(move |file| SourceFile {
            path: format!("{root}/{}", file.path),
            bytes: file.bytes.clone(),
        })
    };
    let found = find(copy("usb").chain(copy("disk")).collect());
    assert_eq!(found.sets.len(), 2);
    assert!(
        found.sets[0]
            .sources()
            .all(|path| path.starts_with("disk/"))
    );
    assert!(found.sets[1].sources().all(|path| path.starts_with("usb/")));
}

#[test]
fn keeps_two_sets_apart_whose_names_differ_in_letter_case_alone() {
    let spelled = |name: fn(&str) -> String| {
        GPKI.iter().map(move |file| SourceFile {
            path: name(&file.path),
            bytes: file.bytes.clone(),
        })
    };
    let found = find(
        spelled(|path| path.replace("_sig", "X_sig").replace("_env", "X_env"))
            .chain(spelled(|path| {
                path.replace("_sig", "x_SIG").replace("_env", "x_ENV")
            }))
            .collect(),
    );
    assert_eq!(found.problems, []);
    assert_eq!(found.sets.len(), 2);
    for (set, letter) in found.sets.iter().zip(["X_", "x_"]) {
        assert!(set.sources().all(|path| path.contains(letter)));
    }
}

#[test]
fn survives_two_thousand_mutations() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let originals: Vec<Vec<SourceFile>> = vec![GPKI.clone(), NPKI.clone(), PFX.clone()];
    for round in 0..2_000 {
        let mut files = originals[round % originals.len()].clone();
        let at = rng.next_u32() as usize % files.len();
        mutate(&mut files[at].bytes, &mut rng);
        let started = Instant::now();
        for set in find(files).sets {
            let _ = set.details();
            let _ = set.fingerprint();
            if let Ok(Checked::Opened(key)) = set.check_password(&password(PASSWORD)) {
                let _ = key.sign(b"message");
            }
        }
        assert!(started.elapsed() < Duration::from_secs(10), "round {round}");
    }
}

fn mutate(bytes: &mut Vec<u8>, rng: &mut ChaCha20Rng) {
    for _ in 0..=rng.next_u32() % 3 {
        if bytes.is_empty() {
            return;
        }
        let at = rng.next_u32() as usize % bytes.len();
        match rng.next_u32() % 4 {
            0 => bytes[at] = rng.next_u32() as u8,
            1 => bytes.truncate(at),
            2 => bytes.insert(at, rng.next_u32() as u8),
            _ => {
                let end = (at + rng.next_u32() as usize % 64).min(bytes.len());
                bytes.drain(at..end);
            }
        }
    }
}
