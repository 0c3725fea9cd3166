import NaruGenerated

/// What happens while a certificate goes to another device.
public enum GiveEvent: Sendable {
    /// This device's code can be scanned: show ``DisplayedCode/qr``.
    case displayed(DisplayedCode)
    /// A number for those who cannot scan, asked for by ``DisplayedCode/requestNumber()``.
    case connectionNumber(ConnectionNumber)
    /// The other device is there: show who would receive the certificate, and ask the person.
    case joined(Recipient)
    /// The security code was wrong: ask again.
    case wrongCode(triesLeft: Int)
    /// The code was right, and the certificate is on its way.
    case sending
    /// The other device has stored and checked it: ask what to do with the original.
    case received(Receipt)
    /// The relay does not answer, or answers again; the transfer goes on either way.
    case connection(Connection)
}

/// Who would receive a certificate.
public struct Recipient: Sendable {
    /// Who the other device says it is. It can say anything.
    public let peer: Peer?
    /// How long the whole transfer may still take.
    public let expiresIn: Duration
    let core: Giving

    /// The person wants to send to this device, and unlocks this one for it. Nothing of the certificate can
    /// be sent before.
    public func confirm() async throws(NaruError) {
        try await answering(core) { try await core.confirmRecipient() }
    }

    /// Takes the security code that the receiving device shows. Whether it is right comes as an event; there
    /// are three tries.
    public func enter(securityCode: String) throws(NaruError) {
        try attempt { try core.enterCode(code: securityCode) }
    }
}

/// What the receiving device says when it has stored everything.
public struct Receipt: Sendable {
    /// Whether the moved key itself says so; otherwise nobody has given its password there yet.
    public let isSigned: Bool
    /// Where the certificate is, in that device's words.
    public let location: String
    let core: Giving

    /// The person keeps the original. It can be deleted later, because its receipt is remembered.
    public func keepOriginal() {
        core.keepOriginal()
    }

    /// Deletes the original from the store of this device, and tells the other one.
    public func deleteOriginal() async throws(NaruError) {
        try await attempt { try await core.deleteOriginal() }
    }

    /// The app has deleted an original that was not in the store.
    public func originalDeleted() throws(NaruError) {
        try attempt { try core.originalDeleted() }
    }
}

extension Giving: Carried {}

extension GiveEvent {
    static func stream(_ start: () throws -> Giving) -> AsyncThrowingStream<GiveEvent, any Error> {
        events(of: start, Self.init) { _, _ in nil }
    }

    private init(_ core: Giving, _ event: GivingEvent) throws {
        switch event {
        case .open(let seconds):
            self = .displayed(
                DisplayedCode(
                    qr: QRCode(try core.qr()), expiresIn: .seconds(seconds),
                    request: { try core.requestNumber() }))
        case .connectionNumber(let digits, let seconds):
            self = .connectionNumber(.ready(digits: digits, expiresIn: .seconds(seconds)))
        case .connectionNumberUsed: self = .connectionNumber(.used)
        case .connectionNumberUnavailable(let code):
            self = .connectionNumber(.unavailable(code: code))
        case .joined(let peer, let seconds):
            self = .joined(Recipient(peer: peer, expiresIn: .seconds(seconds), core: core))
        case .wrongCode(let triesLeft): self = .wrongCode(triesLeft: Int(triesLeft))
        case .sending: self = .sending
        case .received(let signed, let location):
            self = .received(Receipt(isSigned: signed, location: location, core: core))
        case .reconnecting: self = .connection(.lost)
        case .reconnected: self = .connection(.regained)
        }
    }
}
