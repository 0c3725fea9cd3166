//! Who is logged in on this device, for transfers to and from the same person's devices only.

use std::{fmt, sync::Arc};

use naru_core::identity::{self, RequirementError, TokenRefused};
use zeroize::Zeroizing;

use crate::{
    failure::{Failure, FailureKind, Refusal},
    live::Live,
    naru::{generator, now},
    wording::Wording,
};

/// Made before a login and for that login alone. The app keeps it as secretly as the ID token that it gets, and
/// forgets both together.
#[derive(uniffi::Object)]
pub struct IdentityKey {
    key: identity::IdentityKey,
    _live: Live,
}

#[uniffi::export]
impl IdentityKey {
    /// A new one.
    #[uniffi::constructor]
    pub fn new() -> Result<Arc<Self>, Failure> {
        Ok(Self::of(identity::IdentityKey::draw(&mut generator()?)))
    }

    /// One that the app has kept, from [`Self::secret`].
    #[uniffi::constructor]
    pub fn restored(secret: Vec<u8>) -> Result<Arc<Self>, Failure> {
        let secret = Zeroizing::new(secret);
        let bytes = secret.as_slice().try_into();
        let key = bytes.map(identity::IdentityKey::from_bytes);
        let Ok(Ok(key)) = key else {
            return Err(Refusal::NoIdentityKey.into());
        };
        Ok(Self::of(key))
    }

    /// The `nonce` to send with the login.
    pub fn nonce(&self) -> String {
        self.key.nonce()
    }

    /// What the app has to keep, 32 bytes.
    pub fn secret(&self) -> Vec<u8> {
        self.key.to_bytes().to_vec()
    }
}

impl IdentityKey {
    fn of(key: identity::IdentityKey) -> Arc<Self> {
        Arc::new(Self {
            key,
            _live: Live::new(),
        })
    }
}

/// A login, and whose word both devices take for who a person is.
#[derive(Clone, uniffi::Record)]
pub struct Identity {
    /// The ID token of a login with the nonce of `key`.
    pub id_token: String,
    /// The key that it names.
    pub key: Arc<IdentityKey>,
    /// The one issuer that counts, exactly as its tokens have it.
    pub issuer: String,
    /// The client ids for which tokens count: those of the app and of the page. No relay and no other service
    /// may take their tokens for a login.
    pub audiences: Vec<String>,
    /// The document at the issuer's `jwks_uri`, which the app has fetched there.
    pub jwks: String,
}

/// Shows the issuer only.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl TryFrom<Identity> for identity::Identity {
    type Error = Failure;

    fn try_from(identity: Identity) -> Result<Self, Failure> {
        let required =
            identity::Requirement::new(&identity.issuer, identity.audiences, &identity.jwks)?;
        let now = || now().unsigned_abs();
        Ok(Self::new(
            identity.id_token,
            identity.key.key.clone(),
            required,
            now,
        )?)
    }
}

impl From<TokenRefused> for Failure {
    fn from(refused: TokenRefused) -> Self {
        let retryable = matches!(refused, TokenRefused::Expired | TokenRefused::Future);
        Self::new(refused.code(), FailureKind::Security, retryable, refused)
    }
}

impl From<RequirementError> for Failure {
    fn from(error: RequirementError) -> Self {
        Self::new(error.code(), FailureKind::Misuse, false, error)
    }
}

impl From<TokenRefused> for Wording {
    fn from(refused: TokenRefused) -> Self {
        match refused {
            TokenRefused::Expired => (
                "로그인 시간이 끝났습니다. 다시 로그인하세요.",
                "The login has run out. Log in again.",
            ),
            TokenRefused::Future => (
                "기기의 시계가 맞지 않습니다. 시각을 맞추고 다시 로그인하세요.",
                "The clock of this device is wrong. Set it, and log in again.",
            ),
            _ => (
                "로그인을 확인할 수 없습니다. 다시 로그인하고, 계속되면 IT 담당자에게 알려 주세요.",
                "The login could not be verified. Log in again, and tell the IT desk if that does not help.",
            ),
        }
        .into()
    }
}

impl From<RequirementError> for Wording {
    fn from(_: RequirementError) -> Self {
        (
            "앱의 로그인 설정이 맞지 않습니다. 앱을 업데이트하거나 IT 담당자에게 알려 주세요.",
            "The app's login is set up wrongly. Update the app, or tell the IT desk.",
        )
            .into()
    }
}
