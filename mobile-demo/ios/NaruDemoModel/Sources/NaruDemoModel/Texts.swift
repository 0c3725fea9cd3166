import Foundation
import Naru

/// The person's language.
public enum Language: Sendable, CaseIterable {
    /// 한국어.
    case korean
    /// English.
    case english

    /// What the system is set to.
    public static var system: Language {
        Locale.current.language.languageCode == .korean ? .korean : .english
    }
}

/// What the app says. Causes of failures have their words from the SDK.
public struct Texts: Sendable {
    let language: Language

    public init(_ language: Language) {
        self.language = language
    }

    // MARK: Home

    public var title: String { pick("인증서", "Certificates") }
    public var receive: String { pick("PC에서 가져오기", "Bring from a PC") }
    public var give: String { pick("다른 기기로 보내기", "Send to another device") }
    public var delete: String { pick("이 휴대전화에서 삭제", "Delete from this phone") }
    public var noCertificates: String {
        pick("이 휴대전화에 인증서가 없습니다.", "There is no certificate on this phone.")
    }
    public var moved: String { pick("다른 기기에 옮김", "Moved to another device") }

    // MARK: Connecting

    public var scan: String { pick("PC 화면의 QR 코드를 비추세요", "Point the camera at the QR code on the PC") }
    public var notOurs: String { pick("나루의 QR이 아닙니다.", "This is not a Naru code.") }
    public var noCamera: String {
        pick("카메라를 쓸 수 없습니다. 연결번호를 입력하세요.", "The camera cannot be used. Type the connection number.")
    }
    public var typeNumber: String { pick("연결번호 입력", "Type the connection number") }
    public var numberExplained: String {
        pick("다른 기기에 보이는 열두 자리 숫자입니다.", "The twelve digits that the other device shows.")
    }
    public var connect: String { pick("연결", "Connect") }
    public var connecting: String { pick("연결하는 중", "Connecting") }
    public var reconnecting: String { pick("연결이 끊겼습니다. 다시 연결하는 중…", "The connection is lost. Reconnecting…") }

    // MARK: Receiving

    public var receiveQuestion: String { pick("이 PC로부터 받을까요?", "Receive from this PC?") }
    public var codeExplained: String {
        pick("이 보안번호를 PC에 입력하세요.", "Type this security code on the PC.")
    }
    public var arrivedTitle: String { pick("인증서가 왔습니다", "A certificate has come") }
    public func mark(_ digits: String) -> String {
        pick("지문 끝자리 \(digits)", "Fingerprint ends in \(digits)")
    }
    public var password: String { pick("인증서 비밀번호", "Certificate password") }
    public var passwordExplained: String {
        pick(
            "비밀번호로 개인키를 확인합니다. 비밀번호는 이 휴대전화 밖으로 나가지 않습니다.",
            "The password checks the private key. It stays on this phone.")
    }
    public var checkAndStore: String { pick("확인하고 저장", "Check and store") }
    public var storeWithoutCheck: String { pick("확인하지 않고 저장", "Store without checking") }
    public var refuse: String { pick("받지 않음", "Do not take it") }
    public var checking: String { pick("인증서를 확인하는 중", "Checking the certificate") }
    public var stored: String { pick("저장했습니다.", "Stored.") }
    public func original(_ fate: OriginalFate) -> String {
        switch fate {
        case .deleted: pick("보낸 기기의 원본을 삭제했습니다.", "The original was deleted on the other device.")
        case .kept: pick("보낸 기기에 원본이 남아 있습니다.", "The original was kept on the other device.")
        case .unknown: pick("원본이 어떻게 되었는지 알 수 없습니다.", "The other device did not say what became of the original.")
        }
    }
    public var refused: String {
        pick("저장하지 않았습니다. 원본은 그대로입니다.", "Not stored. The original is untouched.")
    }

    // MARK: Giving

    public func sendQuestion(_ name: String) -> String {
        name.isEmpty
            ? pick("이 기기로 인증서를 보냅니다.", "The certificate goes to this device.")
            : pick("\(name)(으)로 인증서를 보냅니다.", "The certificate goes to \(name).")
    }
    public var sendWarning: String {
        pick(
            "전화나 메시지로 받은 QR이면 취소하세요.",
            "If the QR came by telephone or message, cancel.")
    }
    public var confirm: String { pick("보내기", "Send") }
    public var typeCode: String {
        pick("다른 기기에 보이는 보안번호를 입력하세요", "Type the security code that the other device shows")
    }
    public func wrongCode(triesLeft: Int) -> String {
        pick("보안번호가 다릅니다. \(triesLeft)번 남았습니다.", "The code is wrong. \(triesLeft) tries are left.")
    }
    public var sending: String { pick("보내는 중입니다. 앱을 닫지 마세요.", "Sending. Keep the app open.") }
    public var sent: String { pick("다른 기기에 저장했습니다.", "Stored on the other device.") }
    public func finding(signed: Bool) -> String {
        signed
            ? pick("받은 기기에서 개인키를 확인했습니다.", "The private key was checked there.")
            : pick(
                "받은 기기에서 아직 비밀번호를 확인하지 않았습니다.",
                "The password has not been checked there yet.")
    }
    public var originalQuestion: String {
        pick(
            "원본을 삭제할까요? 삭제하면 이 휴대전화에서 쓸 수 없습니다.",
            "Delete the original? This phone cannot use it any more then.")
    }
    public var keep: String { pick("남겨 두기", "Keep") }
    public var deleteOriginal: String { pick("원본 삭제", "Delete original") }
    public var kept: String { pick("원본을 남겨 두었습니다.", "The original was kept.") }
    public var deleted: String {
        pick(
            "원본을 삭제했습니다. 파일 복구가 불가능하다는 뜻은 아닙니다.",
            "The original was deleted. That does not make its recovery impossible.")
    }

    // MARK: Everywhere

    public var cancel: String { pick("취소", "Cancel") }
    public var retry: String { pick("다시 시도", "Try again") }
    public var close: String { pick("닫기", "Close") }
    public func helpDesk(_ code: String) -> String { pick("문의 코드: \(code)", "Code for the help desk: \(code)") }

    /// What the system shows while it asks for a finger or face.
    public func reason(_ purpose: VerificationPurpose) -> String {
        switch purpose {
        case .send(let recipient): sendQuestion(recipient)
        case .deposit: pick("인증서를 맡깁니다.", "The certificate is left with the relay.")
        case .export: pick("인증서를 파일로 내보냅니다.", "The certificate becomes a file.")
        case .delete: pick("인증서를 삭제합니다.", "The certificate is deleted.")
        }
    }

    func problem(_ error: NaruError) -> Problem {
        Problem(message: message(error), code: error.code, canRetry: error.isRetryable)
    }

    func message(_ error: NaruError) -> String { pick(error.korean, error.english) }

    func validity(_ summary: CertificateSummary) -> String {
        guard let until = summary.validUntil else {
            return pick("비밀번호를 입력하면 유효기간을 알 수 있습니다.", "Its time is known once its password is given.")
        }
        let day = Self.day(until)
        switch summary.validity {
        case .expired: return pick("만료됨 \(day)", "Expired \(day)")
        default: return pick("유효기간 \(day)", "Valid until \(day)")
        }
    }

    func warning(_ summary: CertificateSummary) -> String? {
        guard case .expired = summary.validity, let until = summary.validUntil else { return nil }
        let day = Self.day(until)
        return pick(
            "만료된 인증서입니다(\(day)). 재발급 후 옮기세요.",
            "The certificate expired on \(day). Have it issued anew, then move it.")
    }

    func findings(_ report: CertificateReport) -> [String] {
        let key =
            switch report.key {
            case .matches: pick("개인키가 인증서와 맞습니다.", "The private key belongs to the certificate.")
            case .notChecked: pick("개인키를 아직 확인하지 않았습니다.", "The private key has not been checked yet.")
            case .unknown: pick("이 앱이 열 수 없는 개인키입니다.", "This app cannot open the private key.")
            }
        let chain: String? =
            switch report.chain {
            case .trusted: pick("신뢰하는 기관이 발급했습니다.", "A trusted authority has issued it.")
            case .untrusted: pick("신뢰하는 발급 기관을 찾지 못했습니다.", "No trusted authority was found.")
            case .notConfigured: nil
            }
        let revocation = pick(
            "폐지 여부는 확인하지 않았습니다.", "Whether it was revoked was not looked up.")
        return [key, chain, revocation].compactMap { $0 }
    }

    private func pick(_ korean: String, _ english: String) -> String {
        language == .korean ? korean : english
    }

    private static func day(_ date: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 9 * 3600) ?? .gmt
        let day = calendar.dateComponents([.year, .month, .day], from: date)
        return "\(day.year ?? 0).\(day.month ?? 0).\(day.day ?? 0)"
    }
}
