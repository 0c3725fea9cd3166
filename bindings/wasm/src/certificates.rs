//! Finding certificates among the files that a person has chosen.

use std::collections::BTreeMap;

use js_sys::{Array, Uint8Array};
use naru_core::certificate::{
    CertificateSet, Checked, Details, Found, OpenedKey, Password, SourceFile, Validity, find,
};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::{thrown, to_js};

/// The certificates among some files.
#[wasm_bindgen]
pub struct Certificates {
    found: Found,
    opened: BTreeMap<usize, Option<OpenedKey>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    index: usize,
    format: &'static str,
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
}

#[derive(Serialize)]
struct ProblemSummary<'a> {
    path: &'a str,
    code: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PasswordResult<'a> {
    opened: bool,
    identity: bool,
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
        Self {
            found: find(files.collect()),
            opened: BTreeMap::new(),
        }
    }

    /// The certificates, as they stand at `now` (Unix seconds).
    pub fn list(&self, now: f64) -> JsValue {
        let sets = self
            .found
            .sets
            .iter()
            .enumerate()
            .map(|(index, set)| Summary {
                index,
                format: set.format().code(),
                short: set.fingerprint().short(),
                sources: set.sources().collect(),
                details: set.details().map(|details| summary(details, now)),
            });
        to_js(&sets.collect::<Vec<_>>())
    }

    /// The files that cannot be used.
    pub fn problems(&self) -> JsValue {
        let problems = self.found.problems.iter();
        let problems = problems.map(|it| ProblemSummary {
            path: &it.path,
            code: it.cause.code(),
        });
        to_js(&problems.collect::<Vec<_>>())
    }

    /// Checks a password; throws `{code}` when it does not open the key.
    #[wasm_bindgen(js_name = checkPassword)]
    pub fn check_password(
        &mut self,
        index: usize,
        password: String,
        now: f64,
    ) -> Result<JsValue, JsValue> {
        let set = self
            .found
            .sets
            .get(index)
            .ok_or_else(|| thrown("no_such_certificate"))?;
        let checked = set.check_password(&Password::from(password));
        match checked.map_err(|error| thrown(error.code()))? {
            Checked::Opened(key) => {
                let result = to_js(&PasswordResult {
                    opened: true,
                    identity: key.identity_random_present(),
                    details: Some(summary(key.details(), now)),
                });
                self.opened.insert(index, Some(key));
                Ok(result)
            }
            Checked::Unchecked { .. } => {
                self.opened.insert(index, None);
                Ok(to_js(&PasswordResult {
                    opened: false,
                    identity: false,
                    details: None,
                }))
            }
        }
    }
}

impl Certificates {
    /// A copy, because an expired QR is renewed without asking for the password again.
    pub(crate) fn offered(&self, index: usize) -> Option<(CertificateSet, Option<OpenedKey>)> {
        let set = self.found.sets.get(index)?.clone();
        Some((set, self.opened.get(&index)?.clone()))
    }
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
    }
}
