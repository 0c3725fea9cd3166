//! Keys and files that this version writes, in the eyes of OpenSSL, BouncyCastle and Java.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use naru_core::certificate::{
    CertificateSet, ChangeError, Checked, KeyForm, Password, PasswordError, PasswordRules,
    Pkcs12Form, SourceFile, WeakPassword, encrypt_with_seed, find,
};
use naru_samples::{Issued, PASSWORD, Period, Samples};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use tempfile::TempDir;

const NOW: u64 = 1_795_000_000;
const NEW: &str = "새 Password 9!";
const FORMS: [KeyForm; 3] = [KeyForm::AsBefore, KeyForm::Seed, KeyForm::Aes];

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(5)
}

fn password(text: &str) -> Password {
    Password::from(text.to_owned())
}

fn issued() -> Issued {
    Samples::new(7, Period::around(NOW)).npki_issued().unwrap()
}

fn npki(certificate: &[u8], key: Vec<u8>) -> CertificateSet {
    let files = [("signCert.der", certificate.to_vec()), ("signPri.key", key)];
    let files = files.map(|(path, bytes)| SourceFile {
        path: path.into(),
        bytes,
    });
    only(files.into())
}

fn only(files: Vec<SourceFile>) -> CertificateSet {
    let mut sets = find(files).sets;
    assert_eq!(sets.len(), 1);
    sets.remove(0)
}

fn pfx(bytes: Vec<u8>) -> CertificateSet {
    only(vec![SourceFile {
        path: "a.pfx".into(),
        bytes,
    }])
}

/// GPKI with both pairs, and their bare keys.
fn gpki(folder: &Path) -> (CertificateSet, Vec<PathBuf>) {
    let files = Samples::new(3, Period::around(NOW)).gpki(folder).unwrap();
    let set = only(
        files
            .iter()
            .map(|path| SourceFile {
                path: path.file_name().unwrap().to_str().unwrap().into(),
                bytes: fs::read(path).unwrap(),
            })
            .collect(),
    );
    (set, files)
}

fn opens(set: &CertificateSet, text: &str) -> bool {
    matches!(set.check_password(&password(text)), Ok(Checked::Opened(_)))
}

fn openssl(arguments: &[&str]) -> Output {
    let output = Command::new("openssl").args(arguments).output();
    output.expect("openssl: `cargo xtask test` installs it")
}

fn succeed(output: Output) -> Vec<u8> {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    output.stdout
}

/// BouncyCastle's word on each case, in one virtual machine.
fn bouncy_castle(cases: &[Vec<String>]) {
    const JARS: &str =
        "/usr/share/java/bcprov.jar:/usr/share/java/bcpkix.jar:/usr/share/java/bcutil.jar";
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/Interop.java");
    let mut java = Command::new("java")
        .args(["-cp", JARS, "-Dfile.encoding=UTF-8"])
        .arg(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("java: `cargo xtask test` installs it");
    let lines: String = cases.iter().map(|case| case.join("\t") + "\n").collect();
    let mut input = java.stdin.take().unwrap();
    input.write_all(lines.as_bytes()).unwrap();
    drop(input);
    let said = String::from_utf8(succeed(java.wait_with_output().unwrap())).unwrap();
    assert_eq!(said.lines().count(), cases.len(), "{said}");
}

/// Files of one test.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn put(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.place(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn place(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}

/// A key as OpenSSL encrypts it.
fn by_openssl(desk: &Desk, bare: &str, options: &[&str]) -> Vec<u8> {
    let secret = format!("pass:{PASSWORD}");
    let out = desk.place("by-openssl");
    let mut arguments = vec![
        "pkcs8",
        "-topk8",
        "-inform",
        "DER",
        "-outform",
        "DER",
        "-provider",
        "legacy",
        "-provider",
        "default",
        "-in",
        bare,
        "-out",
        &out,
        "-passout",
        &secret,
    ];
    arguments.extend(options);
    succeed(openssl(&arguments));
    fs::read(out).unwrap()
}

fn case(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|&part| part.to_owned()).collect()
}

/// Reads the key and prints the public one.
fn opens_in_openssl(path: &str, format: &str, secret: &str) -> bool {
    let output = openssl(&[
        "pkey",
        "-inform",
        format,
        "-in",
        path,
        "-pubout",
        "-provider",
        "legacy",
        "-provider",
        "default",
        "-passin",
        &format!("pass:{secret}"),
    ]);
    output.status.success() && !output.stdout.is_empty()
}

#[test]
fn keys_written_anew_open_elsewhere_and_are_byte_for_byte_the_same() {
    let issued = issued();
    let desk = Desk::new();
    let bare = desk.put("bare", &issued.key);
    let seed = encrypt_with_seed(&issued.key, &password(PASSWORD), &mut rng()).unwrap();
    let mut originals = vec![("seedCBCWithSHA1".to_owned(), seed)];
    for cipher in [
        "seed-cbc",
        "aria-128-cbc",
        "aria-256-cbc",
        "aes-128-cbc",
        "aes-256-cbc",
        "des3",
    ] {
        for prf in ["hmacWithSHA1", "hmacWithSHA256"] {
            let key = by_openssl(&desk, &bare, &["-v2", cipher, "-v2prf", prf]);
            originals.push((format!("{cipher} {prf}"), key));
        }
    }
    let mut cases = Vec::new();
    for (name, original) in &originals {
        let set = npki(&issued.certificate, original.clone());
        let before = desk.put(name, original);
        for form in FORMS {
            let changed = set
                .with_password(&password(PASSWORD), &password(NEW), form, &mut rng())
                .unwrap();
            assert!(opens(&changed, NEW) && !opens(&changed, PASSWORD), "{name}");
            assert_eq!(changed.fingerprint(), set.fingerprint());
            assert_eq!(changed.native_files()[0], set.native_files()[0]);
            let key = &changed.native_files()[1].bytes;
            assert_ne!(key, original);
            let after = desk.put(&format!("{name} {form:?}"), key);
            cases.push(case(&["same", &before, PASSWORD, &after, NEW]));
            let is_pbes1 = name.contains("WithSHA1") && form == KeyForm::AsBefore;
            if name == "seedCBCWithSHA1" {
                // This one carries R.
                cases.push(case(&["key", &after, NEW, &bare]));
            }
            if !(name == "seedCBCWithSHA1" && is_pbes1) {
                assert!(opens_in_openssl(&after, "DER", NEW), "{name} {form:?}");
            }
        }
    }
    assert_eq!(cases.len(), 13 * 3 + 3);
    bouncy_castle(&cases);
}

#[test]
fn the_form_of_a_key_stays_when_nothing_else_is_asked_for() {
    let issued = issued();
    let desk = Desk::new();
    let bare = desk.put("bare", &issued.key);
    for (cipher, name) in [
        ("seed-cbc", "seed-cbc"),
        ("aria-256-cbc", "aria-256-cbc"),
        ("des3", "des-ede3-cbc"),
    ] {
        let key = by_openssl(
            &desk,
            &bare,
            &["-v2", cipher, "-v2prf", "hmacWithSHA512", "-iter", "5000"],
        );
        let changed = npki(&issued.certificate, key)
            .with_password(
                &password(PASSWORD),
                &password(NEW),
                KeyForm::AsBefore,
                &mut rng(),
            )
            .unwrap();
        let path = desk.put("changed", &changed.native_files()[1].bytes);
        let parsed = succeed(openssl(&["asn1parse", "-inform", "DER", "-in", &path]));
        let parsed = String::from_utf8(parsed).unwrap();
        assert!(parsed.contains(&format!(":{name}")), "{parsed}");
        assert!(
            parsed.contains(":hmacWithSHA512") && parsed.contains(":1388"),
            "{parsed}"
        );
    }
}

#[test]
fn both_keys_of_a_set_change_together() {
    let folder = TempDir::new().unwrap();
    let (set, _) = gpki(folder.path());
    for form in FORMS {
        let changed = set
            .with_password(&password(PASSWORD), &password(NEW), form, &mut rng())
            .unwrap();
        for (at, file) in changed.native_files().iter().enumerate() {
            assert_eq!(file.path, set.native_files()[at].path);
            assert_eq!(
                file == &set.native_files()[at],
                at % 2 == 0,
                "{}",
                file.path
            );
        }
        // The encipherment pair alone is no set, so that it is looked at as a signing pair.
        let files = changed.native_files();
        let pair = npki(&files[2].bytes, files[3].bytes.clone());
        assert!(opens(&pair, NEW));
    }
}

#[test]
fn refuses_a_wrong_password_and_keys_that_it_cannot_write_and_leaves_them() {
    let issued = issued();
    let desk = Desk::new();
    let bare = desk.put("bare", &issued.key);
    let change = |set: &CertificateSet, old: &str| {
        let changed = set.with_password(&password(old), &password(NEW), KeyForm::Aes, &mut rng());
        changed.map(drop).unwrap_err()
    };
    let seed =
        |key: &[u8], secret: &str| encrypt_with_seed(key, &password(secret), &mut rng()).unwrap();
    let set = npki(&issued.certificate, seed(&issued.key, PASSWORD));
    let wrong = ChangeError::Password(PasswordError::Wrong);
    assert_eq!(change(&set, "wrong"), wrong);
    assert_eq!(
        set.to_pkcs12(
            &password("wrong"),
            &password(NEW),
            Pkcs12Form::Aes,
            &mut rng()
        )
        .unwrap_err(),
        wrong
    );
    let unknown = by_openssl(&desk, &bare, &["-v2", "camellia-128-cbc"]);
    let unknown = npki(&issued.certificate, unknown);
    assert!(matches!(
        change(&unknown, PASSWORD),
        ChangeError::UnknownScheme { .. }
    ));
    // The encipherment key has a password of its own.
    let folder = TempDir::new().unwrap();
    let (_, files) = gpki(folder.path());
    let other = Samples::new(3, Period::around(NOW)).npki_issued().unwrap();
    fs::write(&files[3], seed(&other.key, "another 1!")).unwrap();
    let files = files.iter().map(|path| SourceFile {
        path: path.file_name().unwrap().to_str().unwrap().into(),
        bytes: fs::read(path).unwrap(),
    });
    let set = only(files.collect());
    assert_eq!(change(&set, PASSWORD), ChangeError::OtherPassword);
}

#[test]
fn a_pfx_opens_elsewhere_with_every_key_and_r() {
    let issued = issued();
    let desk = Desk::new();
    let bare = desk.put("bare", &issued.key);
    let seed = encrypt_with_seed(&issued.key, &password(PASSWORD), &mut rng()).unwrap();
    let person = npki(&issued.certificate, seed);
    let folder = TempDir::new().unwrap();
    let (official, _) = gpki(folder.path());
    let mut cases = Vec::new();
    // keytool takes ASCII only.
    let secret = "New-Password9";
    for (name, form) in [("aes", Pkcs12Form::Aes), ("old", Pkcs12Form::TripleDes)] {
        for (set, keys) in [(&person, 1), (&official, 2)] {
            let exported = set
                .to_pkcs12(&password(PASSWORD), &password(secret), form, &mut rng())
                .unwrap();
            assert!(opens(&exported, secret));
            assert!(!opens(&exported, PASSWORD));
            let file = &exported.native_files()[0];
            assert!(
                file.path
                    .to_string()
                    .starts_with(&set.details().unwrap().name)
            );
            let path = desk.put(&format!("{name}{keys}.pfx"), &file.bytes);
            let pass = format!("pass:{secret}");
            let listed = succeed(openssl(&[
                "pkcs12",
                "-in",
                &path,
                "-nodes",
                "-passin",
                &pass,
                "-provider",
                "legacy",
                "-provider",
                "default",
            ]));
            let listed = String::from_utf8_lossy(&listed).into_owned();
            assert_eq!(listed.matches("BEGIN PRIVATE KEY").count(), keys);
            let keytool = Command::new("keytool")
                .args([
                    "-J-Duser.language=en",
                    "-list",
                    "-storetype",
                    "PKCS12",
                    "-storepass",
                    secret,
                    "-keystore",
                    &path,
                ])
                .output()
                .expect("keytool: `cargo xtask test` installs it");
            let listed = String::from_utf8(succeed(keytool)).unwrap();
            assert_eq!(listed.matches("PrivateKeyEntry").count(), keys, "{listed}");
            let mut parts = vec!["pfx", &path, secret];
            let both = [bare.as_str(), bare.as_str()];
            if keys == 1 {
                parts.extend(&both[..1]);
                cases.push(case(&parts));
            }
        }
    }
    bouncy_castle(&cases);
}

#[test]
fn files_that_others_have_written_open_and_change_here() {
    let issued = issued();
    let desk = Desk::new();
    let bare = desk.put("bare", &issued.key);
    let certificate = desk.put("certificate", &issued.certificate);
    let secret = "Other-Program1";
    let pass = format!("pass:{secret}");
    let by_bouncy_castle = [desk.place("bc-new.pfx"), desk.place("bc-old.pfx")];
    bouncy_castle(&[
        case(&[
            "write",
            &certificate,
            &bare,
            &by_bouncy_castle[0],
            secret,
            "new",
        ]),
        case(&[
            "write",
            &certificate,
            &bare,
            &by_bouncy_castle[1],
            secret,
            "old",
        ]),
    ]);
    let pem = |name: &str, kind: &str, path: &str| {
        let out = desk.place(name);
        succeed(openssl(&[
            kind, "-inform", "DER", "-in", path, "-out", &out,
        ]));
        out
    };
    let (pem_certificate, pem_key) = (
        pem("certificate.pem", "x509", &certificate),
        pem("key.pem", "pkey", &bare),
    );
    let mut files: Vec<String> = by_bouncy_castle.into();
    for (name, options) in [("new", &[][..]), ("old", &["-legacy"])] {
        let out = desk.place(&format!("openssl-{name}.pfx"));
        let mut arguments = vec![
            "pkcs12",
            "-export",
            "-in",
            &pem_certificate,
            "-inkey",
            &pem_key,
            "-out",
            &out,
            "-passout",
            &pass,
        ];
        arguments.extend(options);
        succeed(openssl(&arguments));
        files.push(out);
    }
    let out = desk.place("keytool.pfx");
    let keytool = Command::new("keytool")
        .args([
            "-genkeypair",
            "-alias",
            "a",
            "-keyalg",
            "RSA",
            "-keysize",
            "2048",
            "-dname",
            "CN=Java,C=KR",
        ])
        .args([
            "-storetype",
            "PKCS12",
            "-storepass",
            secret,
            "-keystore",
            &out,
        ])
        .output();
    succeed(keytool.expect("keytool"));
    files.push(out);
    for path in &files {
        let set = pfx(fs::read(path).unwrap());
        assert!(opens(&set, secret), "{path}");
        assert!(!opens(&set, "wrong"), "{path}");
        let changed = set.with_password(
            &password(secret),
            &password("Changed-Word2"),
            KeyForm::AsBefore,
            &mut rng(),
        );
        let changed = changed.unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(opens(&changed, "Changed-Word2"), "{path}");
        let after = desk.put("changed.pfx", &changed.native_files()[0].bytes);
        let listed = openssl(&[
            "pkcs12",
            "-in",
            &after,
            "-nodes",
            "-passin",
            "pass:Changed-Word2",
            "-provider",
            "legacy",
            "-provider",
            "default",
        ]);
        assert!(String::from_utf8_lossy(&succeed(listed)).contains("BEGIN PRIVATE KEY"));
    }
}

#[test]
fn weak_passwords_are_named_by_what_they_lack() {
    let rules = PasswordRules::default();
    for (text, weak) in [
        ("", Some(WeakPassword::TooShort { min: 10 })),
        ("Abcdef1!", Some(WeakPassword::TooShort { min: 10 })),
        ("abcdefghij", Some(WeakPassword::TooFewKinds { min: 3 })),
        ("abcdefghi1", Some(WeakPassword::TooFewKinds { min: 3 })),
        (
            "비밀번호비밀번호열자",
            Some(WeakPassword::TooFewKinds { min: 3 }),
        ),
        ("abcdefgh1!", None),
        ("Abcdefghi1", None),
        ("비밀번호 abc 123", None),
    ] {
        assert_eq!(rules.check(&password(text)).err(), weak, "{text}");
    }
    let lax = PasswordRules {
        min_characters: 4,
        min_kinds: 1,
    };
    assert_eq!(lax.check(&password("1234")), Ok(()));
}
