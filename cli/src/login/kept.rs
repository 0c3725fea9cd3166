//! What this machine keeps of a login: for its owner's eyes only, a file a relay, and beside it the device's key and
//! whose word counts.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use naru_core::{device_key::DeviceKey, pairing::Origin};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{channel::ChannelLogin, provider::Tokens, trust::Trusted};
use crate::{
    places,
    storage::{Replace, StorageError, store_file},
    terminal::Failure,
    text::Language,
};

/// A login at one relay.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) issuer: String,
    pub(super) client_id: String,
    /// How this device is called in the list of the person's devices.
    pub(super) device: String,
    #[serde(flatten)]
    pub(super) tokens: Tokens,
    /// Where devices prove to each other whose they are.
    pub(super) channel: Option<ChannelLogin>,
}

/// Where what belongs to one relay is kept.
pub(super) struct Place {
    login: PathBuf,
    key: PathBuf,
    trusted: PathBuf,
}

impl Place {
    pub(super) fn of(origin: &Origin) -> Result<Self, Failure> {
        let folder = places::settings()
            .ok_or_else(|| Failure::new("no_home", "XDG_CONFIG_HOME, HOME"))?
            .join("login");
        let name: String = origin
            .as_str()
            .chars()
            .map(|it| match it {
                'a'..='z' | '0'..='9' | '.' | '-' => it,
                _ => '_',
            })
            .collect();
        Ok(Self {
            login: folder.join(format!("{name}.json")),
            key: folder.join(format!("{name}.key")),
            trusted: folder.join(format!("{name}.issuer")),
        })
    }

    /// Nobody but this machine's user can read what is kept: new files have mode 0600.
    pub(super) fn keep(&self, kept: &Kept) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(kept);
        let bytes = Zeroizing::new(bytes.map_err(|error| Failure::other("internal", &error))?);
        Ok(store_file(&bytes, &self.login, Replace::Allow)?)
    }

    /// `None` where nobody has logged in; what cannot be understood is no login.
    pub(super) fn kept(&self) -> Result<Option<Kept>, Failure> {
        let bytes = read(&self.login)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    pub(super) fn trust(&self, trusted: &Trusted) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(trusted);
        let bytes = bytes.map_err(|error| Failure::other("internal", &error))?;
        Ok(store_file(&bytes, &self.trusted, Replace::Allow)?)
    }

    /// `None` before the first login; what cannot be understood stops everything, as it may ask for proofs.
    pub(super) fn trusted(&self, language: Language) -> Result<Option<Trusted>, Failure> {
        let Some(bytes) = read(&self.trusted)? else {
            return Ok(None);
        };
        let trusted = serde_json::from_slice(&bytes).map_err(|_| {
            let text = language.pick(
                "파일이 손상되었습니다. `naru logout --forget` 뒤에 다시 로그인하세요:",
                "This file is damaged. Run `naru logout --forget` and log in again:",
            );
            Failure::new(
                "damaged_issuer",
                format!("{text} {}", self.trusted.display()),
            )
        })?;
        Ok(Some(trusted))
    }

    pub(super) fn forget_trusted(&self) -> Result<(), Failure> {
        remove(&self.trusted)
    }

    pub(super) fn forget(&self) -> Result<(), Failure> {
        remove(&self.login)
    }

    pub(super) fn forget_key(&self) -> Result<(), Failure> {
        remove(&self.key)
    }

    /// The device's own, made where there is none.
    pub(super) fn key(&self, rng: &mut impl CryptoRng) -> Result<DeviceKey, Failure> {
        if let Some(bytes) = read(&self.key)? {
            let bytes = <&[u8; 32]>::try_from(bytes.as_slice()).ok();
            let key = bytes.and_then(|bytes| DeviceKey::from_bytes(bytes).ok());
            return key.ok_or_else(|| {
                Failure::new(
                    "damaged_key",
                    format!("{}: `naru login --new-device`", self.key.display()),
                )
            });
        }
        let key = DeviceKey::draw(rng);
        store_file(key.to_bytes().as_ref(), &self.key, Replace::Refuse)?;
        Ok(key)
    }
}

fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StorageError::Read {
            path: path.to_owned(),
            error,
        }
        .into()),
    }
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StorageError::Write {
            path: path.to_owned(),
            error,
        }
        .into()),
        _ => Ok(()),
    }
}
