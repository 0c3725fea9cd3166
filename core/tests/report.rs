//! What is said of a certificate once it is stored; chains are made by OpenSSL.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{fs, process::Command, sync::LazyLock};

use naru_core::certificate::{
    CertificateSet, Chain, KeyCheck, Password, Roots, RootsError, SourceFile, Validity,
    encrypt_with_seed, find,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use tempfile::TempDir;

const PASSWORD: &str = "naru-sample-1!";
const DAY: i64 = 86_400;

/// Certificates named by who issues whom.
struct Authority(TempDir);

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let authority = Authority(TempDir::new().unwrap());
    let ca = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign";
    let person = "keyUsage=critical,digitalSignature,nonRepudiation";
    authority.issue("root", "root", ca, &[]);
    authority.issue("other", "other", ca, &[]);
    authority.issue("weak", "weak", ca, &["-sha1"]);
    authority.issue("ca", "root", ca, &[]);
    authority.issue("not-a-ca", "root", person, &[]);
    authority.issue(
        "no-cert-sign",
        "root",
        "basicConstraints=CA:TRUE\nkeyUsage=digitalSignature",
        &[],
    );
    authority.issue(
        "no-depth",
        "root",
        "basicConstraints=CA:TRUE,pathlen:0\nkeyUsage=keyCertSign",
        &[],
    );
    authority.issue("below-no-depth", "no-depth", ca, &[]);
    let mut issuer = "root".to_owned();
    for depth in 0..6 {
        let name = format!("deep{depth}");
        authority.issue(&name, &issuer, ca, &[]);
        issuer = name;
    }
    for issuer in [
        "root",
        "ca",
        "not-a-ca",
        "no-cert-sign",
        "no-depth",
        "below-no-depth",
        "deep1",
        "deep5",
    ] {
        authority.issue(&format!("by-{issuer}"), issuer, person, &[]);
    }
    authority.issue("by-weak", "weak", person, &["-sha1"]);
    authority
});

impl Authority {
    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn openssl(arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).output();
        let output = output.expect("openssl: `cargo xtask test` installs it");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
    }

    fn issue(&self, name: &str, issuer: &str, extensions: &str, options: &[&str]) {
        let file = |name: &str, ending: &str| self.path(&format!("{name}.{ending}"));
        let (key, request) = (file(name, "key"), file(name, "csr"));
        let kind: &[&str] = if name.starts_with("deep") {
            &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        } else {
            &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
        };
        Self::openssl(&[&["genpkey", "-out", &key], kind].concat());
        let subject = format!("/C=KR/O=Government of Korea/CN={name}");
        Self::openssl(&[
            "req", "-new", "-key", &key, "-out", &request, "-subj", &subject,
        ]);
        let extension = file(name, "ext");
        fs::write(&extension, extensions).unwrap();
        let out = file(name, "pem");
        let (issuer_certificate, issuer_key) = (file(issuer, "pem"), file(issuer, "key"));
        let mut arguments = vec![
            "x509", "-req", "-in", &request, "-out", &out, "-days", "30", "-extfile", &extension,
        ];
        if name == issuer {
            arguments.extend(["-signkey", &key]);
        } else {
            arguments.extend([
                "-CA",
                &issuer_certificate,
                "-CAkey",
                &issuer_key,
                "-CAcreateserial",
            ]);
        }
        arguments.extend(options);
        Self::openssl(&arguments);
    }

    fn pem(&self, names: &[&str]) -> Vec<u8> {
        let files = names
            .iter()
            .map(|name| fs::read(self.path(&format!("{name}.pem"))).unwrap());
        files.collect::<Vec<_>>().concat()
    }

    fn roots(&self, names: &[&str]) -> Roots {
        Roots::from_pem(&self.pem(names)).unwrap()
    }

    fn set(&self, name: &str) -> CertificateSet {
        let (certificate, key) = (self.path("certificate.der"), self.path("key.der"));
        let pem = |ending: &str| self.path(&format!("{name}.{ending}"));
        Self::openssl(&[
            "x509",
            "-in",
            &pem("pem"),
            "-outform",
            "DER",
            "-out",
            &certificate,
        ]);
        Self::openssl(&[
            "pkcs8",
            "-topk8",
            "-nocrypt",
            "-in",
            &pem("key"),
            "-outform",
            "DER",
            "-out",
            &key,
        ]);
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let key = encrypt_with_seed(&fs::read(key).unwrap(), &password(), &mut rng).unwrap();
        let files = [
            ("signCert.der", fs::read(certificate).unwrap()),
            ("signPri.key", key),
        ];
        let files = files.map(|(path, bytes)| SourceFile {
            path: path.into(),
            bytes,
        });
        find(files.into()).sets.remove(0)
    }
}

fn password() -> Password {
    Password::from(PASSWORD.to_owned())
}

fn now(set: &CertificateSet) -> i64 {
    set.details().unwrap().not_before + DAY
}

/// One test, because the certificates of a set pass through one file.
#[test]
fn a_chain_is_trusted_only_where_every_link_holds() {
    let authority = &*AUTHORITY;
    for (name, trusted, expected) in [
        ("by-root", &["root"][..], Chain::Trusted),
        ("by-ca", &["root", "ca"], Chain::Trusted),
        ("by-ca", &["ca", "other", "root"], Chain::Trusted),
        ("by-deep1", &["root", "deep0", "deep1"], Chain::Trusted),
        ("by-no-depth", &["root", "no-depth"], Chain::Trusted),
        ("by-root", &["other"], Chain::Untrusted),
        ("by-ca", &["root"], Chain::Untrusted),
        ("by-not-a-ca", &["root", "not-a-ca"], Chain::Untrusted),
        (
            "by-no-cert-sign",
            &["root", "no-cert-sign"],
            Chain::Untrusted,
        ),
        (
            "by-below-no-depth",
            &["root", "no-depth", "below-no-depth"],
            Chain::Untrusted,
        ),
        (
            "by-deep5",
            &["root", "deep0", "deep1", "deep2", "deep3", "deep4", "deep5"],
            Chain::Untrusted,
        ),
    ] {
        let set = authority.set(name);
        let roots = authority.roots(trusted);
        let report = set.report(None, Some(&roots), now(&set));
        assert_eq!(report.chain, expected, "{name} under {trusted:?}");
        // None of it holds outside its time.
        for moment in [0, now(&set) + 60 * DAY] {
            let report = set.report(None, Some(&roots), moment);
            assert_eq!(report.chain, Chain::Untrusted, "{name} at {moment}");
        }
    }
    let set = authority.set("by-root");
    assert_eq!(
        set.report(None, None, now(&set)).chain,
        Chain::NotConfigured
    );
    // A root of the same name with another key.
    let namesake = Authority(TempDir::new().unwrap());
    let ca = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign";
    namesake.issue("root", "root", ca, &[]);
    let report = set.report(None, Some(&namesake.roots(&["root"])), now(&set));
    assert_eq!(report.chain, Chain::Untrusted);
    // SHA-1 vouches for nothing, not even for a root of its own.
    assert_eq!(
        Roots::from_pem(&authority.pem(&["weak"])).err(),
        Some(RootsError::NoRoot)
    );
    let mixed = authority.roots(&["weak", "root"]);
    let set = authority.set("by-weak");
    let report = set.report(None, Some(&mixed), now(&set));
    assert_eq!(report.chain, Chain::Untrusted);

    let set = authority.set("by-ca");
    let before = set.report(None, None, now(&set));
    assert_eq!(
        (before.key, before.identity_random),
        (KeyCheck::NotChecked, None)
    );
    let checked = set.check_password(&password()).unwrap();
    let after = set.report(Some(&checked), None, now(&set));
    assert_eq!(
        (after.key, after.identity_random),
        (KeyCheck::Matches, Some(false))
    );
    assert_eq!(after.validity, Some(Validity::Valid { days_left: 29 }));
    assert_eq!(after.details.unwrap().name, "by-ca");
}

#[test]
fn refuses_files_that_hold_no_root() {
    let authority = &*AUTHORITY;
    for (pem, error) in [
        (Vec::new(), RootsError::NoRoot),
        (b"no PEM at all".to_vec(), RootsError::NoRoot),
        (authority.pem(&["ca"]), RootsError::NoRoot),
        (authority.pem(&["not-a-ca"]), RootsError::NoRoot),
        (
            b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n".to_vec(),
            RootsError::Malformed,
        ),
        (
            b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".to_vec(),
            RootsError::Malformed,
        ),
    ] {
        assert_eq!(Roots::from_pem(&pem).err(), Some(error));
    }
}
