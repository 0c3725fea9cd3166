//! What the person reads of a failure, in Korean and English: cause, and what to do next.

use std::borrow::Cow;

use naru_core::{
    certificate::{ChangeError, PasswordError, RootsError, WeakPassword},
    client::{self, TransferError},
    connection_number::ConnectionNumberError,
    deposit::DepositCodeError,
    giver::OfferError,
    handshake::NotSixDigits,
    pairing::PairingCodeError,
};

use crate::{
    failure::Refusal,
    host::{StoreError, VerificationError},
};

/// The same in both languages.
pub(crate) struct Wording {
    pub(crate) ko: Cow<'static, str>,
    pub(crate) en: Cow<'static, str>,
}

pub(crate) const NOT_A_MEMBER: (&str, &str) = (
    "이 서비스를 쓰는 기관의 계정이 아닙니다.",
    "This account belongs to no agency that uses this service.",
);
pub(crate) const DEVICE_REVOKED: (&str, &str) = (
    "등록을 해제한 기기입니다. 내가 해제하지 않았다면 IT 담당자에게 알리세요.",
    "This device was removed. If you did not do so, tell your IT desk.",
);
pub(crate) const TOO_MANY_DEVICES: (&str, &str) = (
    "등록할 수 있는 기기를 모두 썼습니다. 쓰지 않는 기기를 기기 관리에서 해제하세요.",
    "You have as many devices as you may. Remove one that you do not use.",
);

impl From<(&'static str, &'static str)> for Wording {
    fn from((ko, en): (&'static str, &'static str)) -> Self {
        Self {
            ko: ko.into(),
            en: en.into(),
        }
    }
}

impl From<TransferError> for Wording {
    fn from(error: TransferError) -> Self {
        match error {
            TransferError::ExpiredBeforeJoin | TransferError::Expired => (
                "시간이 지나 연결을 닫았습니다. 새 QR을 만들어 다시 시작하세요.",
                "The connection timed out. Make a new QR and start again.",
            ),
            TransferError::Ended => (
                "다른 기기가 연결을 닫았습니다. 새 QR을 만들어 다시 시작하세요.",
                "The other device has closed the connection. Make a new QR and start again.",
            ),
            TransferError::CancelledByPeer => (
                "다른 기기에서 취소했습니다.",
                "The transfer was cancelled on the other device.",
            ),
            TransferError::RefusedByPeer => (
                "다른 기기에서 저장하지 않았습니다. 원본은 그대로입니다.",
                "The other device did not store the certificate. The original is untouched.",
            ),
            TransferError::TooManyWrongCodes => (
                "보안번호가 세 번 달라 안전을 위해 중단했습니다. 새 QR로 다시 시작하세요.",
                "The security code was wrong three times, so the transfer was stopped. Start again with a new QR.",
            ),
            TransferError::AlreadyJoined => (
                "다른 기기가 먼저 연결했습니다. 내 기기가 아니면 취소하고 새 QR을 만드세요.",
                "Another device has joined first. If it is not yours, cancel and make a new QR.",
            ),
            TransferError::RelayLost => (
                "중계 서버에 이 연결이 없습니다. 새 QR을 만들어 다시 시작하세요.",
                "The relay does not know this connection. Make a new QR and start again.",
            ),
            TransferError::RelayUnreachable => (
                "중계 서버에 연결할 수 없습니다. 네트워크를 확인하세요.",
                "The relay cannot be reached. Check the network.",
            ),
            TransferError::RelayBusy => (
                "중계 서버가 바쁩니다. 잠시 뒤 다시 시도하세요.",
                "The relay is busy. Try again in a moment.",
            ),
            TransferError::RelayRefused => (
                "중계 서버가 요청을 거절했습니다. 앱을 최신판으로 바꾸고 다시 시도하세요.",
                "The relay has refused the request. Update the app and try again.",
            ),
            TransferError::FrameGap => (
                "중계 서버가 전송의 일부를 잃었습니다. 새 QR로 다시 시작하세요.",
                "The relay has lost a part of the transfer. Start again with a new QR.",
            ),
            TransferError::ReceiptMismatch => (
                "받은 쪽의 확인이 보낸 것과 다릅니다. 원본은 그대로입니다.",
                "The receipt does not match what was sent. The original is untouched.",
            ),
            TransferError::Tampered => (
                "전송 내용이 바뀌어 중단했습니다. 다른 네트워크에서 다시 시도하세요.",
                "The messages were altered on the way, so the transfer was stopped. Try another network.",
            ),
            TransferError::Cancelled => ("취소했습니다.", "Cancelled."),
            TransferError::Refused => (
                "저장하지 않았습니다. 보낸 기기의 원본은 그대로입니다.",
                "Nothing was stored. The original on the other device is untouched.",
            ),
            TransferError::WrongDirection => (
                "반대 방향의 QR입니다. 보내는 쪽과 받는 쪽을 확인하세요.",
                "This QR is for the other direction. Check which device sends.",
            ),
            TransferError::WrongNumber => (
                "연결번호가 맞지 않습니다. 한 번만 입력할 수 있으니 다른 기기에서 새 연결번호를 만드세요.",
                "The connection number is wrong. It takes one try only: make a new one on the other device.",
            ),
            TransferError::MailboxTaken => (
                "연결번호를 만들 수 없습니다. 잠시 뒤 다시 시도하거나 QR을 쓰세요.",
                "No connection number could be made. Try again in a moment, or use the QR.",
            ),
            TransferError::DepositsOff => (
                "이 기관의 중계 서버는 인증서를 맡아 두지 않습니다.",
                "This agency's relay keeps no deposits.",
            ),
            TransferError::NotAllowed => (
                "기관 정책상 할 수 없습니다. 기관의 IT 담당자에게 문의하세요.",
                "A rule of the agency does not allow this. Ask the agency's IT desk.",
            ),
            TransferError::LoginRequired => (
                "로그인이 필요합니다. 다시 로그인하세요.",
                "A login is needed. Log in again.",
            ),
            TransferError::OtherPerson => (
                "다른 사람의 연결입니다. 두 기기에 같은 계정으로 로그인하세요.",
                "This connection belongs to another person. Log in with the same account on both devices.",
            ),
            TransferError::IdentityInvalid => (
                "다른 기기에 로그인한 사람이 누구인지 확인하지 못했습니다. 두 기기에서 다시 로그인하세요.",
                "Who is logged in on the other device could not be verified. Log in again on both devices.",
            ),
            TransferError::IdentityMissing => (
                "한쪽 기기에만 로그인되어 있습니다. 두 기기에 같은 계정으로 로그인하세요.",
                "Only one of the two devices is logged in. Log in with the same account on both.",
            ),
            TransferError::DeviceRefused => (
                "등록된 기기가 아니거나 등록을 해제한 기기입니다. 기기 관리에서 확인하세요.",
                "This device is not registered, or was removed. See your devices on the page.",
            ),
            TransferError::DepositGone => (
                "이 코드로 맡겨 둔 인증서가 없습니다. 이미 받았거나 회수했거나 기간이 지났습니다.",
                "Nothing is deposited under this code: it was fetched, withdrawn or has expired.",
            ),
            TransferError::DepositHeld => (
                "다른 기기가 이 인증서를 받는 중이거나 이미 받았습니다. 내 기기가 아니면 맡긴 곳에서 회수하세요.",
                "Another device is fetching this deposit or has fetched it. If it is not yours, withdraw the deposit where it was made.",
            ),
            TransferError::TakenByAnother => (
                "시간이 지나 다른 기기가 받았습니다. 이 기기에 저장한 것은 지웠습니다.",
                "It took too long, and another device has fetched the deposit. What was stored here was deleted.",
            ),
        }
        .into()
    }
}

/// Which rule stops the person, whose it is, and whom to ask.
impl From<&client::Refusal> for Wording {
    fn from(refusal: &client::Refusal) -> Self {
        let (ko, en) = match refusal.rule.as_str() {
            "networks" => (
                "이 망에서는 인증서를 옮길 수 없습니다.",
                "Certificates cannot be moved from this network.",
            ),
            "deposits" => (
                "인증서를 맡겨 둘 수 없습니다.",
                "Certificates cannot be deposited.",
            ),
            "directions" => (
                "이 방향으로는 인증서를 옮길 수 없습니다.",
                "Certificates cannot be moved in this direction.",
            ),
            "issuers" => (
                "이 발급기관의 인증서는 옮길 수 없습니다.",
                "Certificates of this issuer cannot be moved.",
            ),
            "policies" => (
                "이 종류의 인증서는 옮길 수 없습니다.",
                "Certificates of this kind cannot be moved.",
            ),
            "devices" => (
                "등록할 수 있는 기기를 모두 썼습니다. 쓰지 않는 기기를 기기 관리에서 해제하세요.",
                "You have as many devices as you may. Remove one that you do not use.",
            ),
            "accounts" => (
                "이 계정의 기관은 이 서비스를 쓰지 않습니다.",
                "The agency of this account does not use this service.",
            ),
            _ => ("할 수 없습니다.", "This is not allowed."),
        };
        let (mut ko, mut en) = (ko.to_owned(), en.to_owned());
        if let Some(agency) = &refusal.agency {
            ko = format!("{} 정책상 {ko}", agency.ko);
            en = format!("{}: {en}", agency.en);
        }
        if let Some(desk) = &refusal.desk {
            let ways = |text: fn(&client::Localised) -> &String| {
                let name = Some(text(&desk.name));
                let hours = desk.hours.as_ref().map(text);
                let ways = [name, desk.phone.as_ref(), desk.mail.as_ref(), hours];
                let ways: Vec<&str> = ways.into_iter().flatten().map(String::as_str).collect();
                ways.join(", ")
            };
            ko += &format!(" 문의: {}", ways(|text| &text.ko));
            en += &format!(" Ask: {}", ways(|text| &text.en));
        }
        Self {
            ko: ko.into(),
            en: en.into(),
        }
    }
}

impl From<PairingCodeError> for Wording {
    fn from(error: PairingCodeError) -> Self {
        match error {
            PairingCodeError::NotNaru => ("나루의 QR이 아닙니다.", "This is not a Naru code."),
            PairingCodeError::Malformed => (
                "QR이 잘렸거나 손상되었습니다. 다시 찍으세요.",
                "The code is cut short or damaged. Scan it again.",
            ),
            PairingCodeError::UnknownVersion | PairingCodeError::UnknownSuite => (
                "더 새로운 앱의 QR입니다. 앱을 업데이트하세요.",
                "The code needs a newer app. Update it.",
            ),
            PairingCodeError::UnknownRelay => (
                "다른 기관의 QR입니다. 이 앱에서는 쓸 수 없습니다.",
                "The code is another agency's, and cannot be used with this app.",
            ),
        }
        .into()
    }
}

impl From<ConnectionNumberError> for Wording {
    fn from(error: ConnectionNumberError) -> Self {
        match error {
            ConnectionNumberError::NotTwelveDigits => (
                "연결번호는 열두 자리 숫자입니다.",
                "A connection number has twelve digits.",
            ),
            ConnectionNumberError::Mistyped => (
                "연결번호에 틀린 숫자가 있습니다. 다시 확인하세요.",
                "A digit of the connection number is wrong. Check it.",
            ),
        }
        .into()
    }
}

impl From<DepositCodeError> for Wording {
    fn from(error: DepositCodeError) -> Self {
        match error {
            DepositCodeError::Incomplete => (
                "코드는 네 글자씩 여덟 묶음입니다.",
                "The code has eight groups of four symbols.",
            ),
            DepositCodeError::Mistyped => (
                "코드에 틀린 글자가 있거나 다른 종류의 코드입니다. 다시 확인하세요.",
                "A symbol of the code is wrong, or it is a code of the other kind. Check it.",
            ),
        }
        .into()
    }
}

impl From<NotSixDigits> for Wording {
    fn from(_: NotSixDigits) -> Self {
        ("숫자 여섯 자리를 입력하세요.", "Enter six digits.").into()
    }
}

impl From<PasswordError> for Wording {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Wrong => (
                "비밀번호가 맞지 않습니다. 한/영, 대소문자를 확인하세요.",
                "The password is wrong. Check the keyboard language and capitals.",
            ),
            PasswordError::KeyMismatch => (
                "인증서와 개인키가 서로 맞지 않습니다.",
                "The private key does not belong to the certificate.",
            ),
            PasswordError::DamagedKey => (
                "개인키 파일이 손상되었습니다.",
                "The private key is damaged.",
            ),
            PasswordError::TooManyIterations => (
                "개인키의 암호 반복 횟수가 너무 커서 확인할 수 없습니다.",
                "The private key asks for too many rounds of key derivation.",
            ),
        }
        .into()
    }
}

impl From<WeakPassword> for Wording {
    fn from(weak: WeakPassword) -> Self {
        let (ko, en) = match weak {
            WeakPassword::TooShort { min } => (
                format!("새 비밀번호는 {min}자 이상이어야 합니다."),
                format!("A new password needs {min} characters."),
            ),
            WeakPassword::TooFewKinds { min } => (
                format!(
                    "새 비밀번호에는 영문 소문자, 대문자, 숫자, 기호 가운데 {min}가지 이상을 섞어야 합니다."
                ),
                format!(
                    "A new password needs {min} kinds of characters: small letters, capitals, digits, others."
                ),
            ),
        };
        Self {
            ko: ko.into(),
            en: en.into(),
        }
    }
}

impl From<&ChangeError> for Wording {
    fn from(error: &ChangeError) -> Self {
        match error {
            ChangeError::Password(error) => (*error).into(),
            ChangeError::OtherPassword => (
                "암호용 개인키의 비밀번호가 서명용과 다릅니다. 아무것도 바꾸지 않았습니다.",
                "The encipherment key has another password. Nothing was changed.",
            )
                .into(),
            ChangeError::UnknownScheme { .. } => (
                "이 버전이 모르는 방식으로 암호화된 개인키입니다. 아무것도 바꾸지 않았습니다.",
                "The key is encrypted in a way that is not known here. Nothing was changed.",
            )
                .into(),
            ChangeError::Unsupported => (
                "이 형식으로 쓸 수 없습니다. 아무것도 바꾸지 않았습니다.",
                "The certificate cannot be written in this form. Nothing was changed.",
            )
                .into(),
        }
    }
}

impl From<OfferError> for Wording {
    fn from(error: OfferError) -> Self {
        match error {
            OfferError::Empty => ("인증서를 고르세요.", "Choose a certificate."),
            OfferError::SamePlace => (
                "같은 이름의 파일이 두 인증서에 있습니다. 하나씩 보내세요.",
                "Two of the certificates have files of the same name. Send one at a time.",
            ),
            OfferError::TooLarge => (
                "인증서 파일이 너무 커서 옮길 수 없습니다.",
                "The certificate is too large to be moved.",
            ),
        }
        .into()
    }
}

impl From<StoreError> for Wording {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Locked => (
                "기기의 잠금을 풀어야 합니다. 다시 시도하세요.",
                "The device has to be unlocked. Try again.",
            ),
            StoreError::Full => (
                "저장 공간이 없습니다. 공간을 비우고 다시 시도하세요.",
                "There is no room left. Make room and try again.",
            ),
            StoreError::KeyLost => (
                "이 기기에 저장한 인증서를 더 이상 열 수 없습니다. 잠금 설정이 바뀌었으면 인증서를 다시 옮기세요.",
                "What is stored on this device can no longer be opened. If its lock was changed, move the certificate again.",
            ),
            StoreError::Failed => (
                "이 기기에 저장하거나 읽지 못했습니다. 다시 시도하세요.",
                "This device could not store or read the certificate. Try again.",
            ),
        }
        .into()
    }
}

impl From<VerificationError> for Wording {
    fn from(error: VerificationError) -> Self {
        match error {
            VerificationError::Cancelled => (
                "본인 확인을 취소했습니다. 아무것도 하지 않았습니다.",
                "You did not unlock the device. Nothing was done.",
            ),
            VerificationError::Failed => (
                "본인 확인에 실패했습니다. 다시 시도하세요.",
                "You could not be verified. Try again.",
            ),
            VerificationError::Unavailable => (
                "기기에 화면 잠금이 없습니다. 설정에서 화면 잠금을 만드세요.",
                "The device has no screen lock. Set one up in the settings.",
            ),
        }
        .into()
    }
}

impl From<RootsError> for Wording {
    fn from(_: RootsError) -> Self {
        (
            "앱에 든 최상위 인증서를 읽을 수 없습니다. 앱을 업데이트하세요.",
            "The root certificates of the app cannot be read. Update the app.",
        )
            .into()
    }
}

impl From<Refusal> for Wording {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotMoved => (
                "다른 기기가 받았다는 확인이 없어 삭제하지 않습니다.",
                "No receipt of another device is known, so nothing is deleted.",
            ),
            Refusal::NotRetained => (
                "저장한 것이 받은 것과 달라 저장을 취소했습니다. 다시 시도하세요.",
                "What was stored is not what has come, so it was not kept. Try again.",
            ),
            Refusal::RecipientNotConfirmed => (
                "받는 기기를 먼저 확인하세요.",
                "Confirm the receiving device first.",
            ),
            Refusal::NotChecked => (
                "인증서 비밀번호를 먼저 입력하세요.",
                "Enter the certificate's password first.",
            ),
            Refusal::NoRandomness => (
                "이 기기에서 안전한 난수를 만들 수 없습니다. 기기를 다시 시작하세요.",
                "This device gives no randomness. Restart it.",
            ),
            Refusal::NoRelay
            | Refusal::NoOrigin
            | Refusal::AlreadyRun
            | Refusal::NotJoined
            | Refusal::NothingArrived
            | Refusal::NotReceived
            | Refusal::NotStored
            | Refusal::NoIdentityKey
            | Refusal::NotDisplayed => (
                "앱에 문제가 생겼습니다. 처음부터 다시 시작하세요.",
                "Something is wrong with the app. Start again.",
            ),
        }
        .into()
    }
}
