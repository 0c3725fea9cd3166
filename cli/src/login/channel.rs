//! Who this machine proves to be to the other device of a transfer, without the relay's word.

use naru_core::{
    identity::{Identity, IdentityKey, Requirement, TokenRefused},
    pairing::Origin,
};
use openidconnect::Nonce;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    browser::Visit,
    error::LoginError,
    kept::Place,
    offered::Channel,
    provider::{Provider, Tokens, now},
    trust::Trusted,
};
use crate::{http, terminal::Failure, text::Language};

/// An ID token, and the key that it names.
#[derive(Serialize, Deserialize)]
pub(super) struct ChannelLogin {
    id_token: Zeroizing<String>,
    /// Unix seconds.
    expires: u64,
    key: Zeroizing<[u8; 32]>,
}

/// A login that will name a fresh key.
pub(super) struct ChannelVisit {
    key: IdentityKey,
    pub(super) visit: Visit,
}

impl ChannelVisit {
    pub(super) async fn begin(
        provider: &Provider,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, LoginError> {
        let key = IdentityKey::draw(rng);
        let visit = provider.invite(Nonce::new(key.nonce()), &[]).await?;
        Ok(Self { key, visit })
    }

    /// Waits for the person; what the other device would refuse is no login here either.
    pub(super) async fn end(
        self,
        provider: &Provider,
        channel: &Channel,
        language: Language,
    ) -> Result<ChannelLogin, LoginError> {
        let Tokens {
            id_token, expires, ..
        } = provider.welcome(self.visit, language).await?;
        let login = ChannelLogin {
            id_token,
            expires,
            key: self.key.to_bytes(),
        };
        let identity = login.identity(provider, channel).await?;
        identity.map_err(|_| LoginError::Invalid)?;
        Ok(login)
    }
}

impl ChannelLogin {
    async fn identity(
        &self,
        provider: &Provider,
        channel: &Channel,
    ) -> Result<Result<Identity, TokenRefused>, LoginError> {
        let key = IdentityKey::from_bytes(&self.key).map_err(|_| LoginError::Invalid)?;
        let audiences = channel.clients().map(str::to_owned);
        let required = Requirement::new(provider.issuer(), audiences, &provider.key_set().await?);
        let required = required.map_err(|_| LoginError::Invalid)?;
        Ok(Identity::new(self.id_token.to_string(), key, required, now))
    }
}

/// Who is logged in for transfers over this relay; `None` where no login has ever said that devices prove that.
/// Once one has, there is no transfer without.
pub(crate) async fn identity(
    origin: &Origin,
    language: Language,
) -> Result<Option<Identity>, Failure> {
    let place = Place::of(origin)?;
    let Some(Trusted {
        issuer,
        channel: Some(channel),
    }) = place.trusted(language)?
    else {
        return Ok(None);
    };
    let kept = place.kept()?.and_then(|kept| kept.channel);
    let login = kept.ok_or_else(|| over(language))?;
    if login.expires <= now() {
        return Err(over(language));
    }
    let client = http::client().map_err(|error| Failure::other("no_https", &error))?;
    let own = channel.own().unwrap_or_default();
    let failed = |error: LoginError| error.told(language);
    let provider = Provider::discover(&client, &issuer, own)
        .await
        .map_err(failed)?;
    match login.identity(&provider, &channel).await.map_err(failed)? {
        Ok(identity) => Ok(Some(identity)),
        Err(TokenRefused::Expired) => Err(over(language)),
        Err(_) => Err(Failure::new(
            "identity_unverified",
            language.pick(
                "이 컴퓨터의 로그인을 더 이상 확인할 수 없습니다. 시계를 확인하고 `naru login`으로 다시 로그인하세요.",
                "This machine's login can no longer be verified. Check its clock, and log in again with `naru login`.",
            ),
        )),
    }
}

fn over(language: Language) -> Failure {
    Failure::new(
        "identity_expired",
        language.pick(
            "두 기기가 같은 사람의 것인지 확인하는 로그인이 끝났습니다. `naru login`으로 다시 로그인하세요. 아무것도 보내지 않았습니다.",
            "The login by which your devices recognise each other is over. Log in again with `naru login`. Nothing was sent.",
        ),
    )
}
