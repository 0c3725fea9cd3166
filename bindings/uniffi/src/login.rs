//! Who the person is, where the relay wants to know: the app's ID token, and this device's own key.

use std::sync::Arc;

use futures_util::lock::Mutex;
use naru_core::{client::Request, device::Device, device_key::DeviceKey, pairing::Origin};
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    host::{HttpHeader, Login},
    naru::{generator, now},
    storage::Storage,
};

/// Under which name the store keeps this device's key.
const KEY: &str = "device-key";

/// What all of an app's requests share.
pub(crate) struct Person {
    login: Option<Arc<dyn Login>>,
    storage: Storage,
    device: Device,
    key: Mutex<Option<Arc<DeviceKey>>>,
}

impl Person {
    pub(crate) fn new(login: Option<Arc<dyn Login>>, storage: Storage, device: Device) -> Self {
        Self {
            login,
            storage,
            device,
            key: Mutex::new(None),
        }
    }

    /// The secret headers of one request; none for somebody who is not logged in.
    pub(crate) async fn headers(
        &self,
        origin: &Origin,
        request: &Request,
    ) -> Result<Vec<HttpHeader>, Failure> {
        let Some(login) = &self.login else {
            return Ok(Vec::new());
        };
        // An app that cannot say who it is says so to the relay, which knows what the person has to do.
        let Ok(Some(token)) = login.token().await else {
            return Ok(Vec::new());
        };
        let token = Zeroizing::new(token);
        let key = self.key().await?;
        let now = u64::try_from(now()).unwrap_or(0);
        let headers = key.headers(request, origin, &self.device, &token, now);
        let headers = headers.into_iter().map(|(name, value)| HttpHeader {
            name: name.to_owned(),
            value,
        });
        Ok(headers.collect())
    }

    /// Made when it is needed for the first time.
    async fn key(&self) -> Result<Arc<DeviceKey>, Failure> {
        let mut known = self.key.lock().await;
        if let Some(key) = &*known {
            return Ok(Arc::clone(key));
        }
        let kept = self.storage.secret(KEY).await?;
        let kept = kept
            .as_deref()
            .and_then(|bytes| bytes.as_slice().try_into().ok());
        let key = match kept.map(DeviceKey::from_bytes) {
            Some(Ok(key)) => key,
            _ => {
                let key = DeviceKey::draw(&mut generator()?);
                self.storage
                    .keep_secret(KEY, key.to_bytes().to_vec())
                    .await?;
                key
            }
        };
        let key = Arc::new(key);
        *known = Some(Arc::clone(&key));
        Ok(key)
    }

    /// This device becomes another one: what was revoked stays so.
    pub(crate) async fn renew_device(&self) -> Result<(), Failure> {
        let mut known = self.key.lock().await;
        self.storage.forget_secret(KEY).await?;
        *known = None;
        Ok(())
    }
}
