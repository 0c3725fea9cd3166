//! Changing the password of a certificate, and writing one as a `.pfx`: the private keys themselves,
//! their attributes included, stay byte for byte what they were (`docs/formats.md` §6).

use der::Decode;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{
    CertificateSet, ChangeError, Format, NativeFile, Password, PasswordError, RelativePath,
    encryption::{Decrypted, EncryptedKey},
    pkcs12::{self, Pair, Pkcs12Form},
    private_key::{KeyFile, is_key_info},
    scheme::{Scheme, anew},
};

/// How a private key is encrypted anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyForm {
    /// In the form that it had, with no fewer rounds, and another salt.
    #[default]
    AsBefore,
    /// PBES2 with PBKDF2-HMAC-SHA-256 and SEED.
    Seed,
    /// PBES2 with PBKDF2-HMAC-SHA-256 and AES-256.
    Aes,
}

impl KeyForm {
    /// `None` keeps each key's own.
    fn scheme(self) -> Option<Scheme> {
        match self {
            Self::AsBefore => None,
            Self::Seed => Some(Scheme::SEED),
            Self::Aes => Some(Scheme::AES),
        }
    }
}

impl CertificateSet {
    /// The same certificate, its keys encrypted under `new`, at the same places. Every key has been
    /// opened with `new` and compared before this returns.
    pub fn with_password(
        &self,
        old: &Password,
        new: &Password,
        form: KeyForm,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, ChangeError> {
        self.check_password(old)?;
        let mut changed = self.clone();
        if self.format == Format::Pkcs12 {
            let form = form.scheme().map(|scheme| (scheme, Pkcs12Form::Aes));
            for file in &mut changed.files {
                file.bytes = pkcs12::with_password(&file.bytes, old, new, form, rng)?;
            }
            return Ok(changed);
        }
        for file in &mut changed.files {
            if matches!(KeyFile::of(&file.bytes), KeyFile::Encrypted) {
                let plaintext = decrypted(&file.bytes, old)?;
                file.bytes = EncryptedKey::from_der(&file.bytes)
                    .ok()
                    .and_then(|key| anew(&key, &plaintext, form.scheme(), new, rng))
                    .ok_or(ChangeError::Unsupported)?;
            }
        }
        Ok(changed)
    }

    /// The certificate as one PKCS#12 under `new`: the signing pair and, where there is one, the
    /// encipherment pair.
    pub fn to_pkcs12(
        &self,
        password: &Password,
        new: &Password,
        form: Pkcs12Form,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, ChangeError> {
        self.check_password(password)?;
        let bytes = match self.format {
            Format::Pkcs12 => {
                let file = self.files.first().ok_or(ChangeError::Unsupported)?;
                let wanted = Some((form.scheme(), form));
                pkcs12::with_password(&file.bytes, password, new, wanted, rng)?
            }
            Format::Gpki | Format::Npki => pkcs12::written(&self.pairs(password)?, new, form, rng)?,
        };
        let name = match &self.signing {
            Some(signing) => signing.details.name.clone(),
            None => String::new(),
        };
        Ok(Self {
            format: Format::Pkcs12,
            files: vec![NativeFile {
                path: file_name(&name)?,
                bytes,
            }],
            sources: Vec::new(),
            signing: None,
        })
    }

    /// Certificates with their private keys in the clear, the signing pair first.
    fn pairs(&self, password: &Password) -> Result<Vec<Pair>, ChangeError> {
        let pairs = self.files.chunks_exact(2).map(|pair| match pair {
            [certificate, key] => Ok(Pair {
                certificate: certificate.bytes.clone(),
                key: decrypted(&key.bytes, password)?,
            }),
            _ => Err(ChangeError::Unsupported),
        });
        pairs.collect()
    }
}

/// The `PrivateKeyInfo`, as it is.
fn decrypted(file: &[u8], password: &Password) -> Result<Zeroizing<Vec<u8>>, ChangeError> {
    let key = EncryptedKey::from_der(file).map_err(|_| PasswordError::DamagedKey)?;
    match key.decrypt(password) {
        Ok(Decrypted::Plaintext(plaintext)) if is_key_info(&plaintext) => Ok(plaintext),
        Ok(Decrypted::UnknownScheme(algorithm)) => Err(ChangeError::UnknownScheme { algorithm }),
        // The signing key has been opened with it.
        Ok(Decrypted::Plaintext(_)) | Err(PasswordError::Wrong) => Err(ChangeError::OtherPassword),
        Err(error) => Err(error.into()),
    }
}

/// The holder's name, where a file can have it.
fn file_name(name: &str) -> Result<RelativePath, ChangeError> {
    [format!("{name}.pfx"), "certificate.pfx".to_owned()]
        .into_iter()
        .filter(|name| !name.starts_with('.') && !name.contains('/'))
        .find_map(|name| name.parse().ok())
        .ok_or(ChangeError::Unsupported)
}
