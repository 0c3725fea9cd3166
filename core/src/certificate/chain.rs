//! Whether a certificate was issued under the roots that an operator trusts (RFC 5280 §6.1, without
//! revocation, which is looked up nowhere).

use der::{
    Decode, Reader, SliceReader,
    asn1::{BitStringRef, ObjectIdentifier},
};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use spki::AlgorithmIdentifierRef;
use x509_cert::{
    certificate::{CertificateInner, Raw},
    ext::pkix::{BasicConstraints, KeyUsage},
};

use super::{VerifyingKey, details};

/// Most certificates between an end-entity certificate and its root, both included.
const MAX_DEPTH: usize = 6;

/// Root and intermediate certificates of an operator's own choice; none comes with this crate.
#[derive(Clone)]
pub struct Roots {
    issuers: Vec<Issuer>,
}

#[derive(Clone)]
struct Issuer {
    der: Vec<u8>,
    certificate: CertificateInner<Raw>,
    key: VerifyingKey,
    /// Whether it is trusted as it is: it is signed by itself.
    is_anchor: bool,
    /// Most intermediate certificates below it; `None` where it does not say.
    path_length: Option<u8>,
}

/// The file does not hold what chains can be checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RootsError {
    /// It is no PEM, or holds something that is no certificate of a known key.
    #[error("not a PEM file of certificates")]
    Malformed,
    /// None of the certificates is a root.
    #[error("there is no root certificate among them")]
    NoRoot,
}

impl RootsError {
    /// A stable name of the cause.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "roots_malformed",
            Self::NoRoot => "no_root",
        }
    }
}

impl Roots {
    /// Takes root certificates, and the intermediate ones that lie between them and the people's.
    /// Those that may not issue certificates are passed over.
    pub fn from_pem(pem: &[u8]) -> Result<Self, RootsError> {
        let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        Self::from_certificates(certificates.map_err(|_| RootsError::Malformed)?)
    }

    /// Takes the same certificates one by one (DER).
    pub fn from_certificates(
        certificates: impl IntoIterator<Item: AsRef<[u8]>>,
    ) -> Result<Self, RootsError> {
        let mut issuers = Vec::new();
        for certificate in certificates {
            issuers.extend(Issuer::parse(certificate.as_ref())?);
        }
        if issuers.iter().any(|issuer| issuer.is_anchor) {
            Ok(Self { issuers })
        } else {
            Err(RootsError::NoRoot)
        }
    }

    /// Whether a chain of valid signatures leads from the certificate (DER) to one of the roots, all
    /// of it valid at `now` (Unix seconds).
    pub(super) fn vouch_for(&self, certificate: &[u8], now: i64) -> bool {
        let Some(parsed) = details::parse(certificate) else {
            return false;
        };
        Signed::parse(certificate)
            .is_some_and(|signed| self.reaches_a_root(&parsed, &signed, now, 0))
    }

    /// `below` counts the intermediate certificates that the chain has so far.
    fn reaches_a_root(
        &self,
        certificate: &CertificateInner<Raw>,
        signed: &Signed<'_>,
        now: i64,
        below: usize,
    ) -> bool {
        if below + 2 > MAX_DEPTH {
            return false;
        }
        let wanted = certificate.tbs_certificate().issuer();
        let issuers = self.issuers.iter().filter(|issuer| {
            issuer.certificate.tbs_certificate().subject() == wanted
                && is_valid(&issuer.certificate, now)
                && issuer
                    .path_length
                    .is_none_or(|most| below <= usize::from(most))
                && signed.is_by(&issuer.key)
        });
        issuers.into_iter().any(|issuer| {
            issuer.is_anchor
                || Signed::parse(&issuer.der).is_some_and(|signed| {
                    self.reaches_a_root(&issuer.certificate, &signed, now, below + 1)
                })
        })
    }
}

impl Issuer {
    /// `None` for a certificate that may not issue others.
    fn parse(der: &[u8]) -> Result<Option<Self>, RootsError> {
        let certificate = details::parse(der).ok_or(RootsError::Malformed)?;
        let key = VerifyingKey::of(&certificate).ok_or(RootsError::Malformed)?;
        let tbs = certificate.tbs_certificate();
        let Ok(Some((_, constraints))) = tbs.get_extension::<BasicConstraints>() else {
            return Ok(None);
        };
        let may_sign = match tbs.get_extension::<KeyUsage>() {
            Ok(Some((_, usage))) => usage.key_cert_sign(),
            Ok(None) => true,
            Err(_) => false,
        };
        if !constraints.ca || !may_sign {
            return Ok(None);
        }
        let is_anchor = tbs.subject() == tbs.issuer()
            && Signed::parse(der).is_some_and(|signed| signed.is_by(&key));
        Ok(Some(Self {
            der: der.to_vec(),
            key,
            is_anchor,
            path_length: constraints.path_len_constraint,
            certificate,
        }))
    }
}

/// The three parts of a certificate, the first as the issuer signed it.
struct Signed<'c> {
    tbs: &'c [u8],
    algorithm: ObjectIdentifier,
    signature: &'c [u8],
}

impl<'c> Signed<'c> {
    fn parse(certificate: &'c [u8]) -> Option<Self> {
        let mut reader = SliceReader::new(certificate).ok()?;
        reader
            .sequence(
                |reader: &mut SliceReader<'c>| -> der::Result<Option<Self>> {
                    let tbs = reader.tlv_bytes()?;
                    let algorithm = AlgorithmIdentifierRef::decode(reader)?.oid;
                    let signature = BitStringRef::decode(reader)?;
                    Ok(signature.as_bytes().map(|signature| Self {
                        tbs,
                        algorithm,
                        signature,
                    }))
                },
            )
            .ok()?
    }

    fn is_by(&self, key: &VerifyingKey) -> bool {
        key.verifies_with(self.algorithm) && key.verify(self.tbs, self.signature).is_ok()
    }
}

fn is_valid(certificate: &CertificateInner<Raw>, now: i64) -> bool {
    let validity = certificate.tbs_certificate().validity();
    let Ok(now) = u64::try_from(now) else {
        return false;
    };
    validity.not_before.to_unix_duration().as_secs() <= now
        && now <= validity.not_after.to_unix_duration().as_secs()
}
