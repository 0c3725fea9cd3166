import NaruGenerated

/// What happens while a certificate comes to this device.
public enum ReceiveEvent: Sendable {
    /// This device's code can be scanned: show ``DisplayedCode/qr``.
    case displayed(DisplayedCode)
    /// A number for those who cannot scan, asked for by ``DisplayedCode/requestNumber()``.
    case connectionNumber(ConnectionNumber)
    /// The other device is there: show the code, large. The person types it there.
    case securityCode(SecurityCode)
    /// A certificate has come: show whose, and keep it once the person agrees.
    case arrived(Arrival)
    /// The sending device can know that the certificate is stored here: this side is done.
    case acknowledged
    /// The relay does not answer, or answers again; the transfer goes on either way.
    case connection(Connection)
    /// The last one: what became of the original on the sending device.
    case finished(original: OriginalFate)
}

/// Whether the relay answers.
public enum Connection: Sendable {
    /// It does not; the transfer goes on trying.
    case lost
    /// It does again.
    case regained
}

/// A number that is typed on the other device in place of scanning the QR.
public enum ConnectionNumber: Sendable {
    /// Show it.
    case ready(digits: String, expiresIn: Duration)
    /// Somebody has typed it wrongly: it is used up, and another has to be asked for.
    case used
    /// None could be made, for this cause; the QR can still be scanned.
    case unavailable(code: String)
}

/// Six digits that this device shows and the person types on the other one.
public struct SecurityCode: Sendable {
    /// The digits.
    public let digits: String
    /// Who the other device says it is; one that shows the QR says so only with the certificate.
    public let peer: Peer?
    /// How long the whole transfer may still take.
    public let expiresIn: Duration
}

/// What has come, before it is kept.
public struct Arrival: Sendable {
    /// Who sent it.
    public let peer: Peer?
    let core: Receiving

    /// What came: show whose it is, with ``Certificate/Summary/shortFingerprint``, which the sending device
    /// shows as well. A password that is checked here lets the key sign the receipt.
    public var certificates: [Certificate] { core.certificates().map(Certificate.init) }

    /// The person agrees: stores everything, reads it back, compares, and tells the sending device. When
    /// the store fails, nothing is told, and this can be called again.
    @discardableResult
    public func keep() async throws(NaruError) -> [Certificate.Report] {
        try await answering(core) { try await core.accept() }
    }

    /// The person does not want it; the sending device is told so.
    public func refuse() {
        core.refuse()
    }
}

extension Receiving: Carried {}

extension ReceiveEvent {
    static func stream(_ start: () throws -> Receiving) -> AsyncThrowingStream<ReceiveEvent, any Error> {
        events(of: start, Self.init) { _, fate in .finished(original: fate) }
    }

    private init(_ core: Receiving, _ event: ReceivingEvent) throws {
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
        case .securityCode(let digits, let peer, let seconds):
            self = .securityCode(
                SecurityCode(digits: digits, peer: peer, expiresIn: .seconds(seconds)))
        case .arrived(let peer): self = .arrived(Arrival(peer: peer, core: core))
        case .acknowledged: self = .acknowledged
        case .reconnecting: self = .connection(.lost)
        case .reconnected: self = .connection(.regained)
        }
    }
}
