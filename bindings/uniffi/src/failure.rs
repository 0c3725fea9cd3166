//! How a failure reaches the app: a stable code, what it has to do with, and words for the person.

use naru_core::{
    certificate::{ChangeError, PasswordError, RootsError, WeakPassword},
    client::{self, Remark, TransferError},
    connection_number::ConnectionNumberError,
    deposit::DepositCodeError,
    giver::OfferError,
    handshake::NotSixDigits,
    pairing::{InvalidOrigin, PairingCodeError},
};

use crate::{
    host::{StoreError, VerificationError},
    wording::{DEVICE_REVOKED, NOT_A_MEMBER, TOO_MANY_DEVICES, Wording},
};

/// Why something did not succeed. Whatever the cause, no certificate is lost by it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum Failure {
    /// The one form that a failure has.
    #[error("{message_en} ({code})")]
    Failed {
        /// A stable name of the cause, for the app and for the help desk.
        code: String,
        /// What it has to do with.
        kind: FailureKind,
        /// Whether the person can succeed by doing the same again, where need be with a new code.
        retryable: bool,
        /// Cause and next step in Korean.
        message_ko: String,
        /// Cause and next step in English.
        message_en: String,
        /// The agency's rule that does not allow it, where one does not.
        refusal: Option<Box<RuleRefusal>>,
    },
}

/// A rule of an agency that stops the person, whose it is, and whom to ask. It is the relay's word.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RuleRefusal {
    /// A stable name of the rule, such as `networks` or `devices`.
    pub rule: String,
    /// The agency's name; absent for those who belong to none.
    pub agency: Option<LocalisedText>,
    /// Whom to ask.
    pub desk: Option<SupportDesk>,
}

/// Whom people ask.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SupportDesk {
    /// Its name.
    pub name: LocalisedText,
    /// Its telephone number.
    pub phone: Option<String>,
    /// Its mail address.
    pub mail: Option<String>,
    /// When it is there.
    pub hours: Option<LocalisedText>,
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LocalisedText {
    /// In Korean.
    pub ko: String,
    /// In English.
    pub en: String,
}

impl From<&client::Localised> for LocalisedText {
    fn from(text: &client::Localised) -> Self {
        Self {
            ko: text.ko.clone(),
            en: text.en.clone(),
        }
    }
}

impl From<&client::Refusal> for RuleRefusal {
    fn from(refusal: &client::Refusal) -> Self {
        Self {
            rule: refusal.rule.clone(),
            agency: refusal.agency.as_ref().map(Into::into),
            desk: refusal.desk.as_ref().map(|desk| SupportDesk {
                name: (&desk.name).into(),
                phone: desk.phone.clone(),
                mail: desk.mail.clone(),
                hours: desk.hours.as_ref().map(Into::into),
            }),
        }
    }
}

/// What a failure has to do with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum FailureKind {
    /// The person on this device stopped it.
    Cancelled,
    /// It took too long.
    Expired,
    /// The other device or the person at it.
    OtherDevice,
    /// The person has to log in, or to log in again.
    LoginRequired,
    /// The two devices belong to two people.
    OtherPerson,
    /// A rule of the agency, which the failure names.
    NotAllowed,
    /// The person has as many devices as they may.
    DeviceLimit,
    /// This device was removed by its owner, and can do nothing until it has a new key.
    DeviceRevoked,
    /// The way to the relay.
    Network,
    /// The relay, which has answered otherwise than hoped.
    Relay,
    /// Somebody may be attacking, or something on the way alters messages.
    Security,
    /// What the person has typed or scanned.
    Input,
    /// The password of a certificate.
    Password,
    /// The certificate itself.
    Certificate,
    /// The store of this device.
    Storage,
    /// The lock of this device.
    Verification,
    /// This version cannot do it.
    Unsupported,
    /// The app has called something out of turn.
    Misuse,
}

impl Failure {
    pub(crate) fn new(
        code: &str,
        kind: FailureKind,
        retryable: bool,
        wording: impl Into<Wording>,
    ) -> Self {
        let Wording { ko, en } = wording.into();
        Self::Failed {
            code: code.to_owned(),
            kind,
            retryable,
            message_ko: ko.into_owned(),
            message_en: en.into_owned(),
            refusal: None,
        }
    }
}

impl From<TransferError> for Failure {
    fn from(error: TransferError) -> Self {
        let (kind, retryable) = match error {
            TransferError::ExpiredBeforeJoin | TransferError::Expired => {
                (FailureKind::Expired, true)
            }
            TransferError::Ended
            | TransferError::CancelledByPeer
            | TransferError::RefusedByPeer
            | TransferError::DepositHeld => (FailureKind::OtherDevice, true),
            TransferError::TooManyWrongCodes
            | TransferError::AlreadyJoined
            | TransferError::Tampered
            | TransferError::ReceiptMismatch => (FailureKind::Security, true),
            TransferError::RelayUnreachable => (FailureKind::Network, true),
            TransferError::RelayBusy
            | TransferError::RelayLost
            | TransferError::FrameGap
            | TransferError::MailboxTaken => (FailureKind::Relay, true),
            TransferError::RelayRefused => (FailureKind::Unsupported, false),
            TransferError::DepositsOff | TransferError::DeviceRefused => {
                (FailureKind::Relay, false)
            }
            TransferError::NotAllowed => (FailureKind::NotAllowed, false),
            TransferError::LoginRequired => (FailureKind::LoginRequired, true),
            TransferError::OtherPerson => (FailureKind::OtherPerson, false),
            TransferError::IdentityInvalid | TransferError::IdentityMissing => {
                (FailureKind::Security, true)
            }
            TransferError::Cancelled | TransferError::Refused => (FailureKind::Cancelled, true),
            TransferError::WrongDirection | TransferError::DepositGone => {
                (FailureKind::Input, false)
            }
            TransferError::WrongNumber => (FailureKind::Input, true),
            TransferError::TakenByAnother => (FailureKind::OtherDevice, false),
        };
        Self::new(error.code(), kind, retryable, error)
    }
}

impl Failure {
    /// A transfer that failed, with what the relay has said of it.
    pub(crate) fn remarked(error: TransferError, remark: &Remark) -> Self {
        let refusal = remark.refusal.as_ref();
        let refusal = refusal.filter(|_| error == TransferError::NotAllowed);
        let mut failure = match (refusal, remark.problem.as_deref()) {
            (Some(refusal), _) => {
                let kind = match refusal.rule.as_str() {
                    "devices" => FailureKind::DeviceLimit,
                    _ => FailureKind::NotAllowed,
                };
                Self::new(error.code(), kind, false, refusal)
            }
            (None, Some("not_a_member")) if error == TransferError::NotAllowed => {
                Self::new("not_a_member", FailureKind::NotAllowed, false, NOT_A_MEMBER)
            }
            (None, Some("device_revoked")) if error == TransferError::DeviceRefused => {
                let kind = FailureKind::DeviceRevoked;
                Self::new("device_revoked", kind, false, DEVICE_REVOKED)
            }
            (None, Some("too_many_devices")) if error == TransferError::DeviceRefused => {
                let kind = FailureKind::DeviceLimit;
                Self::new("too_many_devices", kind, false, TOO_MANY_DEVICES)
            }
            _ => error.into(),
        };
        let Self::Failed {
            message_ko,
            message_en,
            refusal: told,
            ..
        } = &mut failure;
        *told = refusal.map(|refusal| Box::new(refusal.into()));
        if let Some(reference) = &remark.reference {
            *message_ko += &format!(" (문의 번호 {reference})");
            *message_en += &format!(" (reference {reference})");
        }
        failure
    }
}

impl From<PairingCodeError> for Failure {
    fn from(error: PairingCodeError) -> Self {
        let (kind, retryable) = match error {
            PairingCodeError::NotNaru | PairingCodeError::UnknownRelay => {
                (FailureKind::Input, false)
            }
            PairingCodeError::Malformed => (FailureKind::Input, true),
            PairingCodeError::UnknownVersion | PairingCodeError::UnknownSuite => {
                (FailureKind::Unsupported, false)
            }
        };
        Self::new(error.code(), kind, retryable, error)
    }
}

impl From<ConnectionNumberError> for Failure {
    fn from(error: ConnectionNumberError) -> Self {
        Self::new(error.code(), FailureKind::Input, true, error)
    }
}

impl From<DepositCodeError> for Failure {
    fn from(error: DepositCodeError) -> Self {
        Self::new(error.code(), FailureKind::Input, true, error)
    }
}

impl From<NotSixDigits> for Failure {
    fn from(error: NotSixDigits) -> Self {
        Self::new("not_six_digits", FailureKind::Input, true, error)
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        let (kind, retryable) = match error {
            PasswordError::Wrong => (FailureKind::Password, true),
            PasswordError::KeyMismatch
            | PasswordError::DamagedKey
            | PasswordError::TooManyIterations => (FailureKind::Certificate, false),
        };
        Self::new(error.code(), kind, retryable, error)
    }
}

impl From<WeakPassword> for Failure {
    fn from(error: WeakPassword) -> Self {
        Self::new(error.code(), FailureKind::Password, true, error)
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        let kind = match error {
            ChangeError::Password(error) => return error.into(),
            ChangeError::OtherPassword => FailureKind::Password,
            ChangeError::UnknownScheme { .. } | ChangeError::Unsupported => {
                FailureKind::Unsupported
            }
        };
        Self::new(error.code(), kind, false, &error)
    }
}

impl From<OfferError> for Failure {
    fn from(error: OfferError) -> Self {
        Self::new(error.code(), FailureKind::Certificate, false, error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let (code, retryable) = match error {
            StoreError::Locked => ("store_locked", true),
            StoreError::Full => ("store_full", true),
            StoreError::KeyLost => ("store_key_lost", false),
            StoreError::Failed => ("store_failed", true),
        };
        Self::new(code, FailureKind::Storage, retryable, error)
    }
}

impl From<VerificationError> for Failure {
    fn from(error: VerificationError) -> Self {
        let (code, retryable) = match error {
            VerificationError::Cancelled => ("verification_cancelled", true),
            VerificationError::Failed => ("verification_failed", true),
            VerificationError::Unavailable => ("verification_unavailable", false),
        };
        Self::new(code, FailureKind::Verification, retryable, error)
    }
}

impl From<InvalidOrigin> for Failure {
    fn from(_: InvalidOrigin) -> Self {
        Refusal::NoOrigin.into()
    }
}

impl From<RootsError> for Failure {
    fn from(error: RootsError) -> Self {
        Self::new(error.code(), FailureKind::Misuse, false, error)
    }
}

/// What this library refuses or cannot do by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    NoRelay,
    NoOrigin,
    AlreadyRun,
    NotJoined,
    RecipientNotConfirmed,
    NothingArrived,
    NotReceived,
    NotChecked,
    NotStored,
    NotMoved,
    NotDisplayed,
    NotRetained,
    NoRandomness,
    NoIdentityKey,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let (code, kind, retryable) = match refusal {
            Refusal::NoRelay => ("no_relay", FailureKind::Misuse, false),
            Refusal::NoOrigin => ("no_origin", FailureKind::Misuse, false),
            Refusal::AlreadyRun => ("already_run", FailureKind::Misuse, false),
            Refusal::NotJoined => ("not_joined", FailureKind::Misuse, false),
            Refusal::RecipientNotConfirmed => {
                ("recipient_not_confirmed", FailureKind::Misuse, true)
            }
            Refusal::NothingArrived => ("nothing_arrived", FailureKind::Misuse, false),
            Refusal::NotReceived => ("not_received", FailureKind::Misuse, false),
            Refusal::NotChecked => ("password_not_checked", FailureKind::Misuse, true),
            Refusal::NotStored => ("not_in_store", FailureKind::Misuse, false),
            Refusal::NotMoved => ("not_moved", FailureKind::Certificate, false),
            Refusal::NotDisplayed => ("not_displayed", FailureKind::Misuse, false),
            Refusal::NotRetained => ("not_stored", FailureKind::Storage, true),
            Refusal::NoIdentityKey => ("no_identity_key", FailureKind::Misuse, false),
            Refusal::NoRandomness => ("no_randomness", FailureKind::Unsupported, true),
        };
        Self::new(code, kind, retryable, refusal)
    }
}
