//! What a person can read of a certificate.

use der::{Decode, Encode, Tag, Tagged, asn1::ObjectIdentifier};
use x509_cert::{
    certificate::{CertificateInner, Raw},
    ext::pkix::{CertificatePolicies, KeyUsage},
    name::Name,
};

use super::legacy_text::euc_kr;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const SECONDS_A_DAY: i64 = 86_400;

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// The subject's common name, as it stands.
    pub name: String,
    /// The issuer's common name or, where it has none, its organisation.
    pub issuer: String,
    /// The subject's distinguished name in the order and form of NPKI folders: `cn=…,ou=…,c=kr`.
    pub subject: String,
    /// For whom it was issued.
    pub holder: Holder,
    /// The object identifiers of its certificate policies, dotted.
    pub policies: Vec<String>,
    /// Whether it may sign.
    pub signs: bool,
    /// Whether it may be used for encipherment.
    pub enciphers: bool,
    /// Unix seconds from which it is valid.
    pub not_before: i64,
    /// Unix seconds until which it is valid.
    pub not_after: i64,
    pub(super) organization: String,
}

/// For whom a certificate was issued, by its policy (`docs/formats.md` §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
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
    /// No policy that is known here.
    Unknown,
}

impl Holder {
    /// A stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Official => "official",
            Self::PublicBody => "public_body",
            Self::Seal => "seal",
            Self::Server => "server",
            Self::SpecialPurpose => "special_purpose",
            Self::Person => "person",
            Self::Company => "company",
            Self::Unknown => "unknown",
        }
    }

    fn of(policy: &str) -> Option<Self> {
        Some(match policy {
            "1.2.410.100001.2.2.1" | "1.2.410.100001.5.3.1.3" => Self::Official,
            "1.2.410.100001.2.2.2" => Self::PublicBody,
            "1.2.410.100001.2.1.1" | "1.2.410.100001.5.3.1.1" => Self::Seal,
            "1.2.410.100001.2.1.2" | "1.2.410.100001.5.3.1.7" => Self::Server,
            "1.2.410.100001.2.1.3" => Self::SpecialPurpose,
            "1.2.410.200005.1.1.1"
            | "1.2.410.200005.1.1.4"
            | "1.2.410.200004.5.1.1.5"
            | "1.2.410.200004.5.2.1.2"
            | "1.2.410.200004.5.4.1.1"
            | "1.2.410.200004.5.5.1.1"
            | "1.2.410.200012.1.1.1" => Self::Person,
            "1.2.410.200005.1.1.5" => Self::Company,
            _ => return None,
        })
    }
}

/// Where `now` lies in a certificate's validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
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

impl Details {
    /// Where `now`, in Unix seconds, lies.
    pub fn validity_at(&self, now: i64) -> Validity {
        if now < self.not_before {
            Validity::NotYet
        } else if now > self.not_after {
            Validity::Expired
        } else {
            Validity::Valid {
                days_left: (self.not_after - now) / SECONDS_A_DAY,
            }
        }
    }

    pub(super) fn of(certificate: &CertificateInner<Raw>) -> Self {
        let tbs = certificate.tbs_certificate();
        let (signs, enciphers) = usage(certificate);
        let seconds = |time: x509_cert::time::Time| {
            i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
        };
        let policies = policies(certificate);
        let organization = attribute(tbs.issuer(), ORGANIZATION).unwrap_or_default();
        Self {
            name: attribute(tbs.subject(), COMMON_NAME)
                .unwrap_or_else(|| folder_name(tbs.subject())),
            issuer: attribute(tbs.issuer(), COMMON_NAME).unwrap_or_else(|| organization.clone()),
            subject: folder_name(tbs.subject()),
            holder: holder(&policies),
            policies,
            signs,
            enciphers,
            not_before: seconds(tbs.validity().not_before),
            not_after: seconds(tbs.validity().not_after),
            organization,
        }
    }
}

/// Without the extension a certificate may do both (RFC 5280 §4.2.1.3).
fn usage(certificate: &CertificateInner<Raw>) -> (bool, bool) {
    match certificate.tbs_certificate().get_extension::<KeyUsage>() {
        Ok(Some((_, usage))) => (
            usage.digital_signature() || usage.non_repudiation(),
            usage.key_encipherment(),
        ),
        _ => (true, true),
    }
}

fn holder(policies: &[String]) -> Holder {
    let holder = policies.iter().find_map(|policy| Holder::of(policy));
    holder.unwrap_or(Holder::Unknown)
}

fn policies(certificate: &CertificateInner<Raw>) -> Vec<String> {
    let tbs = certificate.tbs_certificate();
    match tbs.get_extension::<CertificatePolicies>() {
        Ok(Some((_, policies))) => {
            let policies = policies.0.iter();
            policies
                .map(|policy| policy.policy_identifier.to_string())
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The innermost value of an attribute.
fn attribute(name: &Name, wanted: ObjectIdentifier) -> Option<String> {
    name.iter_rdn()
        .flat_map(|rdn| rdn.iter())
        .filter(|attribute| attribute.oid == wanted)
        .filter_map(|attribute| text(&attribute.value))
        .last()
}

/// Innermost first, keys in lower case, as NPKI names its folders.
fn folder_name(name: &Name) -> String {
    let mut parts: Vec<String> = name
        .iter_rdn()
        .flat_map(|rdn| rdn.iter())
        .filter_map(|attribute| {
            let key = match attribute.oid.to_string().as_str() {
                "2.5.4.3" => "cn",
                "2.5.4.11" => "ou",
                "2.5.4.10" => "o",
                "2.5.4.6" => "c",
                _ => return None,
            };
            text(&attribute.value).map(|value| format!("{key}={value}"))
        })
        .collect();
    parts.reverse();
    parts.join(",")
}

/// Reads a directory string: UTF-8, UTF-16 (BMPString), or what old issuers put into the others,
/// EUC-KR.
fn text(value: &der::Any) -> Option<String> {
    let bytes = value.value();
    match value.tag() {
        Tag::BmpString => {
            let units = bytes
                .chunks_exact(2)
                .map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
            let characters = char::decode_utf16(units);
            Some(
                characters
                    .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect(),
            )
        }
        Tag::Utf8String | Tag::PrintableString | Tag::TeletexString | Tag::Ia5String => {
            Some(legacy_text(bytes))
        }
        _ => None,
    }
}

/// UTF-8 or, where it is not, code page 949.
fn legacy_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => euc_kr(bytes),
    }
}

/// Strict where the standard is, but for serial numbers, which old issuers made freely.
pub(super) fn parse(bytes: &[u8]) -> Option<CertificateInner<Raw>> {
    let certificate = CertificateInner::<Raw>::from_der(bytes).ok()?;
    // A certificate that cannot be written again could not be looked at piece by piece either.
    certificate
        .tbs_certificate()
        .subject_public_key_info()
        .to_der()
        .ok()?;
    Some(certificate)
}
