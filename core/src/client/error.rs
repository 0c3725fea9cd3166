//! How a transfer fails.

use crate::{message::CancelReason, session::ProtocolViolation};

/// Why a transfer ended without success. Whatever the cause, the original is where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    /// Nobody scanned the code in time.
    #[error("nobody joined before the pairing code expired")]
    ExpiredBeforeJoin,
    /// The time for the whole transfer is over.
    #[error("the transfer took too long and was closed")]
    Expired,
    /// The other device or the relay closed the mailbox without a reason.
    #[error("the other device has closed the transfer")]
    Ended,
    /// The person on the other device stopped it.
    #[error("the other device has cancelled the transfer")]
    CancelledByPeer,
    /// The person on the other device did not accept what came, or it could not be stored there.
    #[error("the other device has refused the certificate")]
    RefusedByPeer,
    /// The security code was wrong three times.
    #[error("the security code was wrong too often")]
    TooManyWrongCodes,
    /// Another device has used the same pairing code first.
    #[error("another device has joined with this pairing code")]
    AlreadyJoined,
    /// The relay knows nothing of the mailbox: it was restarted, or the code is long past.
    #[error("the relay does not know this transfer")]
    RelayLost,
    /// No answer came from the relay.
    #[error("the relay cannot be reached")]
    RelayUnreachable,
    /// The relay had no room or no time for the transfer.
    #[error("the relay is busy")]
    RelayBusy,
    /// The relay does not take what this version sends.
    #[error("the relay has refused the request")]
    RelayRefused,
    /// The relay has lost frames that it had accepted, and could not be given them again.
    #[error("the relay has lost a part of the transfer")]
    FrameGap,
    /// The receipt does not fit what was sent.
    #[error("the receipt does not match what was sent")]
    ReceiptMismatch,
    /// The peer's messages were altered or make no sense.
    #[error("the messages of the other device were altered")]
    Tampered,
    /// The person on this device stopped it.
    #[error("the transfer was cancelled")]
    Cancelled,
    /// The person on this device did not accept what came.
    #[error("the certificate was refused")]
    Refused,
    /// The pairing was made for the other role.
    #[error("this pairing code is for the other direction")]
    WrongDirection,
    /// Nobody shows this connection number, or its secret digits are wrong.
    #[error("the connection number is wrong")]
    WrongNumber,
    /// Somebody else has a mailbox of this name.
    #[error("the mailbox is taken")]
    MailboxTaken,
    /// The agency does not let the relay keep deposits.
    #[error("this relay takes no deposits")]
    DepositsOff,
    /// A rule of the person's agency does not allow it: the answer that the host's
    /// [`Transport`](super::Transport) has got says which, whose, and whom to ask.
    #[error("a rule of the agency does not allow it")]
    NotAllowed,
    /// The person has to log in, or to log in again.
    #[error("the person has to log in")]
    LoginRequired,
    /// The two devices are two people's: the mailbox belongs to another account, or another person is logged in
    /// on the other device.
    #[error("the other device belongs to another person")]
    OtherPerson,
    /// The other device's proof of who is logged in there does not hold, or this one's does not hold there.
    #[error("the other device could not prove who is logged in")]
    IdentityInvalid,
    /// One of the two devices asks for such a proof, and the other gives none.
    #[error("only one of the two devices says who is logged in")]
    IdentityMissing,
    /// The relay does not take this device: it was revoked, is not known, or there are enough others.
    #[error("the device is not registered")]
    DeviceRefused,
    /// Nothing is deposited under this code: it was fetched, withdrawn or has expired, or the code is
    /// another's.
    #[error("nothing is deposited under this code")]
    DepositGone,
    /// Another device is fetching the deposit, or has fetched it.
    #[error("another device has claimed the deposit")]
    DepositHeld,
    /// This device took too long, and another has fetched the deposit: what was stored here has to go.
    #[error("another device has fetched the deposit meanwhile")]
    TakenByAnother,
}

impl TransferError {
    /// A stable name of the cause.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ExpiredBeforeJoin => "expired_before_join",
            Self::Expired => "expired",
            Self::Ended => "ended",
            Self::CancelledByPeer => "cancelled_by_peer",
            Self::RefusedByPeer => "refused_by_peer",
            Self::TooManyWrongCodes => "too_many_wrong_codes",
            Self::AlreadyJoined => "already_joined",
            Self::RelayLost => "relay_lost",
            Self::RelayUnreachable => "relay_unreachable",
            Self::RelayBusy => "relay_busy",
            Self::RelayRefused => "relay_refused",
            Self::FrameGap => "frame_gap",
            Self::ReceiptMismatch => "receipt_mismatch",
            Self::Tampered => "tampered",
            Self::Cancelled => "cancelled",
            Self::Refused => "refused",
            Self::WrongDirection => "wrong_direction",
            Self::WrongNumber => "wrong_number",
            Self::MailboxTaken => "mailbox_taken",
            Self::DepositsOff => "deposits_off",
            Self::NotAllowed => "not_allowed",
            Self::LoginRequired => "login_required",
            Self::OtherPerson => "other_person",
            Self::IdentityInvalid => "identity_invalid",
            Self::IdentityMissing => "identity_missing",
            Self::DeviceRefused => "device_refused",
            Self::DepositGone => "deposit_gone",
            Self::DepositHeld => "deposit_held",
            Self::TakenByAnother => "taken_by_another",
        }
    }
}

impl From<ProtocolViolation> for TransferError {
    fn from(_: ProtocolViolation) -> Self {
        Self::Tampered
    }
}

impl From<CancelReason> for TransferError {
    fn from(reason: CancelReason) -> Self {
        match reason {
            CancelReason::User => Self::CancelledByPeer,
            CancelReason::Refused => Self::RefusedByPeer,
            CancelReason::WrongCode => Self::TooManyWrongCodes,
            CancelReason::Protocol => Self::Tampered,
            CancelReason::OtherPerson => Self::OtherPerson,
            CancelReason::IdentityInvalid => Self::IdentityInvalid,
            CancelReason::IdentityMissing => Self::IdentityMissing,
        }
    }
}
