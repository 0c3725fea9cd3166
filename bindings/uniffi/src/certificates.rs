//! Certificates: what a person can see of them, and what can be done with them on this device.

use std::sync::{Arc, Mutex};

use naru_core::{
    certificate::{
        self, CertificateSet, Chain, Checked, Details, Format, Holder, KeyForm, OpenedKey,
        Password, Pkcs12Form, SourceFile, Validity, find,
    },
    giver::Offer,
    rules::Issued,
};

use crate::{
    failure::{Failure, Refusal},
    host::{CertificateFile, VerificationPurpose},
    live::Live,
    lock::lock,
    naru::{Context, Naru, generator, now},
    storage::{self, Kept},
};

/// One certificate with its private keys, which stay inside.
#[derive(uniffi::Object)]
pub struct Certificate {
    context: Arc<Context>,
    pub(crate) set: CertificateSet,
    place: Mutex<Place>,
    given: Mutex<Option<Given>>,
    _live: Live,
}

/// Where a certificate is on this device.
#[derive(Clone, Default)]
struct Place {
    /// Its id in the store.
    id: Option<String>,
    moved_at: Option<i64>,
}

/// A password that was right, and what it opened.
#[derive(Clone)]
struct Given {
    password: Password,
    checked: Arc<Checked>,
}

/// What a person can see of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CertificateSummary {
    /// SHA-256 of the certificate, 64 hexadecimal digits; the store's id of it.
    pub fingerprint: String,
    /// The last four digits, in capitals: what two people compare.
    pub short_fingerprint: String,
    /// How it lies on disk.
    pub format: CertificateFormat,
    /// Whether it is in the store of this device.
    pub is_stored: bool,
    /// Unix seconds at which another device confirmed that it has it.
    pub moved_at: Option<i64>,
    /// The holder's name; empty for a `.pfx` whose password has not been given.
    pub name: String,
    /// Who has issued it.
    pub issuer: String,
    /// For whom.
    pub holder: CertificateHolder,
    /// Unix seconds from which it is valid.
    pub not_before: Option<i64>,
    /// Unix seconds until which it is valid.
    pub not_after: Option<i64>,
    /// Where the present lies in that time. It may have been revoked all the same.
    pub validity: CertificateValidity,
}

/// How a certificate lies on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum CertificateFormat {
    /// As GPKI's programs write it.
    Gpki,
    /// As NPKI's programs write it.
    Npki,
    /// One `.pfx` or `.p12`.
    Pkcs12,
}

/// For whom a certificate was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum CertificateHolder {
    /// A public official.
    Official,
    /// A member of a public body.
    PublicBody,
    /// An agency itself: an electronic seal.
    Seal,
    /// A server.
    Server,
    /// A special purpose.
    SpecialPurpose,
    /// A private person.
    Person,
    /// A company.
    Company,
    /// It does not say so in a way that is known here.
    Unknown,
}

/// Where the present lies in a certificate's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum CertificateValidity {
    /// A `.pfx` whose password has not been given.
    Unknown,
    /// It begins later.
    NotYet,
    /// It runs.
    Valid {
        /// Whole days that are left.
        days_left: i64,
    },
    /// It is over.
    Expired,
}

/// What checking has shown. Whether the certificate was revoked is never looked up: say so.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CertificateReport {
    /// Whether the private key belongs to it.
    pub key: KeyCheck,
    /// Whether a trusted root stands behind it.
    pub chain: ChainCheck,
    /// Whether it holds the number by which its holder's identity can be checked (본인확인 정보); nothing
    /// while the key has not been opened.
    pub identity_information: Option<bool>,
    /// What the certificate says.
    pub summary: CertificateSummary,
}

/// Whether a private key belongs to its certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum KeyCheck {
    /// The password has not been given.
    NotChecked,
    /// It does.
    Matches,
    /// The key is of a kind that this version cannot open. It can be moved all the same.
    Unknown,
}

/// Whether a trusted root stands behind a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ChainCheck {
    /// The app knows no roots.
    NotConfigured,
    /// One does.
    Trusted,
    /// None does.
    Untrusted,
}

/// What was among some files.
#[derive(uniffi::Record)]
pub struct FoundCertificates {
    /// The certificates that have a private key.
    pub certificates: Vec<Arc<Certificate>>,
    /// What looked like a part of one and is not usable.
    pub problems: Vec<FileProblem>,
}

/// A file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct FileProblem {
    /// Its path.
    pub path: String,
    /// A stable name of the cause: `key_missing`, `certificate_missing`, `certificate_unreadable`,
    /// `key_unreadable`, `key_not_encrypted`, `pkcs12_unreadable` or `file_too_large`.
    pub code: String,
}

#[uniffi::export]
impl Certificate {
    /// What a person can see of it at this moment.
    pub fn summary(&self) -> CertificateSummary {
        let given = self.given();
        let opened = given.as_ref().and_then(|given| opened(&given.checked));
        let details = opened.map(OpenedKey::details).or(self.set.details());
        let place = lock(&self.place);
        CertificateSummary {
            fingerprint: self.set.fingerprint().to_string(),
            short_fingerprint: self.set.fingerprint().short(),
            format: self.set.format().into(),
            is_stored: place.id.is_some(),
            moved_at: place.moved_at,
            name: details.map_or_else(String::new, |details| details.name.clone()),
            issuer: details.map_or_else(String::new, |details| details.issuer.clone()),
            holder: details.map_or(CertificateHolder::Unknown, |details| details.holder.into()),
            not_before: details.map(|details| details.not_before),
            not_after: details.map(|details| details.not_after),
            validity: details.map_or(CertificateValidity::Unknown, validity),
        }
    }

    /// Checks the password on this device, and says what the certificate is worth. A right password is
    /// kept until the object goes, so that the certificate can be given, exported or given a new one.
    /// Takes a tenth of a second and more: not for the main thread.
    pub fn check(&self, password: String) -> Result<CertificateReport, Failure> {
        let password = Password::from(password);
        let checked = Arc::new(self.set.check_password(&password)?);
        *lock(&self.given) = Some(Given { password, checked });
        Ok(self.report())
    }

    /// What is known of it without asking for the password again.
    pub fn report(&self) -> CertificateReport {
        let given = self.given();
        let checked = given.as_ref().map(|given| given.checked.as_ref());
        let report = self.set.report(checked, self.context.roots.as_ref(), now());
        CertificateReport {
            key: report.key.into(),
            chain: report.chain.into(),
            identity_information: report.identity_random,
            summary: self.summary(),
        }
    }
}

#[uniffi::export]
impl Naru {
    /// The certificates in the store of this device.
    pub async fn certificates(&self) -> Result<Vec<Arc<Certificate>>, Failure> {
        let all = self.context.storage.all().await?.into_iter();
        let certificates = all.map(|Kept { id, set, moved_at }| {
            let id = Some(id);
            Certificate::at(&self.context, set, Place { id, moved_at })
        });
        Ok(certificates.collect())
    }

    /// The certificates among some files: a folder's, or one `.pfx`. They are not in the store.
    pub fn find_certificates(&self, files: Vec<CertificateFile>) -> FoundCertificates {
        let files = files.into_iter().map(|file| SourceFile {
            path: file.path,
            bytes: file.content,
        });
        let found = find(files.collect());
        let problems = found.problems.into_iter().map(|problem| FileProblem {
            path: problem.path,
            code: problem.cause.code().to_owned(),
        });
        FoundCertificates {
            certificates: Certificate::of(&self.context, found.sets),
            problems: problems.collect(),
        }
    }

    /// Puts a certificate into the store of this device, reads it back and compares.
    pub async fn save(&self, certificate: &Certificate) -> Result<(), Failure> {
        let saved = self.context.storage.save(&certificate.set).await?;
        certificate.stored(saved.id);
        Ok(())
    }

    /// The same certificate under a new password, in the store in place of the old one if that was there.
    /// Its password has to have been checked, and the new one to be as strong as the agency asks.
    pub async fn change_password(
        &self,
        certificate: &Certificate,
        new_password: String,
    ) -> Result<Arc<Certificate>, Failure> {
        let new = Password::from(new_password);
        self.context.rules.check(&new)?;
        let old = certificate.given().ok_or(Refusal::NotChecked)?.password;
        let form = KeyForm::AsBefore;
        let set = certificate
            .set
            .with_password(&old, &new, form, &mut generator()?)?;
        let checked = Arc::new(set.check_password(&new)?);
        let mut place = Place::default();
        if let Some(old_id) = certificate.id() {
            let id = self.context.storage.save(&set).await?.id;
            if id != old_id {
                self.context.storage.delete(&old_id).await?;
            }
            place.id = Some(id);
        }
        let changed = Certificate::at(&self.context, set, place);
        let password = new;
        *lock(&changed.given) = Some(Given { password, checked });
        Ok(changed)
    }

    /// The certificate as one `.pfx` under its password, which has to have been checked; the person has to
    /// unlock the device. `for_old_programs` writes 3DES, which every program reads.
    pub async fn export_pfx(
        &self,
        certificate: &Certificate,
        for_old_programs: bool,
    ) -> Result<CertificateFile, Failure> {
        let given = certificate.given().ok_or(Refusal::NotChecked)?;
        let purpose = VerificationPurpose::Export;
        self.context.verification.verify(purpose).await?;
        let form = if for_old_programs {
            Pkcs12Form::TripleDes
        } else {
            Pkcs12Form::Aes
        };
        let password = &given.password;
        let pfx = certificate
            .set
            .to_pkcs12(password, password, form, &mut generator()?)?;
        let mut files = storage::files(&pfx);
        Ok(files.pop().ok_or(Refusal::NotChecked)?)
    }

    /// Deletes a certificate of the store that another device has confirmed to have, also long after the
    /// transfer; the person has to unlock the device. Fails with `not_moved` for any other.
    pub async fn delete_original(&self, certificate: &Certificate) -> Result<(), Failure> {
        let id = certificate.id().ok_or(Refusal::NotStored)?;
        if self.context.storage.moved_at(&id).await?.is_none() {
            return Err(Refusal::NotMoved.into());
        }
        self.delete(certificate).await
    }

    /// Deletes a certificate of the store, wherever else it is or is not; the person has to unlock the
    /// device.
    pub async fn delete(&self, certificate: &Certificate) -> Result<(), Failure> {
        let id = certificate.id().ok_or(Refusal::NotStored)?;
        let purpose = VerificationPurpose::Delete;
        self.context.verification.verify(purpose).await?;
        self.context.storage.delete(&id).await?;
        certificate.forgotten();
        Ok(())
    }
}

impl Certificate {
    /// Certificates that are not in the store.
    pub(crate) fn of(context: &Arc<Context>, sets: Vec<CertificateSet>) -> Vec<Arc<Self>> {
        let certificates = sets
            .into_iter()
            .map(|set| Self::at(context, set, Place::default()));
        certificates.collect()
    }

    fn at(context: &Arc<Context>, set: CertificateSet, place: Place) -> Arc<Self> {
        Arc::new(Self {
            context: Arc::clone(context),
            set,
            place: Mutex::new(place),
            given: Mutex::new(None),
            _live: Live::new(),
        })
    }

    pub(crate) fn id(&self) -> Option<String> {
        lock(&self.place).id.clone()
    }

    pub(crate) fn stored(&self, id: String) {
        *lock(&self.place) = Place {
            id: Some(id),
            moved_at: None,
        };
    }

    pub(crate) fn forgotten(&self) {
        *lock(&self.place) = Place::default();
    }

    /// What is given away: with the opened key where its password was checked, without which nobody can
    /// check the signature of a `.pfx`'s receipt.
    pub(crate) fn offer(&self) -> Result<Offer, Failure> {
        let given = self.given();
        let key = given.as_ref().and_then(|given| opened(&given.checked));
        Ok(Offer::new([(self.set.clone(), key.cloned())])?)
    }

    /// What rules have to do with.
    pub(crate) fn issued(&self) -> Issued {
        let given = self.given();
        let key = given.as_ref().and_then(|given| opened(&given.checked));
        key.map(OpenedKey::details).or(self.set.details()).into()
    }

    /// The key's signature over a receipt, where its password was checked.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        opened(&self.given()?.checked)?.sign(message).ok()
    }

    fn given(&self) -> Option<Given> {
        lock(&self.given).clone()
    }
}

fn opened(checked: &Checked) -> Option<&OpenedKey> {
    match checked {
        Checked::Opened(key) => Some(key),
        Checked::Unchecked { .. } => None,
    }
}

fn validity(details: &Details) -> CertificateValidity {
    match details.validity_at(now()) {
        Validity::NotYet => CertificateValidity::NotYet,
        Validity::Valid { days_left } => CertificateValidity::Valid { days_left },
        Validity::Expired => CertificateValidity::Expired,
    }
}

impl From<Format> for CertificateFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Gpki => Self::Gpki,
            Format::Npki => Self::Npki,
            Format::Pkcs12 => Self::Pkcs12,
        }
    }
}

impl From<Holder> for CertificateHolder {
    fn from(holder: Holder) -> Self {
        match holder {
            Holder::Official => Self::Official,
            Holder::PublicBody => Self::PublicBody,
            Holder::Seal => Self::Seal,
            Holder::Server => Self::Server,
            Holder::SpecialPurpose => Self::SpecialPurpose,
            Holder::Person => Self::Person,
            Holder::Company => Self::Company,
            Holder::Unknown => Self::Unknown,
        }
    }
}

impl From<certificate::KeyCheck> for KeyCheck {
    fn from(key: certificate::KeyCheck) -> Self {
        match key {
            certificate::KeyCheck::NotChecked => Self::NotChecked,
            certificate::KeyCheck::Matches => Self::Matches,
            certificate::KeyCheck::Unknown => Self::Unknown,
        }
    }
}

impl From<Chain> for ChainCheck {
    fn from(chain: Chain) -> Self {
        match chain {
            Chain::NotConfigured => Self::NotConfigured,
            Chain::Trusted => Self::Trusted,
            Chain::Untrusted => Self::Untrusted,
        }
    }
}
