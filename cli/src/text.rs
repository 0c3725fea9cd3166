//! What the person reads, in Korean and English.

use naru_core::{
    certificate::{
        Chain, ChangeError, Details, Holder, KeyCheck, PasswordError, ProblemCause, Report,
        Validity, WeakPassword,
    },
    client::{Localised, Refusal, TransferError},
    connection_number::ConnectionNumberError,
    deposit::DepositCodeError,
    pairing::PairingCodeError,
};

/// The person's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// 한국어.
    Ko,
    /// English.
    En,
}

impl Language {
    /// What `LC_ALL`, `LC_MESSAGES` or `LANG` ask for.
    pub fn from_environment() -> Self {
        let value = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.is_empty());
        match value {
            Some(value) if value.starts_with("ko") => Self::Ko,
            _ => Self::En,
        }
    }

    /// One of two texts.
    pub fn pick<'t>(self, ko: &'t str, en: &'t str) -> &'t str {
        match self {
            Self::Ko => ko,
            Self::En => en,
        }
    }

    /// Which rule stops the person, whose it is, and whom to ask.
    pub fn refusal(self, refusal: &Refusal) -> String {
        let text = |text: &Localised| self.pick(&text.ko, &text.en).to_owned();
        let what = match refusal.rule.as_str() {
            "networks" => self.pick(
                "이 망에서는 인증서를 옮길 수 없습니다.",
                "Certificates cannot be moved from this network.",
            ),
            "deposits" => self.pick(
                "인증서를 맡겨 둘 수 없습니다.",
                "Certificates cannot be deposited.",
            ),
            "directions" => self.pick(
                "이 방향으로는 인증서를 옮길 수 없습니다.",
                "Certificates cannot be moved in this direction.",
            ),
            "issuers" => self.pick(
                "이 발급기관의 인증서는 옮길 수 없습니다.",
                "Certificates of this issuer cannot be moved.",
            ),
            "policies" => self.pick(
                "이 종류의 인증서는 옮길 수 없습니다.",
                "Certificates of this kind cannot be moved.",
            ),
            "devices" => self.pick(
                "등록할 수 있는 기기를 모두 썼습니다. 쓰지 않는 기기를 웹 화면의 기기 관리에서 해제하세요.",
                "You have as many devices as you may. Remove one that you do not use on the page.",
            ),
            "accounts" => self.pick(
                "이 계정의 기관은 이 서비스를 쓰지 않습니다.",
                "The agency of this account does not use this service.",
            ),
            _ => self.pick("할 수 없습니다.", "This is not allowed."),
        };
        let whose = match (&refusal.agency, self) {
            (Some(agency), Self::Ko) => format!("{} 정책상 {what}", agency.ko),
            (Some(agency), Self::En) => format!("{}: {what}", agency.en),
            (None, _) => what.to_owned(),
        };
        let Some(desk) = &refusal.desk else {
            return whose;
        };
        let ways = [
            Some(text(&desk.name)),
            desk.phone.clone(),
            desk.mail.clone(),
            desk.hours.as_ref().map(text),
        ];
        let ways: Vec<String> = ways.into_iter().flatten().collect();
        format!("{whose} {}: {}", self.pick("문의", "Ask"), ways.join(", "))
    }

    /// Cause and next step of a transfer that failed.
    pub fn transfer_error(self, error: TransferError) -> &'static str {
        let (ko, en) = match error {
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
                "다른 기기가 먼저 연결했습니다. 내 기기가 아니면 PC에서 취소하고 새 QR을 만드세요.",
                "Another device has joined first. If it is not yours, cancel on the PC and make a new QR.",
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
            TransferError::RelayRefused | TransferError::FrameGap => (
                "중계 서버가 요청을 거절했습니다. 앱을 최신판으로 바꾸고 다시 시도하세요.",
                "The relay has refused the request. Update and try again.",
            ),
            TransferError::ReceiptMismatch => (
                "받은 쪽의 확인이 보낸 것과 다릅니다. 원본은 그대로입니다.",
                "The receipt does not match what was sent. The original is untouched.",
            ),
            TransferError::Tampered => (
                "전송 내용이 바뀌어 중단했습니다. 다른 네트워크에서 다시 시도하세요.",
                "The messages were altered on the way, so the transfer was stopped. Try another network.",
            ),
            TransferError::Cancelled | TransferError::Refused => ("취소했습니다.", "Cancelled."),
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
                "시간이 지나 다른 기기가 받았습니다. 이 기기에 저장한 것은 지워야 합니다.",
                "It took too long, and another device has fetched the deposit. What was stored here has to go.",
            ),
        };
        self.pick(ko, en)
    }

    /// Why a code cannot be used.
    pub fn pairing_error(self, error: PairingCodeError) -> &'static str {
        let (ko, en) = match error {
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
                "다른 중계 서버의 QR입니다. --relay로 주소를 지정하세요.",
                "The code is for another relay. Name it with --relay.",
            ),
        };
        self.pick(ko, en)
    }

    /// Why a connection number cannot be used.
    pub fn number_error(self, error: ConnectionNumberError) -> &'static str {
        let (ko, en) = match error {
            ConnectionNumberError::NotTwelveDigits => (
                "연결번호는 열두 자리 숫자입니다.",
                "A connection number has twelve digits.",
            ),
            ConnectionNumberError::Mistyped => (
                "연결번호에 틀린 숫자가 있습니다. 다시 확인하세요.",
                "A digit of the connection number is wrong. Check it.",
            ),
        };
        self.pick(ko, en)
    }

    /// Why the code of a deposit cannot be used.
    pub fn deposit_code_error(self, error: DepositCodeError) -> &'static str {
        let (ko, en) = match error {
            DepositCodeError::Incomplete => (
                "코드는 네 글자씩 여덟 묶음입니다.",
                "The code has eight groups of four symbols.",
            ),
            DepositCodeError::Mistyped => (
                "코드에 틀린 글자가 있거나 다른 종류의 코드입니다. 다시 확인하세요.",
                "A symbol of the code is wrong, or it is a code of the other kind. Check it.",
            ),
        };
        self.pick(ko, en)
    }

    /// Why a password does not open a key.
    pub fn password_error(self, error: PasswordError) -> &'static str {
        let (ko, en) = match error {
            PasswordError::Wrong => (
                "비밀번호가 맞지 않습니다. 한/영, 대소문자를 확인하세요.",
                "The password is wrong. Check the keyboard language and Caps Lock.",
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
                "개인키의 반복 횟수가 너무 큽니다.",
                "The private key asks for too many rounds of key derivation.",
            ),
        };
        self.pick(ko, en)
    }

    /// Why keys cannot be written anew.
    pub fn change_error(self, error: &ChangeError) -> &'static str {
        let (ko, en) = match error {
            ChangeError::Password(error) => return self.password_error(*error),
            ChangeError::OtherPassword => (
                "암호용 개인키의 비밀번호가 서명용과 다릅니다. 아무것도 바꾸지 않았습니다.",
                "The encipherment key has another password. Nothing was changed.",
            ),
            ChangeError::UnknownScheme { .. } => (
                "이 버전이 모르는 방식으로 암호화된 개인키입니다. 아무것도 바꾸지 않았습니다.",
                "The key is encrypted in a way that is not known here. Nothing was changed.",
            ),
            ChangeError::Unsupported => (
                "이 형식으로 쓸 수 없습니다. 아무것도 바꾸지 않았습니다.",
                "The certificate cannot be written in this form. Nothing was changed.",
            ),
        };
        self.pick(ko, en)
    }

    /// What a new password lacks.
    pub fn weak_password(self, weak: WeakPassword) -> String {
        match (weak, self) {
            (WeakPassword::TooShort { min }, Self::Ko) => format!("{min}자 이상이어야 합니다."),
            (WeakPassword::TooShort { min }, Self::En) => format!("It needs {min} characters."),
            (WeakPassword::TooFewKinds { min }, Self::Ko) => {
                format!("영문 소문자, 대문자, 숫자, 기호 가운데 {min}가지 이상을 섞어야 합니다.")
            }
            (WeakPassword::TooFewKinds { min }, Self::En) => format!(
                "It needs {min} kinds of characters: small letters, capitals, digits, others."
            ),
        }
    }

    /// Why a file cannot be used.
    pub fn problem(self, cause: ProblemCause) -> &'static str {
        let (ko, en) = match cause {
            ProblemCause::KeyMissing => ("개인키 파일이 없습니다", "its private key is missing"),
            ProblemCause::CertificateMissing => {
                ("인증서 파일이 없습니다", "its certificate is missing")
            }
            ProblemCause::CertificateUnreadable => {
                ("인증서를 읽을 수 없습니다", "not a readable certificate")
            }
            ProblemCause::KeyUnreadable => {
                ("개인키를 읽을 수 없습니다", "not a readable private key")
            }
            ProblemCause::KeyNotEncrypted => (
                "개인키에 비밀번호가 없습니다",
                "the private key has no password",
            ),
            ProblemCause::Pkcs12Unreadable => {
                ("PKCS#12 파일이 아닙니다", "not a readable PKCS#12 file")
            }
            ProblemCause::TooLarge => ("파일이 너무 큽니다", "the file is too large"),
        };
        self.pick(ko, en)
    }

    /// For whom a certificate is.
    pub fn holder(self, holder: Holder) -> &'static str {
        let (ko, en) = match holder {
            Holder::Official => ("공무원", "official"),
            Holder::PublicBody => ("공공기관", "public body"),
            Holder::Seal => ("전자관인", "agency seal"),
            Holder::Server => ("서버", "server"),
            Holder::SpecialPurpose => ("특수목적", "special purpose"),
            Holder::Person => ("개인", "person"),
            Holder::Company => ("법인", "company"),
            Holder::Unknown => ("용도 미상", "unknown use"),
        };
        self.pick(ko, en)
    }

    /// What is known of a certificate that has been stored.
    pub fn report(self, report: &Report, now: i64) -> Vec<String> {
        let key = match report.key {
            KeyCheck::NotChecked => ("개인키: 확인하지 않음", "Key: not checked"),
            KeyCheck::Matches => ("개인키: 인증서와 맞음", "Key: belongs to the certificate"),
            KeyCheck::Unknown => (
                "개인키: 암호를 확인할 수 없음",
                "Key: cannot be checked here",
            ),
        };
        let chain = match report.chain {
            Chain::NotConfigured => None,
            Chain::Trusted => Some(("발급 경로: 확인함", "Issuer: trusted")),
            Chain::Untrusted => Some(("발급 경로: 확인되지 않음", "Issuer: not trusted")),
        };
        let random = match report.identity_random {
            None => None,
            Some(true) => Some(("본인확인 정보 있음", "Identity information: present")),
            Some(false) => Some(("본인확인 정보 없음", "Identity information: absent")),
        };
        let revocation = (
            "폐지 여부는 확인하지 못함",
            "Whether it was revoked has not been checked",
        );
        let validity = report
            .details
            .as_ref()
            .map(|details| self.validity(details, now));
        let lines = [Some(key), chain, random, Some(revocation)];
        let lines = lines
            .into_iter()
            .flatten()
            .map(|(ko, en)| self.pick(ko, en).to_owned());
        validity.into_iter().chain(lines).collect()
    }

    /// Whether and how long a certificate is valid.
    pub fn validity(self, details: &Details, now: i64) -> String {
        match (details.validity_at(now), self) {
            (Validity::Expired, _) => self.pick("만료됨", "expired").to_owned(),
            (Validity::NotYet, _) => self.pick("아직 유효하지 않음", "not valid yet").to_owned(),
            (Validity::Valid { days_left }, Self::Ko) => format!("{days_left}일 남음"),
            (Validity::Valid { days_left }, Self::En) => format!("{days_left} days left"),
        }
    }
}
