//! Finding certificates among files: which belong together, and where they belong.

use super::{
    CertificateSet, Details, Fingerprint, Format, NativeFile, RelativePath, Signing, details,
    legacy_text, pkcs12, private_key::KeyFile, relative_path,
};

/// Largest file that is taken for a part of a certificate, in bytes.
pub const MAX_FILE_BYTES: usize = 512 * 1024;

/// A file as the host found it.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Its path below whatever the person picked, with `/` between the names.
    pub path: String,
    /// Its bytes; a host may leave out those of a file over [`MAX_FILE_BYTES`] by cutting it there.
    pub bytes: Vec<u8>,
}

/// What was among the files.
#[derive(Debug, Default)]
pub struct Found {
    /// The certificates that have a private key.
    pub sets: Vec<CertificateSet>,
    /// What looked like a part of one and is not usable.
    pub problems: Vec<Problem>,
}

/// A file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file's path, as it was found.
    pub path: String,
    /// Why.
    pub cause: ProblemCause,
}

/// Why a file cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemCause {
    /// A certificate whose private key is not there.
    KeyMissing,
    /// A private key whose certificate is not there.
    CertificateMissing,
    /// Not a certificate, or a damaged one.
    CertificateUnreadable,
    /// Not a private key, or a damaged one.
    KeyUnreadable,
    /// A private key without a password: it would cross unprotected by its owner.
    KeyNotEncrypted,
    /// Not a PKCS#12, or a damaged one.
    Pkcs12Unreadable,
    /// Larger than any file of a certificate.
    TooLarge,
}

impl ProblemCause {
    /// A stable name of the cause.
    pub const fn code(self) -> &'static str {
        match self {
            Self::KeyMissing => "key_missing",
            Self::CertificateMissing => "certificate_missing",
            Self::CertificateUnreadable => "certificate_unreadable",
            Self::KeyUnreadable => "key_unreadable",
            Self::KeyNotEncrypted => "key_not_encrypted",
            Self::Pkcs12Unreadable => "pkcs12_unreadable",
            Self::TooLarge => "file_too_large",
        }
    }
}

/// Finds the certificates among `files`, from whatever level of the folders they were taken. Files
/// that belong to no certificate are passed over.
pub fn find(files: Vec<SourceFile>) -> Found {
    let mut found = Found::default();
    let mut named = Vec::new();
    for file in files {
        let Some(part) = Part::of(&file.path) else {
            continue;
        };
        if file.bytes.len() > MAX_FILE_BYTES {
            found.problem(file.path, ProblemCause::TooLarge);
            continue;
        }
        match part {
            Part::Pkcs12 => found.pkcs12(file),
            Part::Half { stem, half, format } => {
                let name = Name {
                    folder: parent(&file.path).to_owned(),
                    folded: legacy_text::folded(&stem),
                    stem,
                };
                named.push((name, half, format, file));
            }
        }
    }
    named.sort_by(|(name, ..), (other, ..)| name.cmp(other));
    let mut named = named.into_iter().peekable();
    let mut whole = Halves::default();
    while let Some((name, half, format, file)) = named.next() {
        let mut halves = Halves::default();
        halves.add(half, format, file);
        while let Some((_, half, format, file)) = named.next_if(|(next, ..)| *next == name) {
            halves.add(half, format, file);
        }
        // Halves in different letter case belong together, unless there are two of a kind.
        if whole.overlaps(&halves) {
            found.pair(std::mem::take(&mut whole));
        }
        whole.take(halves);
        if named.peek().is_none_or(|(next, ..)| !next.is_like(&name)) {
            found.pair(std::mem::take(&mut whole));
        }
    }
    found
}

/// Where a half lies, and what it shares with its other half.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    folder: String,
    folded: String,
    stem: String,
}

impl Name {
    fn is_like(&self, other: &Self) -> bool {
        self.folder == other.folder && self.folded == other.folded
    }
}

/// What a file's name makes it.
enum Part {
    Pkcs12,
    Half {
        stem: String,
        half: Half,
        format: Format,
    },
}

#[derive(Clone, Copy)]
enum Half {
    SigningCertificate,
    SigningKey,
    EnciphermentCertificate,
    EnciphermentKey,
}

impl Part {
    fn of(path: &str) -> Option<Self> {
        let spelled = file_name(path);
        let name = spelled.to_ascii_lowercase();
        if name.ends_with(".pfx") || name.ends_with(".p12") {
            return Some(Self::Pkcs12);
        }
        let npki = match name.as_str() {
            "signcert.der" => Some(Half::SigningCertificate),
            "signpri.key" => Some(Half::SigningKey),
            "kmcert.der" => Some(Half::EnciphermentCertificate),
            "kmpri.key" => Some(Half::EnciphermentKey),
            _ => None,
        };
        if let Some(half) = npki {
            return Some(Self::Half {
                stem: String::new(),
                half,
                format: Format::Npki,
            });
        }
        let endings = [
            ("_sig.cer", Half::SigningCertificate),
            ("_sig.key", Half::SigningKey),
            ("_env.cer", Half::EnciphermentCertificate),
            ("_env.key", Half::EnciphermentKey),
        ];
        endings.into_iter().find_map(|(ending, half)| {
            let (stem, end) = spelled.split_at_checked(spelled.len().checked_sub(ending.len())?)?;
            (!stem.is_empty() && end.eq_ignore_ascii_case(ending)).then(|| Self::Half {
                stem: stem.to_owned(),
                half,
                format: Format::Gpki,
            })
        })
    }
}

#[derive(Default)]
struct Halves {
    format: Option<Format>,
    signing_certificate: Option<SourceFile>,
    signing_key: Option<SourceFile>,
    encipherment_certificate: Option<SourceFile>,
    encipherment_key: Option<SourceFile>,
}

impl Halves {
    fn add(&mut self, half: Half, format: Format, file: SourceFile) {
        self.format = Some(format);
        *self.slot(half) = Some(file);
    }

    fn slot(&mut self, half: Half) -> &mut Option<SourceFile> {
        match half {
            Half::SigningCertificate => &mut self.signing_certificate,
            Half::SigningKey => &mut self.signing_key,
            Half::EnciphermentCertificate => &mut self.encipherment_certificate,
            Half::EnciphermentKey => &mut self.encipherment_key,
        }
    }
}

impl Halves {
    fn slots(&self) -> [&Option<SourceFile>; 4] {
        [
            &self.signing_certificate,
            &self.signing_key,
            &self.encipherment_certificate,
            &self.encipherment_key,
        ]
    }

    fn overlaps(&self, other: &Self) -> bool {
        let both = self.slots().into_iter().zip(other.slots());
        both.into_iter()
            .any(|(own, other)| own.is_some() && other.is_some())
    }

    /// Adds what is not there yet.
    fn take(&mut self, other: Self) {
        self.format = self.format.or(other.format);
        let Self {
            signing_certificate,
            signing_key,
            encipherment_certificate,
            encipherment_key,
            ..
        } = other;
        for (half, file) in [
            (Half::SigningCertificate, signing_certificate),
            (Half::SigningKey, signing_key),
            (Half::EnciphermentCertificate, encipherment_certificate),
            (Half::EnciphermentKey, encipherment_key),
        ] {
            let slot = self.slot(half);
            *slot = slot.take().or(file);
        }
    }
}

impl Found {
    fn problem(&mut self, path: String, cause: ProblemCause) {
        self.problems.push(Problem { path, cause });
    }

    fn pkcs12(&mut self, file: SourceFile) {
        if !pkcs12::is_pfx(&file.bytes) {
            return self.problem(file.path, ProblemCause::Pkcs12Unreadable);
        }
        let Some(path) = native(&[relative_path::file_name(file_name(&file.path))]) else {
            return self.problem(file.path, ProblemCause::Pkcs12Unreadable);
        };
        self.sets.push(CertificateSet {
            format: Format::Pkcs12,
            files: vec![NativeFile {
                path,
                bytes: file.bytes,
            }],
            sources: vec![file.path],
            signing: None,
        });
    }

    fn pair(&mut self, halves: Halves) {
        let format = halves.format.unwrap_or(Format::Gpki);
        let signing = self.complete(halves.signing_certificate, halves.signing_key);
        let encipherment = self.complete(halves.encipherment_certificate, halves.encipherment_key);
        let Some((certificate_file, key_file)) = signing else {
            // Encipherment alone signs in nowhere, and would be left behind by a deletion.
            if let Some((certificate, _)) = encipherment {
                self.problem(certificate.path, ProblemCause::CertificateMissing);
            }
            return;
        };
        let Some(certificate) = details::parse(&certificate_file.bytes) else {
            return self.problem(certificate_file.path, ProblemCause::CertificateUnreadable);
        };
        let signing = Signing {
            details: Details::of(&certificate),
            fingerprint: Fingerprint::of(&certificate_file.bytes),
            certificate: Box::new(certificate),
        };
        let folder = folder(format, &certificate_file.path, &signing.details);
        let mut files = Vec::new();
        let mut sources = Vec::new();
        let pairs = [Some((certificate_file, key_file)), encipherment];
        for file in pairs
            .into_iter()
            .flatten()
            .flat_map(|(certificate, key)| [certificate, key])
        {
            let mut names = folder.clone();
            names.push(relative_path::file_name(file_name(&file.path)));
            let Some(path) = native(&names) else {
                return self.problem(file.path, ProblemCause::CertificateUnreadable);
            };
            sources.push(file.path);
            files.push(NativeFile {
                path,
                bytes: file.bytes,
            });
        }
        self.sets.push(CertificateSet {
            format,
            files,
            sources,
            signing: Some(signing),
        });
    }

    /// A certificate and its key, where both are there and the key is one that may cross.
    fn complete(
        &mut self,
        certificate: Option<SourceFile>,
        key: Option<SourceFile>,
    ) -> Option<(SourceFile, SourceFile)> {
        match (certificate, key) {
            (Some(certificate), Some(key)) => match KeyFile::of(&key.bytes) {
                KeyFile::Encrypted => return Some((certificate, key)),
                KeyFile::Bare => self.problem(key.path, ProblemCause::KeyNotEncrypted),
                KeyFile::Neither => self.problem(key.path, ProblemCause::KeyUnreadable),
            },
            (Some(certificate), None) => self.problem(certificate.path, ProblemCause::KeyMissing),
            (None, Some(key)) => self.problem(key.path, ProblemCause::CertificateMissing),
            (None, None) => {}
        }
        None
    }
}

/// The folders of the native layout, as far as the path or else the certificate tells.
fn folder(format: Format, path: &str, details: &Details) -> Vec<String> {
    let above: Vec<&str> = path.split('/').rev().skip(1).collect();
    match format {
        Format::Pkcs12 => Vec::new(),
        Format::Gpki => {
            let named = |wanted: &str| above.iter().any(|name| name.eq_ignore_ascii_case(wanted));
            let root = if named("EPKI") { "EPKI" } else { "GPKI" };
            let class = if named("class1") { "class1" } else { "class2" };
            [root, "Certificate", class]
                .map(ToString::to_string)
                .to_vec()
        }
        Format::Npki => {
            let user = above
                .iter()
                .position(|name| name.eq_ignore_ascii_case("USER"));
            let authority = user.and_then(|at| above.get(at + 1)).map_or_else(
                || authority(&details.organization),
                |name| relative_path::file_name(name),
            );
            let own = above
                .first()
                .filter(|name| {
                    name.get(..3)
                        .is_some_and(|start| start.eq_ignore_ascii_case("cn="))
                })
                .map_or(details.subject.as_str(), |name| name);
            vec![
                "NPKI".into(),
                authority,
                "USER".into(),
                relative_path::file_name(own),
            ]
        }
    }
}

/// The folder that an issuer's certificates lie in.
fn authority(organization: &str) -> String {
    let known = [
        "yessign",
        "KICA",
        "CrossCert",
        "SignKorea",
        "TradeSign",
        "NCASIGN",
        "INIPASS",
    ];
    known
        .into_iter()
        .find(|name| name.eq_ignore_ascii_case(organization))
        .map_or_else(|| relative_path::file_name(organization), ToOwned::to_owned)
}

fn native(names: &[String]) -> Option<RelativePath> {
    names.join("/").parse().ok()
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
