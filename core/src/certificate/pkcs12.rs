//! PKCS#12 files (RFC 7292): carried as they are, opened only to be checked.

use der::{Decode, asn1::ObjectIdentifier};
use p12_keystore::{KeyStore, Pkcs12ImportPolicy, error::Error};
use pkcs12::{
    cms::encrypted_data::EncryptedData,
    pbe_params::{Pbes2Params, Pbkdf2Params, Pkcs12PbeParams},
    pfx::Pfx,
};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use super::{
    Checked, Details, Password, PasswordError, details, encryption::MAX_ITERATIONS, private_key,
};

const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const SHROUDED_KEY_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");

/// Whether the file is a PKCS#12 at all.
pub(super) fn is_pfx(bytes: &[u8]) -> bool {
    Pfx::from_der(bytes).is_ok()
}

/// Opens the first private key and holds it against its certificate.
pub(super) fn open(bytes: &[u8], password: &Password) -> Result<Checked, PasswordError> {
    let pfx = Pfx::from_der(bytes).map_err(|_| PasswordError::DamagedKey)?;
    bound_iterations(&pfx)?;
    let text = std::str::from_utf8(password.as_bytes()).map_err(|_| PasswordError::Wrong)?;
    let store = match KeyStore::from_pkcs12(bytes, text, Pkcs12ImportPolicy::Relaxed) {
        Ok(store) => store,
        Err(Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm) => {
            return Ok(Checked::Unchecked {
                algorithm: "PKCS#12".into(),
            });
        }
        Err(_) => return Err(PasswordError::Wrong),
    };
    let (_, chain) = store.private_key_chain().ok_or(PasswordError::DamagedKey)?;
    let certificate = chain.certs().first().ok_or(PasswordError::DamagedKey)?;
    let certificate = details::parse(certificate.as_der()).ok_or(PasswordError::DamagedKey)?;
    let key = Zeroizing::new(chain.key().as_der().to_vec());
    private_key::open_bare(&key, &certificate, &Details::of(&certificate)).map_err(|error| {
        match error {
            // The password has opened the file, so that what does not parse is damaged.
            PasswordError::Wrong => PasswordError::DamagedKey,
            error => error,
        }
    })
}

/// Refuses a file whose key derivation would hang the device, before any of it is run.
fn bound_iterations(pfx: &Pfx) -> Result<(), PasswordError> {
    let damaged = |_| PasswordError::DamagedKey;
    if let Some(mac) = &pfx.mac_data {
        bounded(mac.iterations)?;
    }
    if pfx.auth_safe.content_type != DATA {
        return Ok(());
    }
    let safe: der::asn1::OctetString = pfx.auth_safe.content.decode_as().map_err(damaged)?;
    let contents = Vec::<pkcs12::cms::content_info::ContentInfo>::from_der(safe.as_bytes())
        .map_err(damaged)?;
    for content in contents {
        if content.content_type == ENCRYPTED_DATA {
            let encrypted: EncryptedData = content.content.decode_as().map_err(damaged)?;
            algorithm(&encrypted.enc_content_info.content_enc_alg)?;
        } else if content.content_type == DATA {
            let bags: der::asn1::OctetString = content.content.decode_as().map_err(damaged)?;
            let bags =
                pkcs12::safe_bag::SafeContents::from_der(bags.as_bytes()).map_err(damaged)?;
            for bag in bags.iter().filter(|bag| bag.bag_id == SHROUDED_KEY_BAG) {
                let value = der::asn1::ContextSpecific::<pkcs12::pbe_params::EncryptedPrivateKeyInfo>::from_der(&bag.bag_value)
                    .map_err(damaged)?;
                algorithm(&value.value.encryption_algorithm)?;
            }
        }
    }
    Ok(())
}

fn algorithm(algorithm: &AlgorithmIdentifierOwned) -> Result<(), PasswordError> {
    let Some(parameters) = &algorithm.parameters else {
        return Ok(());
    };
    if algorithm.oid == PBES2 {
        let Ok(parameters) = parameters.decode_as::<Pbes2Params>() else {
            return Ok(());
        };
        let Some(derivation) = parameters.kdf.parameters else {
            return Ok(());
        };
        match derivation.decode_as::<Pbkdf2Params>() {
            Ok(derivation) => bounded(derivation.iteration_count),
            Err(_) => Ok(()),
        }
    } else {
        match parameters.decode_as::<Pkcs12PbeParams>() {
            Ok(parameters) => bounded(parameters.iterations),
            Err(_) => Ok(()),
        }
    }
}

fn bounded(iterations: impl TryInto<u32>) -> Result<(), PasswordError> {
    match iterations.try_into() {
        Ok(count) if count <= MAX_ITERATIONS => Ok(()),
        _ => Err(PasswordError::TooManyIterations),
    }
}
