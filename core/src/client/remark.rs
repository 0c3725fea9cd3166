//! What the relay has said beside its codes: for the person and their support desk, not for the transfer.

use miniserde::json::{self, Object, Value};

use super::transport::Response;
use crate::mailbox::{PROBLEM_CODE, REFERENCE};

/// Longest text that is taken over.
const MOST_CHARACTERS: usize = 500;

/// The latest that the relay has said about a transfer. It is the relay's word, which is not trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remark {
    /// The number by which the support desk finds the transfer, as `4F7K-22T`.
    pub reference: Option<String>,
    /// The rule that stops the person, where one does.
    pub refusal: Option<Refusal>,
    /// The latest code of a problem, finer than a transfer's own, such as `device_revoked`.
    pub problem: Option<String>,
}

/// A rule that stops the person, whose it is, and whom to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// A stable name of the rule.
    pub rule: String,
    /// The agency's name; absent for those who belong to none.
    pub agency: Option<Localised>,
    /// Whom to ask.
    pub desk: Option<Desk>,
}

/// A support desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    /// Its name.
    pub name: Localised,
    /// Its telephone number.
    pub phone: Option<String>,
    /// Its mail address.
    pub mail: Option<String>,
    /// When it is there.
    pub hours: Option<Localised>,
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Localised {
    /// In Korean.
    pub ko: String,
    /// In English.
    pub en: String,
}

impl Remark {
    /// Takes over what an answer says.
    pub fn note(&mut self, response: &Response) {
        if let Some(reference) = response.header(REFERENCE) {
            let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '-';
            let reference = reference.trim();
            if reference.len() <= 16 && reference.chars().all(is_plain) {
                self.reference = Some(reference.to_owned());
            }
        }
        let Some(code) = response.header(PROBLEM_CODE) else {
            return;
        };
        let is_plain = |it: char| it.is_ascii_lowercase() || it == '_';
        if code.len() <= 40 && code.chars().all(is_plain) {
            self.problem = Some(code.to_owned());
        }
        if code == "not_allowed" {
            self.refusal = refusal(&response.body);
        }
    }
}

fn refusal(body: &[u8]) -> Option<Refusal> {
    let document: Object = json::from_str(str::from_utf8(body).ok()?).ok()?;
    let desk = object(&document, "desk");
    Some(Refusal {
        rule: text(&document, "rule")?,
        agency: object(&document, "agency").and_then(|agency| localised(agency, "name")),
        desk: desk.and_then(|desk| {
            Some(Desk {
                name: localised(desk, "name")?,
                phone: text(desk, "phone"),
                mail: text(desk, "mail"),
                hours: localised(desk, "hours"),
            })
        }),
    })
}

fn object<'o>(document: &'o Object, name: &str) -> Option<&'o Object> {
    match document.get(name)? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

fn localised(document: &Object, name: &str) -> Option<Localised> {
    let both = object(document, name)?;
    Some(Localised {
        ko: text(both, "ko")?,
        en: text(both, "en")?,
    })
}

/// One line, whatever the relay sends.
fn text(document: &Object, name: &str) -> Option<String> {
    let Value::String(text) = document.get(name)? else {
        return None;
    };
    let text: String = text
        .chars()
        .filter(|it| !it.is_control())
        .take(MOST_CHARACTERS)
        .collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(code: &str, body: &str) -> Response {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Response {
            status: 403,
            headers: vec![
                header("Naru-Problem", code),
                header("Naru-Reference", "4F7K-22T"),
            ],
            body: body.as_bytes().to_vec(),
        }
    }

    fn noted(code: &str, body: &str) -> Remark {
        let mut remark = Remark::default();
        remark.note(&response(code, body));
        assert_eq!(remark.reference.as_deref(), Some("4F7K-22T"));
        remark
    }

    #[test]
    fn names_rule_agency_and_desk() {
        let body = r#"{"rule":"networks","agency":{"id":"x","name":{"ko":"가","en":"A"}},
            "desk":{"name":{"ko":"나","en":"B\u001b[2J"},"phone":"110","mail":null}}"#;
        let refusal = noted("not_allowed", body).refusal.unwrap();
        assert_eq!(refusal.rule, "networks");
        assert_eq!(refusal.agency.unwrap().ko, "가");
        let desk = refusal.desk.unwrap();
        assert_eq!(
            (desk.name.en.as_str(), desk.phone.as_deref()),
            ("B[2J", Some("110"))
        );
        assert_eq!((desk.mail, desk.hours), (None, None));
    }

    #[test]
    fn takes_nothing_from_a_body_that_makes_no_sense() {
        for body in [
            "",
            "{",
            "[]",
            "{}",
            r#"{"rule":7}"#,
            r#"{"rule":""}"#,
            "null",
        ] {
            assert_eq!(noted("not_allowed", body).refusal, None, "{body}");
        }
        let body = r#"{"rule":"networks"}"#;
        assert_eq!(noted("mailbox_unknown", body).refusal, None);
        let bare = noted(
            "not_allowed",
            r#"{"rule":"networks","agency":{"name":"x"}}"#,
        );
        assert_eq!(bare.refusal.unwrap().agency, None);
    }

    #[test]
    fn takes_no_reference_and_no_code_that_is_none() {
        let mut remark = Remark::default();
        let mut answer = response("<b>", "");
        answer.headers[1].1 = "<script>alert(1)".to_owned();
        remark.note(&answer);
        assert_eq!(remark, Remark::default());
    }
}
