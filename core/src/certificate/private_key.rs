//! Private keys as they lie on disk, and what opening one proves.

use der::{
    Decode, Encode, Reader, SliceReader,
    asn1::{ObjectIdentifier, OctetStringRef},
};
use p256::ecdsa::signature::{Signer, Verifier};
use rsa::{
    BoxedUint, PrivateKey, PublicKey,
    pkcs1::{self, DecodeRsaPrivateKey},
    pkcs1v15,
};
use sha2::Sha256;
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use x509_cert::{certificate::CertificateInner, certificate::Raw};

use super::{
    Checked, Details, Password, PasswordError,
    encryption::{Decrypted, EncryptedKey},
};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// The attribute that carries R, of which the VID is made.
const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const IDENTITY_RANDOM: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.410.200004.10.1.1.3");

/// A private key that its password has opened and that belongs to its certificate.
#[derive(Clone)]
pub struct OpenedKey {
    signer: Option<Signing>,
    verifying_key: VerifyingKey,
    identity_random_present: bool,
    details: Details,
    certificate: Vec<u8>,
}

#[derive(Clone)]
enum Signing {
    Rsa(Box<pkcs1v15::SigningKey<Sha256>>),
    P256(Box<p256::ecdsa::SigningKey>),
}

/// The key cannot sign here: it is odd in a way that the implementation refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key cannot sign on this device")]
pub struct SignError;

impl OpenedKey {
    /// What the certificate says.
    pub fn details(&self) -> &Details {
        &self.details
    }

    /// The certificate that it belongs to (DER).
    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Whether the key still carries R, without which the identity check (VID) fails.
    pub fn identity_random_present(&self) -> bool {
        self.identity_random_present
    }

    /// The certificate's public key.
    pub fn verifying_key(&self) -> VerifyingKey {
        self.verifying_key.clone()
    }

    /// Signs with RSASSA-PKCS1-v1_5 and SHA-256, or with ECDSA P-256 and SHA-256 (DER).
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match self.signer.as_ref().ok_or(SignError)? {
            Signing::Rsa(key) => {
                let signature = key.try_sign(message).map_err(|_| SignError)?;
                Ok(signature::SignatureEncoding::to_vec(&signature))
            }
            Signing::P256(key) => {
                let signature: p256::ecdsa::Signature =
                    key.try_sign(message).map_err(|_| SignError)?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
        }
    }
}

impl std::fmt::Debug for OpenedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenedKey(..)")
    }
}

/// The public key of a certificate that can sign.
#[derive(Clone)]
pub struct VerifyingKey(Verifying);

#[derive(Clone)]
enum Verifying {
    Rsa(Box<pkcs1v15::VerifyingKey<Sha256>>),
    P256(Box<p256::ecdsa::VerifyingKey>),
}

/// The signature is not this key's over this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is wrong")]
pub struct VerifyError;

impl VerifyingKey {
    /// Checks a signature of [`OpenedKey::sign`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        match &self.0 {
            Verifying::Rsa(key) => {
                let signature =
                    pkcs1v15::Signature::try_from(signature).map_err(|_| VerifyError)?;
                key.verify(message, &signature).map_err(|_| VerifyError)
            }
            Verifying::P256(key) => {
                let signature =
                    p256::ecdsa::Signature::from_der(signature).map_err(|_| VerifyError)?;
                key.verify(message, &signature).map_err(|_| VerifyError)
            }
        }
    }

    /// Whether [`Self::verify`] is what a signature algorithm asks for.
    pub(super) fn verifies_with(&self, algorithm: ObjectIdentifier) -> bool {
        match self.0 {
            Verifying::Rsa(_) => algorithm == SHA256_WITH_RSA,
            Verifying::P256(_) => algorithm == ECDSA_WITH_SHA256,
        }
    }

    pub(super) fn of(certificate: &CertificateInner<Raw>) -> Option<Self> {
        let spki = certificate
            .tbs_certificate()
            .subject_public_key_info()
            .to_der()
            .ok()?;
        let spki = SubjectPublicKeyInfoRef::try_from(spki.as_slice()).ok()?;
        let bits = spki.subject_public_key.as_bytes()?;
        match spki.algorithm.oid {
            RSA => {
                let key = pkcs1::RsaPublicKeyRef::from_der(bits).ok()?;
                let modulus = BoxedUint::from_be_slice_vartime(key.modulus.as_bytes());
                let exponent = BoxedUint::from_be_slice_vartime(key.public_exponent.as_bytes());
                let key = PublicKey::new(modulus, exponent).ok()?;
                Some(Self(Verifying::Rsa(Box::new(pkcs1v15::VerifyingKey::new(
                    key,
                )))))
            }
            EC => {
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(bits).ok()?;
                Some(Self(Verifying::P256(Box::new(key))))
            }
            _ => None,
        }
    }
}

/// Whether a file is an `EncryptedPrivateKeyInfo`, a bare `PrivateKeyInfo`, or neither.
pub(super) enum KeyFile {
    Encrypted,
    Bare,
    Neither,
}

impl KeyFile {
    pub(super) fn of(bytes: &[u8]) -> Self {
        if EncryptedKey::from_der(bytes).is_ok() {
            Self::Encrypted
        } else if KeyInfo::parse(bytes).is_some() {
            Self::Bare
        } else {
            Self::Neither
        }
    }
}

/// Opens `file` and holds it against `certificate`.
pub(super) fn open(
    file: &[u8],
    password: &Password,
    certificate: &CertificateInner<Raw>,
    details: &Details,
    der: &[u8],
) -> Result<Checked, PasswordError> {
    let encrypted = EncryptedKey::from_der(file).map_err(|_| PasswordError::DamagedKey)?;
    match encrypted.decrypt(password)? {
        Decrypted::Plaintext(plaintext) => open_bare(&plaintext, certificate, details, der),
        Decrypted::UnknownScheme(algorithm) => Ok(Checked::Unchecked { algorithm }),
    }
}

/// Takes a decrypted `PrivateKeyInfo`. What does not parse was decrypted by a wrong password whose
/// padding came out right by chance.
pub(super) fn open_bare(
    plaintext: &[u8],
    certificate: &CertificateInner<Raw>,
    details: &Details,
    der: &[u8],
) -> Result<Checked, PasswordError> {
    let key = KeyInfo::parse(plaintext).ok_or(PasswordError::Wrong)?;
    let unchecked = || Checked::Unchecked {
        algorithm: format!("{}", key.algorithm),
    };
    if !matches!(key.algorithm, RSA | EC) {
        return Ok(unchecked());
    }
    let Some(verifying_key) = VerifyingKey::of(certificate) else {
        return Ok(unchecked());
    };
    let Some(signer) = matching(&key, certificate)? else {
        return Ok(unchecked());
    };
    Ok(Checked::Opened(OpenedKey {
        signer: signer.key,
        verifying_key,
        identity_random_present: key.identity_random_present,
        details: details.clone(),
        certificate: der.to_vec(),
    }))
}

/// A private key of the right public key; `key` is `None` where it cannot sign here.
struct Matching {
    key: Option<Signing>,
}

/// `None` where the kind of key cannot be compared.
fn matching(
    key: &KeyInfo<'_>,
    certificate: &CertificateInner<Raw>,
) -> Result<Option<Matching>, PasswordError> {
    let spki = certificate.tbs_certificate().subject_public_key_info();
    let bits = spki
        .subject_public_key
        .as_bytes()
        .ok_or(PasswordError::KeyMismatch)?;
    if spki.algorithm.oid != key.algorithm {
        return Err(PasswordError::KeyMismatch);
    }
    if key.algorithm == RSA {
        // The numbers are compared as they stand: the implementation refuses some old keys.
        let private =
            pkcs1::RsaPrivateKeyRef::from_der(key.key).map_err(|_| PasswordError::DamagedKey)?;
        let public =
            pkcs1::RsaPublicKeyRef::from_der(bits).map_err(|_| PasswordError::KeyMismatch)?;
        if private.modulus != public.modulus || private.public_exponent != public.public_exponent {
            return Err(PasswordError::KeyMismatch);
        }
        let signer = PrivateKey::from_pkcs1_der(key.key).ok();
        let signer = signer.map(|key| Signing::Rsa(Box::new(pkcs1v15::SigningKey::new(key))));
        return Ok(Some(Matching { key: signer }));
    }
    let Ok(private) = p256::SecretKey::from_sec1_der(key.key) else {
        return Ok(None);
    };
    let signer = p256::ecdsa::SigningKey::from(private);
    let public =
        p256::ecdsa::VerifyingKey::from_sec1_bytes(bits).map_err(|_| PasswordError::KeyMismatch)?;
    if signer.verifying_key() != &public {
        return Err(PasswordError::KeyMismatch);
    }
    Ok(Some(Matching {
        key: Some(Signing::P256(Box::new(signer))),
    }))
}

/// Whether the key (`PrivateKeyInfo`) is the one of the certificate.
pub(super) fn belongs_to(key: &[u8], certificate: &CertificateInner<Raw>) -> bool {
    KeyInfo::parse(key).is_some_and(|key| matches!(matching(&key, certificate), Ok(Some(_))))
}

/// Whether the bytes are a `PrivateKeyInfo`.
pub(super) fn is_key_info(bytes: &[u8]) -> bool {
    KeyInfo::parse(bytes).is_some()
}

/// The parts of a `PrivateKeyInfo` (RFC 5958 §2) that are looked at.
struct KeyInfo<'a> {
    algorithm: ObjectIdentifier,
    key: &'a [u8],
    identity_random_present: bool,
}

impl<'a> KeyInfo<'a> {
    /// The attributes are searched rather than parsed: some issuers encode them loosely.
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = SliceReader::new(bytes).ok()?;
        reader
            .sequence(|reader: &mut SliceReader<'a>| -> der::Result<Self> {
                u8::decode(reader)?;
                let algorithm = AlgorithmIdentifierRef::decode(reader)?.oid;
                let key = <&OctetStringRef>::decode(reader)?.as_bytes();
                let attributes = reader.read_slice(reader.remaining_len())?;
                let wanted = IDENTITY_RANDOM.to_der()?;
                let identity_random_present = attributes
                    .windows(wanted.len())
                    .any(|window| window == wanted);
                Ok(Self {
                    algorithm,
                    key,
                    identity_random_present,
                })
            })
            .ok()
    }
}
