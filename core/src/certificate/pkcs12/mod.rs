//! PKCS#12 files (RFC 7292): carried as they are, opened to be checked, and written when a person asks
//! for it. A change of the password replaces ciphertexts and the MAC; all else stays as it was.

mod mac;
mod structures;

use der::{
    Any, Decode, Encode,
    asn1::{BmpString, Null, ObjectIdentifier, OctetString, OctetStringRef, SetOfVec},
};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use spki::AlgorithmIdentifierOwned;
use x509_cert::{
    attr::Attribute,
    certificate::{CertificateInner, Raw},
};
use zeroize::Zeroizing;

use self::structures::{
    CERTIFICATE_BAG, CertificateBag, ContentInfo, DATA, DigestInfo, ENCRYPTED_DATA,
    EncryptedContent, EncryptedData, FRIENDLY_NAME, KEY_BAG, LOCAL_KEY_ID, MacData, Pfx,
    SHROUDED_KEY_BAG, SafeBag, X509_CERTIFICATE,
};
use super::{
    ChangeError, Checked, Details, Password, PasswordError, details,
    encryption::{Decrypted, EncryptedKey, MAX_ITERATIONS},
    private_key,
    scheme::{PBES2_ITERATIONS, Scheme, anew},
};

const VERSION: u8 = 3;
const MAC_SALT_BYTES: usize = 20;
/// Rounds of the older form, as the programs that need it write them.
const OLD_ITERATIONS: u32 = 2_048;

/// How a `.pfx` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pkcs12Form {
    /// PBES2 with PBKDF2-HMAC-SHA-256 and AES-256; HMAC-SHA-256.
    #[default]
    Aes,
    /// 3DES and SHA-1 (RFC 7292 appendix C), for programs that read nothing newer.
    TripleDes,
}

impl Pkcs12Form {
    pub(super) const fn scheme(self) -> Scheme {
        match self {
            Self::Aes => Scheme::AES,
            Self::TripleDes => Scheme::TRIPLE_DES,
        }
    }

    const fn mac(self) -> (ObjectIdentifier, u32) {
        match self {
            Self::Aes => (mac::SHA256, PBES2_ITERATIONS),
            Self::TripleDes => (mac::SHA1, OLD_ITERATIONS),
        }
    }
}

/// A certificate and its private key in the clear.
pub(super) struct Pair {
    pub(super) certificate: Vec<u8>,
    pub(super) key: Zeroizing<Vec<u8>>,
}

/// Whether the file is a PKCS#12 at all.
pub(super) fn is_pfx(bytes: &[u8]) -> bool {
    Pfx::from_der(bytes).is_ok_and(|pfx| pfx.version == VERSION)
}

/// Opens the private key that signs and holds it against its certificate.
pub(super) fn open(bytes: &[u8], password: &Password) -> Result<Checked, PasswordError> {
    let pfx = Pfx::from_der(bytes).map_err(damaged)?;
    let contents = match opened(&pfx, password) {
        Err(ChangeError::Password(error)) => return Err(error),
        Err(ChangeError::UnknownScheme { algorithm }) => {
            return Ok(Checked::Unchecked { algorithm });
        }
        Err(ChangeError::OtherPassword) => return Err(PasswordError::Wrong),
        Err(ChangeError::Unsupported) => return Err(PasswordError::DamagedKey),
        Ok(contents) => contents,
    };
    let contents = Contents::of(&contents, password)?;
    let (key, der, certificate) = contents.signing().ok_or(PasswordError::DamagedKey)?;
    let details = Details::of(&certificate);
    private_key::open_bare(key, &certificate, &details, der).map_err(|error| match error {
        // The password has opened the file, so that what does not parse is damaged.
        PasswordError::Wrong => PasswordError::DamagedKey,
        error => error,
    })
}

/// The same file under another password; `None` keeps each ciphertext's scheme and the MAC's hash.
pub(super) fn with_password(
    bytes: &[u8],
    old: &Password,
    new: &Password,
    form: Option<(Scheme, Pkcs12Form)>,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, ChangeError> {
    let mut pfx = Pfx::from_der(bytes).map_err(damaged)?;
    let mac = match (form, &pfx.mac) {
        (Some((_, form)), _) => Some(form.mac()),
        (None, Some(mac)) => Some((mac.digest.algorithm.oid, mac.iterations)),
        (None, None) => None,
    };
    let contents = opened(&pfx, old)?;
    let mut writer = Anew {
        scheme: form.map(|(scheme, _)| scheme),
        old,
        new,
        rng,
    };
    let contents: Vec<ContentInfo> = contents
        .into_iter()
        .map(|content| writer.content(content))
        .collect::<Result<_, _>>()?;
    pfx.seal(&contents, mac, new, writer.rng)?;
    encoded(&pfx)
}

/// Writes a file of pairs, the signing one first.
pub(super) fn written(
    pairs: &[Pair],
    password: &Password,
    form: Pkcs12Form,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, ChangeError> {
    let mut certificates = Vec::new();
    let mut keys = Vec::new();
    for (pair, name) in pairs.iter().zip(["signCert", "kmCert"]) {
        let id = OctetString::new(Sha256::digest(&pair.certificate).as_slice())
            .and_then(|id| Any::encode_from(&id));
        let id = attribute(LOCAL_KEY_ID, id.map_err(unsupported)?)?;
        let name = BmpString::from_utf8(name).and_then(|name| Any::encode_from(&name));
        let name = attribute(FRIENDLY_NAME, name.map_err(unsupported)?)?;
        let attributes = SetOfVec::from_iter([name, id]).map_err(unsupported)?;
        let certificate = CertificateBag {
            kind: X509_CERTIFICATE,
            value: OctetString::new(pair.certificate.as_slice()).map_err(unsupported)?,
        };
        let key = form.scheme().encrypt(&pair.key, password, rng);
        certificates.push(SafeBag {
            kind: CERTIFICATE_BAG,
            value: Any::encode_from(&certificate).map_err(unsupported)?,
            attributes: Some(Any::encode_from(&attributes).map_err(unsupported)?),
        });
        keys.push(SafeBag {
            kind: SHROUDED_KEY_BAG,
            value: Any::from_der(&key.ok_or(ChangeError::Unsupported)?).map_err(unsupported)?,
            attributes: Some(Any::encode_from(&attributes).map_err(unsupported)?),
        });
    }
    let sealed = form
        .scheme()
        .encrypt(&encoded(&certificates)?, password, rng)
        .ok_or(ChangeError::Unsupported)?;
    let contents = vec![
        encrypted_data(&sealed)?,
        ContentInfo {
            kind: DATA,
            content: octets(&encoded(&keys)?)?,
        },
    ];
    let mut pfx = Pfx {
        version: VERSION,
        contents: ContentInfo {
            kind: DATA,
            content: Any::null(),
        },
        mac: None,
    };
    pfx.seal(&contents, Some(form.mac()), password, rng)?;
    encoded(&pfx)
}

/// Bags that lay in the clear, or under the scheme that encrypted them.
struct Bags {
    encrypted: Option<Scheme>,
    bags: Vec<SafeBag>,
}

impl Pfx {
    /// Puts contents and a MAC over them in place of what was there.
    fn seal(
        &mut self,
        contents: &Vec<ContentInfo>,
        mac: Option<(ObjectIdentifier, u32)>,
        password: &Password,
        rng: &mut impl CryptoRng,
    ) -> Result<(), ChangeError> {
        let safe = encoded(contents)?;
        self.mac = match mac {
            None => None,
            Some((hash, iterations)) => {
                let mut salt = [0; MAC_SALT_BYTES];
                rng.fill_bytes(&mut salt);
                let digest = mac::of(hash, password, &salt, iterations, &safe)
                    .ok_or(ChangeError::Unsupported)?;
                Some(MacData {
                    digest: DigestInfo {
                        algorithm: AlgorithmIdentifierOwned {
                            oid: hash,
                            parameters: Some(Any::from(Null)),
                        },
                        digest: OctetString::new(digest).map_err(unsupported)?,
                    },
                    salt: OctetString::new(salt).map_err(unsupported)?,
                    iterations,
                })
            }
        };
        self.contents.content = octets(&safe)?;
        Ok(())
    }
}

/// Checks the MAC, decrypts what is encrypted, and yields every bag.
fn opened(pfx: &Pfx, password: &Password) -> Result<Vec<Bags>, ChangeError> {
    if pfx.version != VERSION || pfx.contents.kind != DATA {
        // Signed by a certificate in place of a password.
        return Err(ChangeError::UnknownScheme {
            algorithm: pfx.contents.kind.to_string(),
        });
    }
    let safe: OctetString = pfx.contents.content.decode_as().map_err(damaged)?;
    if let Some(mac) = &pfx.mac {
        mac::check(mac, password, safe.as_bytes())?;
    }
    let contents = Vec::<ContentInfo>::from_der(safe.as_bytes()).map_err(damaged)?;
    bound_work(pfx, &contents)?;
    contents
        .iter()
        .map(|content| match content.kind {
            DATA => {
                let bags: OctetString = content.content.decode_as().map_err(damaged)?;
                Ok(Bags {
                    encrypted: None,
                    bags: Vec::from_der(bags.as_bytes()).map_err(damaged)?,
                })
            }
            ENCRYPTED_DATA => {
                let data: EncryptedData = content.content.decode_as().map_err(damaged)?;
                let encrypted = encrypted_key(&data.content)?;
                let encrypted = EncryptedKey::from_der(&encrypted).map_err(damaged)?;
                let bags = decrypted(&encrypted, password)?;
                Ok(Bags {
                    encrypted: Scheme::of(&encrypted),
                    bags: Vec::from_der(&bags).map_err(damaged)?,
                })
            }
            kind => Err(ChangeError::UnknownScheme {
                algorithm: kind.to_string(),
            }),
        })
        .collect()
}

/// Refuses a file whose key derivation would hang the device, before any of it is run.
fn bound_work(pfx: &Pfx, contents: &[ContentInfo]) -> Result<(), PasswordError> {
    let mut rounds = pfx.mac.as_ref().map_or(0, |mac| u64::from(mac.iterations));
    for content in contents {
        match content.kind {
            ENCRYPTED_DATA => {
                let data: EncryptedData = content.content.decode_as().map_err(damaged)?;
                let encrypted =
                    encrypted_key(&data.content).map_err(|_| PasswordError::DamagedKey)?;
                rounds += rounds_of(&encrypted);
            }
            DATA => {
                let bags: OctetString = content.content.decode_as().map_err(damaged)?;
                for bag in Vec::<SafeBag>::from_der(bags.as_bytes()).map_err(damaged)? {
                    if bag.kind == SHROUDED_KEY_BAG {
                        rounds += rounds_of(&bag.value.to_der().map_err(damaged)?);
                    }
                }
            }
            _ => {}
        }
    }
    if rounds > u64::from(MAX_ITERATIONS) {
        return Err(PasswordError::TooManyIterations);
    }
    Ok(())
}

fn rounds_of(encrypted: &[u8]) -> u64 {
    let key = EncryptedKey::from_der(encrypted).ok();
    let scheme = key.and_then(|key| Scheme::of(&key));
    scheme.map_or(0, |scheme| u64::from(scheme.iterations()))
}

/// What a file holds, in the clear.
#[derive(Default)]
struct Contents {
    keys: Vec<Zeroizing<Vec<u8>>>,
    certificates: Vec<Vec<u8>>,
}

impl Contents {
    fn of(contents: &[Bags], password: &Password) -> Result<Self, PasswordError> {
        let mut found = Self::default();
        for bag in contents.iter().flat_map(|content| &content.bags) {
            let value = bag.value.to_der().map_err(damaged)?;
            match bag.kind {
                KEY_BAG => found.keys.push(Zeroizing::new(value)),
                SHROUDED_KEY_BAG => {
                    let key = EncryptedKey::from_der(&value).map_err(damaged)?;
                    match key.decrypt(password)? {
                        Decrypted::Plaintext(key) => found.keys.push(key),
                        Decrypted::UnknownScheme(_) => {}
                    }
                }
                CERTIFICATE_BAG => {
                    let bag: CertificateBag = bag.value.decode_as().map_err(damaged)?;
                    found.certificates.push(bag.value.into_bytes().to_vec());
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// The key whose certificate signs, else the first that has one; a key's certificate is the one
    /// of its public key.
    fn signing(&self) -> Option<(&[u8], &[u8], CertificateInner<Raw>)> {
        let mut pairs = self.keys.iter().filter_map(|key| {
            self.certificates.iter().find_map(|der| {
                let certificate = details::parse(der)?;
                private_key::belongs_to(key, &certificate).then_some((
                    key.as_slice(),
                    der.as_slice(),
                    certificate,
                ))
            })
        });
        let first = pairs.next();
        match first {
            Some(first) if !Details::of(&first.2).signs => Some(
                pairs
                    .find(|(_, _, certificate)| Details::of(certificate).signs)
                    .unwrap_or(first),
            ),
            Some(first) => Some(first),
            // Whether they fit is what opening the key says.
            None => {
                let der = self.certificates.first()?;
                Some((self.keys.first()?, der, details::parse(der)?))
            }
        }
    }
}

/// Encrypts one file's contents anew.
struct Anew<'a, R> {
    /// `None` keeps each scheme.
    scheme: Option<Scheme>,
    old: &'a Password,
    new: &'a Password,
    rng: &'a mut R,
}

impl<R: CryptoRng> Anew<'_, R> {
    fn content(&mut self, content: Bags) -> Result<ContentInfo, ChangeError> {
        let bags: Vec<SafeBag> = content
            .bags
            .into_iter()
            .map(|bag| self.bag(bag))
            .collect::<Result<_, _>>()?;
        let bags = encoded(&bags)?;
        let Some(scheme) = content.encrypted else {
            return Ok(ContentInfo {
                kind: DATA,
                content: octets(&bags)?,
            });
        };
        let sealed = self
            .scheme
            .unwrap_or(scheme)
            .encrypt(&bags, self.new, self.rng)
            .ok_or(ChangeError::Unsupported)?;
        encrypted_data(&sealed)
    }

    fn bag(&mut self, bag: SafeBag) -> Result<SafeBag, ChangeError> {
        if bag.kind != SHROUDED_KEY_BAG {
            return Ok(bag);
        }
        let value = bag.value.to_der().map_err(damaged)?;
        let key = EncryptedKey::from_der(&value).map_err(damaged)?;
        let plaintext = decrypted(&key, self.old)?;
        let sealed = anew(&key, &plaintext, self.scheme, self.new, self.rng)
            .ok_or(ChangeError::Unsupported)?;
        Ok(SafeBag {
            value: Any::from_der(&sealed).map_err(unsupported)?,
            ..bag
        })
    }
}

fn decrypted(
    key: &EncryptedKey<'_>,
    password: &Password,
) -> Result<Zeroizing<Vec<u8>>, ChangeError> {
    match key.decrypt(password)? {
        Decrypted::Plaintext(plaintext) => Ok(plaintext),
        Decrypted::UnknownScheme(algorithm) => Err(ChangeError::UnknownScheme { algorithm }),
    }
}

/// An encrypted content in the shape of an encrypted key, which is the same but for its names.
fn encrypted_key(content: &EncryptedContent) -> Result<Vec<u8>, ChangeError> {
    let key = EncryptedKey {
        algorithm: (&content.algorithm).into(),
        ciphertext: OctetStringRef::new(content.ciphertext.as_bytes()).map_err(unsupported)?,
    };
    key.to_der().map_err(unsupported)
}

fn encrypted_data(encrypted: &[u8]) -> Result<ContentInfo, ChangeError> {
    let key = EncryptedKey::from_der(encrypted).map_err(unsupported)?;
    let data = EncryptedData {
        version: 0,
        content: EncryptedContent {
            kind: DATA,
            algorithm: key.algorithm.into(),
            ciphertext: OctetString::new(key.ciphertext.as_bytes()).map_err(unsupported)?,
        },
    };
    Ok(ContentInfo {
        kind: ENCRYPTED_DATA,
        content: Any::encode_from(&data).map_err(unsupported)?,
    })
}

fn attribute(oid: ObjectIdentifier, value: Any) -> Result<Attribute, ChangeError> {
    Ok(Attribute {
        oid,
        values: SetOfVec::from_iter([value]).map_err(unsupported)?,
    })
}

fn octets(bytes: &[u8]) -> Result<Any, ChangeError> {
    OctetString::new(bytes)
        .and_then(|octets| Any::encode_from(&octets))
        .map_err(unsupported)
}

fn encoded(value: &impl Encode) -> Result<Vec<u8>, ChangeError> {
    value.to_der().map_err(unsupported)
}

fn damaged(_: der::Error) -> PasswordError {
    PasswordError::DamagedKey
}

fn unsupported(_: der::Error) -> ChangeError {
    ChangeError::Unsupported
}
