//! A small certification authority.

use std::{str::FromStr, time::Duration};

use der::{
    Any, Encode,
    asn1::{BitString, GeneralizedTime, ObjectIdentifier, SetOfVec},
};
use p256::ecdsa::{DerSignature, SigningKey};
use rand_chacha::ChaCha20Rng;
use rsa::pkcs1::EncodeRsaPrivateKey;
use spki::{EncodePublicKey, SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use x509_cert::{
    attr::Attribute,
    builder::{Builder, CertificateBuilder, profile::BuilderProfile},
    certificate::TbsCertificate,
    ext::{
        Extension, ToExtension,
        pkix::{CertificatePolicies, KeyUsage, KeyUsages, certpolicy::PolicyInformation},
    },
    name::Name,
    serial_number::SerialNumber,
    time::{Time, Validity},
};

use super::{Period, SampleError, build};

/// The folder's name of [`Subject::person`].
pub(crate) const NPKI_FOLDER: &str =
    "cn=홍길동()0010045200807021234567,ou=HNB,ou=personal4IB,o=yessign,c=kr";
/// R of the NPKI sample.
pub(crate) const IDENTITY_RANDOM: [u8; 20] = *b"naru sample random R";

const RSA_BITS: usize = 2048;
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const IDENTITY_RANDOM_ATTRIBUTE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.410.200004.10.1.1.3");

/// A certificate (DER) and its private key (PKCS#8, not encrypted).
#[derive(Debug, Clone)]
pub struct Issued {
    /// The certificate.
    pub certificate: Vec<u8>,
    /// The `PrivateKeyInfo`.
    pub key: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Signing,
    Encipherment,
}

pub(crate) struct Subject {
    name: String,
    policy: &'static str,
    purpose: Purpose,
}

impl Subject {
    pub(crate) fn official(name: &str, purpose: Purpose) -> Self {
        let name = format!("CN={name},OU=people,OU=행정안전부,O=Government of Korea,C=KR");
        Self {
            name,
            policy: "1.2.410.100001.2.2.1",
            purpose,
        }
    }

    pub(crate) fn person() -> Self {
        let name = "CN=홍길동()0010045200807021234567,OU=HNB,OU=personal4IB,O=yessign,C=kr".into();
        Self {
            name,
            policy: "1.2.410.200005.1.1.4",
            purpose: Purpose::Signing,
        }
    }
}

/// Issues under an ECDSA key, which is quickly made.
pub(crate) struct Authority {
    name: Name,
    key: SigningKey,
}

impl Authority {
    pub(crate) fn gpki(rng: &mut ChaCha20Rng) -> Result<Self, SampleError> {
        Self::new("CN=CA131000031,OU=GPKI,O=Government of Korea,C=KR", rng)
    }

    pub(crate) fn npki(rng: &mut ChaCha20Rng) -> Result<Self, SampleError> {
        Self::new("CN=yessignCA Class 3,OU=AccreditedCA,O=yessign,C=kr", rng)
    }

    fn new(name: &str, rng: &mut ChaCha20Rng) -> Result<Self, SampleError> {
        let name = Name::from_str(name).map_err(build)?;
        let secret = <p256::SecretKey as p256::elliptic_curve::Generate>::generate_from_rng(rng);
        Ok(Self {
            name,
            key: secret.into(),
        })
    }

    pub(crate) fn issue(
        &self,
        subject: &Subject,
        period: Period,
        identity_random: Option<[u8; 20]>,
        rng: &mut ChaCha20Rng,
    ) -> Result<Issued, SampleError> {
        let private = rsa::PrivateKey::new(rng, RSA_BITS).map_err(build)?;
        let public = private.to_public_key().to_public_key_der().map_err(build)?;
        let spki = SubjectPublicKeyInfoOwned::try_from(public.as_bytes()).map_err(build)?;
        let profile = Profile {
            issuer: self.name.clone(),
            subject: Name::from_str(&subject.name).map_err(build)?,
            policy: ObjectIdentifier::new(subject.policy).map_err(build)?,
            purpose: subject.purpose,
        };
        let validity = Validity::new(time(period.not_before)?, time(period.not_after)?);
        let serial = SerialNumber::new(&[0x01, 0x31]).map_err(build)?;
        let builder = CertificateBuilder::new(profile, serial, validity, spki).map_err(build)?;
        let certificate = builder.build::<_, DerSignature>(&self.key).map_err(build)?;
        Ok(Issued {
            certificate: certificate.to_der().map_err(build)?,
            key: key_info(&private, identity_random)?,
        })
    }
}

struct Profile {
    issuer: Name,
    subject: Name,
    policy: ObjectIdentifier,
    purpose: Purpose,
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, _: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> Result<Vec<Extension>, x509_cert::builder::Error> {
        let usage = match self.purpose {
            Purpose::Signing => KeyUsages::DigitalSignature | KeyUsages::NonRepudiation,
            Purpose::Encipherment => KeyUsages::KeyEncipherment.into(),
        };
        let policy = PolicyInformation {
            policy_identifier: self.policy,
            policy_qualifiers: None,
        };
        let usage = KeyUsage(usage).to_extension(tbs.subject(), &[])?;
        Ok(vec![
            usage,
            CertificatePolicies(vec![policy]).to_extension(tbs.subject(), &[])?,
        ])
    }
}

/// A `PrivateKeyInfo`, with R as an attribute where there is one (`docs/formats.md` §3).
fn key_info(
    private: &rsa::PrivateKey,
    identity_random: Option<[u8; 20]>,
) -> Result<Vec<u8>, SampleError> {
    #[derive(der::Sequence)]
    struct KeyInfo<'a> {
        version: u8,
        algorithm: spki::AlgorithmIdentifierOwned,
        key: &'a der::asn1::OctetStringRef,
        #[asn1(
            context_specific = "0",
            tag_mode = "IMPLICIT",
            constructed = "true",
            optional = "true"
        )]
        attributes: Option<SetOfVec<Attribute>>,
    }
    let pkcs1 = private.to_pkcs1_der().map_err(build)?;
    let attributes = match identity_random {
        None => None,
        Some(random) => {
            let value = BitString::from_bytes(&random).and_then(|bits| Any::encode_from(&bits));
            let mut values = SetOfVec::new();
            values.insert(value.map_err(build)?).map_err(build)?;
            let mut attributes = SetOfVec::new();
            attributes
                .insert(Attribute {
                    oid: IDENTITY_RANDOM_ATTRIBUTE,
                    values,
                })
                .map_err(build)?;
            Some(attributes)
        }
    };
    KeyInfo {
        version: 0,
        algorithm: spki::AlgorithmIdentifierOwned {
            oid: RSA_ENCRYPTION,
            parameters: Some(Any::null()),
        },
        key: der::asn1::OctetStringRef::new(pkcs1.as_bytes()).map_err(build)?,
        attributes,
    }
    .to_der()
    .map_err(build)
}

fn time(seconds: u64) -> Result<Time, SampleError> {
    GeneralizedTime::from_unix_duration(Duration::from_secs(seconds))
        .map(Time::from)
        .map_err(build)
}
