//! Finding, opening and writing certificates among the files that a person has chosen.

use base64ct::{Base64UrlUnpadded, Encoding};
use js_sys::{Array, Uint8Array};
use naru_core::certificate::{
    CertificateSet, Checked, Details, KeyForm, OpenedKey, Password, PasswordRules, Pkcs12Form,
    Problem, Roots, SourceFile, Validity, find,
};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::{generator, thrown, to_js};

/// The certificates among some files, or those that another device has sent.
#[wasm_bindgen]
pub struct Certificates {
    sets: Vec<CertificateSet>,
    problems: Vec<Problem>,
    /// One entry for each of the sets.
    given: Vec<Option<Given>>,
}

/// A password that was right, and what it opened.
struct Given {
    password: Password,
    checked: Checked,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    index: usize,
    format: &'static str,
    fingerprint: String,
    short: String,
    sources: Vec<&'a str>,
    details: Option<DetailsSummary<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DetailsSummary<'a> {
    name: &'a str,
    issuer: &'a str,
    holder: &'static str,
    not_after: f64,
    validity: &'static str,
    days_left: Option<f64>,
    policies: &'a [String],
}

#[derive(Serialize)]
struct ProblemSummary<'a> {
    path: &'a str,
    code: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportSummary<'a> {
    key: &'static str,
    chain: &'static str,
    identity_random: Option<bool>,
    details: Option<DetailsSummary<'a>>,
}

#[wasm_bindgen]
impl Certificates {
    /// Takes paths and, in the same order, the files' contents.
    #[wasm_bindgen(constructor)]
    pub fn new(paths: Vec<String>, contents: &Array) -> Self {
        let files = paths
            .into_iter()
            .zip(contents.iter())
            .map(|(path, bytes)| SourceFile {
                path,
                bytes: Uint8Array::new(&bytes).to_vec(),
            });
        let found = find(files.collect());
        Self {
            problems: found.problems,
            ..Self::of(found.sets)
        }
    }

    /// The certificates, as they stand at `now` (Unix seconds).
    pub fn list(&self, now: f64) -> JsValue {
        let sets = self.sets.iter().enumerate().map(|(index, set)| Summary {
            index,
            format: set.format().code(),
            fingerprint: set.fingerprint().to_string(),
            short: set.fingerprint().short(),
            sources: set.sources().collect(),
            details: set.details().map(|details| summary(details, now)),
        });
        to_js(&sets.collect::<Vec<_>>())
    }

    /// The files that cannot be used.
    pub fn problems(&self) -> JsValue {
        let problems = self.problems.iter().map(|it| ProblemSummary {
            path: &it.path,
            code: it.cause.code(),
        });
        to_js(&problems.collect::<Vec<_>>())
    }

    /// Checks a password and yields the report; throws `{code}` when it does not open the key.
    #[wasm_bindgen(js_name = checkPassword)]
    pub fn check_password(
        &mut self,
        index: usize,
        password: String,
        roots: Option<Vec<String>>,
        now: f64,
    ) -> Result<JsValue, JsValue> {
        let password = Password::from(password);
        let checked = self
            .set(index)?
            .check_password(&password)
            .map_err(|error| thrown(error.code()))?;
        self.remember(index, Given { password, checked });
        self.report(index, roots, now)
    }

    /// What is known of a certificate at `now`; `roots` are the operator's, base64url of DER.
    pub fn report(
        &self,
        index: usize,
        roots: Option<Vec<String>>,
        now: f64,
    ) -> Result<JsValue, JsValue> {
        let roots = roots.and_then(|roots| parsed(&roots));
        let checked = self.given_of(index).map(|given| &given.checked);
        let report = self.set(index)?.report(checked, roots.as_ref(), now as i64);
        Ok(to_js(&ReportSummary {
            key: report.key.code(),
            chain: report.chain.code(),
            identity_random: report.identity_random,
            details: report.details.as_ref().map(|details| summary(details, now)),
        }))
    }

    /// Encrypts the keys of an opened certificate under a new password, here and not on the disk; throws `{code}` and changes nothing when it cannot.
    #[wasm_bindgen(js_name = changePassword)]
    pub fn change_password(&mut self, index: usize, new: String) -> Result<(), JsValue> {
        let password = Password::from(new);
        let old = &self.given(index)?.password;
        let changed = self
            .set(index)?
            .with_password(old, &password, KeyForm::AsBefore, &mut generator()?)
            .map_err(|error| thrown(error.code()))?;
        let checked = changed
            .check_password(&password)
            .map_err(|error| thrown(error.code()))?;
        if let Some(set) = self.sets.get_mut(index) {
            *set = changed;
        }
        self.remember(index, Given { password, checked });
        Ok(())
    }

    /// The files of a certificate at their native places: `[path, contents]` each.
    pub fn files(&self, index: usize) -> Result<Array, JsValue> {
        Ok(files(self.set(index)?))
    }

    /// The certificate as one `.pfx` under the same password, likewise; throws `{code}`.
    #[wasm_bindgen(js_name = toPkcs12)]
    pub fn to_pkcs12(&self, index: usize, old_form: bool) -> Result<Array, JsValue> {
        let password = &self.given(index)?.password;
        let form = if old_form {
            Pkcs12Form::TripleDes
        } else {
            Pkcs12Form::Aes
        };
        self.set(index)?
            .to_pkcs12(password, password, form, &mut generator()?)
            .map(|pfx| files(&pfx))
            .map_err(|error| thrown(error.code()))
    }
}

fn parsed(roots: &[String]) -> Option<Roots> {
    let certificates = roots.iter().map(|text| Base64UrlUnpadded::decode_vec(text));
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>().ok()?;
    Roots::from_certificates(certificates).ok()
}

impl Certificates {
    pub(crate) fn of(sets: Vec<CertificateSet>) -> Self {
        Self {
            given: sets.iter().map(|_| None).collect(),
            sets,
            problems: Vec::new(),
        }
    }

    /// A copy, because an expired QR is renewed without asking for the password again.
    pub(crate) fn offered(&self, index: usize) -> Option<(CertificateSet, Option<OpenedKey>)> {
        let set = self.sets.get(index)?.clone();
        let given = self.given_of(index)?;
        Some((set, opened(&given.checked).cloned()))
    }

    /// Signatures over a receipt by the keys whose passwords were given.
    pub(crate) fn signatures(&self, message: &[u8]) -> Vec<Option<Vec<u8>>> {
        (0..self.sets.len())
            .map(|index| opened(&self.given_of(index)?.checked)?.sign(message).ok())
            .collect()
    }

    fn remember(&mut self, index: usize, given: Given) {
        if let Some(slot) = self.given.get_mut(index) {
            *slot = Some(given);
        }
    }

    fn given_of(&self, index: usize) -> Option<&Given> {
        self.given.get(index)?.as_ref()
    }

    fn given(&self, index: usize) -> Result<&Given, JsValue> {
        self.given_of(index)
            .ok_or_else(|| thrown("no_such_certificate"))
    }

    fn set(&self, index: usize) -> Result<&CertificateSet, JsValue> {
        self.sets
            .get(index)
            .ok_or_else(|| thrown("no_such_certificate"))
    }
}

/// Whether a new password is as strong as the agency asks; throws `{code}` when it is not.
#[wasm_bindgen(js_name = checkNewPassword)]
pub fn check_new_password(
    password: String,
    min_characters: usize,
    min_kinds: usize,
) -> Result<(), JsValue> {
    let rules = PasswordRules {
        min_characters,
        min_kinds,
    };
    rules
        .check(&Password::from(password))
        .map_err(|weak| thrown(weak.code()))
}

fn opened(checked: &Checked) -> Option<&OpenedKey> {
    match checked {
        Checked::Opened(key) => Some(key),
        Checked::Unchecked { .. } => None,
    }
}

fn files(set: &CertificateSet) -> Array {
    let files = set.native_files().iter().map(|file| {
        let bytes = Uint8Array::from(file.bytes.as_slice());
        Array::of2(&file.path.to_string().into(), &bytes)
    });
    files.collect()
}

fn summary(details: &Details, now: f64) -> DetailsSummary<'_> {
    let (validity, days_left) = match details.validity_at(now as i64) {
        Validity::NotYet => ("notYet", None),
        Validity::Valid { days_left } => ("valid", Some(days_left as f64)),
        Validity::Expired => ("expired", None),
    };
    DetailsSummary {
        name: &details.name,
        issuer: &details.issuer,
        holder: details.holder.code(),
        not_after: details.not_after as f64,
        validity,
        days_left,
        policies: &details.policies,
    }
}
