//! The devices of an account.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Identity, person::Account};
use crate::registry::{Registry, RegistryError};

/// How exactly it is known when a device was used last, in milliseconds.
const SEEN_EVERY: i64 = 3_600_000;
/// How many devices an account may have where no rule says it, and how many revoked ones are remembered.
const MOST: usize = 100;

/// A receiving device, as its owner sees it.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Device {
    /// Hash of its public key.
    pub(crate) id: String,
    /// As it or its owner calls it.
    pub(crate) name: String,
    /// As it says itself.
    pub(crate) platform: String,
    /// Unix milliseconds.
    pub(crate) first_used: i64,
    /// Unix milliseconds, to the hour.
    pub(crate) last_used: i64,
    /// Whether it may do anything.
    pub(crate) revoked: bool,
}

/// What came of an attempt to use a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It was known.
    Known,
    /// It is known from now on.
    Enrolled,
    /// It may not be used.
    Revoked,
    /// It is not known, and this is no request by which it becomes so.
    Unknown,
    /// There are enough others.
    TooMany,
}

/// How a device that is not known is called.
pub(crate) struct Introduction {
    pub(crate) name: String,
    pub(crate) platform: String,
}

/// What came of a change by the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    Done,
    Unknown,
}

fn key(account: &Account) -> String {
    format!("devices/{account}")
}

fn read(bytes: Option<&[u8]>) -> Vec<Device> {
    bytes
        .and_then(|bytes| serde_json::from_slice(bytes).ok())
        .unwrap_or_default()
}

impl Identity {
    /// All devices of an account, in the order in which they came.
    pub(crate) async fn devices(&self, account: &Account) -> Result<Vec<Device>, RegistryError> {
        Ok(read(self.registry.get(&key(account)).await?.as_deref()))
    }

    /// Whether a device may be used. With an introduction a new one becomes known, as long as there are fewer
    /// than `most`.
    pub(crate) async fn admit(
        &self,
        account: &Account,
        id: &str,
        introduction: Option<&Introduction>,
        most: Option<u16>,
    ) -> Result<Admission, RegistryError> {
        let now = Timestamp::now().as_millisecond();
        let most = most.map_or(MOST, usize::from).min(MOST);
        self.change(&key(account), None, |there| {
            let mut devices = read(there);
            if let Some(device) = devices.iter_mut().find(|device| device.id == id) {
                if device.revoked {
                    return (None, Admission::Revoked);
                }
                if now - device.last_used < SEEN_EVERY {
                    return (None, Admission::Known);
                }
                device.last_used = now;
                return (serde_json::to_vec(&devices).ok(), Admission::Known);
            }
            let Some(introduction) = introduction else {
                return (None, Admission::Unknown);
            };
            if devices.iter().filter(|device| !device.revoked).count() >= most {
                return (None, Admission::TooMany);
            }
            while devices.len() >= 2 * MOST {
                match devices.iter().position(|device| device.revoked) {
                    Some(oldest) => devices.remove(oldest),
                    None => return (None, Admission::TooMany),
                };
            }
            devices.push(Device {
                id: id.to_owned(),
                name: introduction.name.clone(),
                platform: introduction.platform.clone(),
                first_used: now,
                last_used: now,
                revoked: false,
            });
            (serde_json::to_vec(&devices).ok(), Admission::Enrolled)
        })
        .await
    }

    /// Calls a device by another name.
    pub(crate) async fn rename_device(
        &self,
        account: &Account,
        id: &str,
        name: &str,
    ) -> Result<Changed, RegistryError> {
        self.change_device(account, id, |device| device.name = name.to_owned())
            .await
    }

    /// Lets a device do nothing from now on, on all relays.
    pub(crate) async fn revoke_device(
        &self,
        account: &Account,
        id: &str,
    ) -> Result<Changed, RegistryError> {
        self.change_device(account, id, |device| device.revoked = true)
            .await
    }

    async fn change_device(
        &self,
        account: &Account,
        id: &str,
        change: impl Fn(&mut Device),
    ) -> Result<Changed, RegistryError> {
        self.change(&key(account), None, |there| {
            let mut devices = read(there);
            match devices.iter_mut().find(|device| device.id == id) {
                None => (None, Changed::Unknown),
                Some(device) => {
                    change(device);
                    (serde_json::to_vec(&devices).ok(), Changed::Done)
                }
            }
        })
        .await
    }
}
