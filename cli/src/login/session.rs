//! A login in use: each request carries the token, renewed in time, and the device's proof.

use naru_core::{client::Request, device::Device, device_key::DeviceKey, pairing::Origin};
use reqwest::Client;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::{
    error::LoginError,
    kept::{Kept, Place},
    provider::{Provider, now},
};
use crate::{rng, terminal::Failure};

pub(crate) struct Session {
    place: Place,
    key: DeviceKey,
    device: Device,
    kept: Mutex<Kept>,
}

impl Session {
    /// Who is logged in at a relay; `None` where nobody is.
    pub(crate) fn of(origin: &Origin) -> Result<Option<Self>, Failure> {
        let place = Place::of(origin)?;
        let Some(kept) = place.kept()? else {
            return Ok(None);
        };
        Ok(Some(Self {
            key: place.key(&mut rng::seeded()?)?,
            device: Device::new(&kept.device, std::env::consts::OS),
            kept: Mutex::new(kept),
            place,
        }))
    }

    /// The secret headers of one request.
    pub(crate) async fn headers(
        &self,
        client: &Client,
        origin: &Origin,
        request: &Request,
    ) -> Vec<(&'static str, String)> {
        let token = self.token(client).await;
        self.key
            .headers(request, origin, &self.device, &token, now())
    }

    /// One that is over is sent where no new one comes: the relay says what the person has to do.
    async fn token(&self, client: &Client) -> Zeroizing<String> {
        let mut kept = self.kept.lock().await;
        if !kept.tokens.is_fresh()
            && let Some(refresh_token) = kept.tokens.refresh_token.take()
        {
            let provider = Provider::discover(client, &kept.issuer, &kept.client_id).await;
            let renewed = match provider {
                Ok(provider) => provider.refresh(&refresh_token).await,
                Err(error) => Err(error),
            };
            match renewed {
                Ok(tokens) => {
                    kept.tokens = tokens;
                    // What cannot be kept still serves this command.
                    let _ = self.place.keep(&kept);
                }
                Err(LoginError::Unavailable) => kept.tokens.refresh_token = Some(refresh_token),
                Err(_) => {}
            }
        }
        kept.tokens.id_token.clone()
    }
}
