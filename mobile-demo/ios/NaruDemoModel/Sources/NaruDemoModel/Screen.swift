import Naru

/// What the person sees.
public enum Screen: Equatable, Sendable {
    /// The certificates of this phone, and what can be done.
    case home
    /// The camera looks for a QR. `hint` says what was wrong with the last one.
    case scanning(Purpose, hint: String?)
    /// The camera cannot or shall not be used: the connection number is typed.
    case typingNumber(Purpose, problem: String?)
    /// The other device is being reached.
    case connecting(Purpose)
    /// Receiving: the digits, large, for the person to type on the other device.
    case securityCode(digits: String, peer: String?)
    /// Receiving: whose certificate has come. `problem` says why it was not stored yet.
    case arrived(Arrived, problem: String?)
    /// Receiving: it is stored, read back and checked.
    case checking
    /// Receiving: it is here.
    case stored(Stored)
    /// Giving: who would get the certificate.
    case recipient(name: String, problem: String?)
    /// Giving: the other device's digits are typed.
    case typingCode(problem: String?)
    /// Giving: it is on its way.
    case sending
    /// Giving: the other device has it; what of the original?
    case sent(Sent, problem: String?)
    /// It is over, and this is how.
    case done(message: String)
    /// It did not succeed.
    case failed(Problem)
}

/// For what a code is scanned or typed.
public enum Purpose: Equatable, Sendable {
    /// A certificate comes to this phone.
    case receive
    /// A certificate of this phone, by its fingerprint, goes to another device.
    case give(fingerprint: String)
}

/// A certificate in a list.
public struct CertificateRow: Equatable, Sendable, Identifiable {
    /// Its fingerprint.
    public let id: String
    public let name: String
    public let issuer: String
    /// Such as `유효기간 2027.12.31` or `만료됨 2025.3.1`.
    public let validity: String
    /// It is over, and can only be issued anew.
    public let isExpired: Bool
    /// Another device has it, so that the original can go.
    public let wasMoved: Bool
}

/// A certificate that has come.
public struct Arrived: Equatable, Sendable {
    public let rows: [CertificateRow]
    /// The last four digits of the fingerprint, which the sending device shows as well.
    public let mark: String
    /// Who sent it.
    public let sender: String?
    /// What the person should know before agreeing, such as that it has expired.
    public let warning: String?
}

/// A certificate that is here.
public struct Stored: Equatable, Sendable {
    public let name: String
    public let validity: String
    /// What the check has shown, a line each. Revocation is never looked up, and that is one of them.
    public let findings: [String]
    /// What became of the original, once the other device has said so.
    public let original: String?

    func with(original: String) -> Stored {
        Stored(name: name, validity: validity, findings: findings, original: original)
    }
}

/// A certificate that is there.
public struct Sent: Equatable, Sendable {
    /// Where, in the other device's words.
    public let location: String
    /// What that device has checked.
    public let finding: String
}

/// Why it did not succeed, in the person's language.
public struct Problem: Equatable, Sendable {
    /// Cause and next step.
    public let message: String
    /// A stable name for the help desk.
    public let code: String
    /// Whether to offer the same again.
    public let canRetry: Bool
}
