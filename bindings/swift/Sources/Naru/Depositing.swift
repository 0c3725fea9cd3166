import NaruGenerated

/// What happens to a certificate that was left with the relay.
///
/// Leaving the stream leaves the deposit where it is.
public enum DepositEvent: Sendable {
    /// The relay keeps it: show the codes, once. This device can go away from here on.
    case stored(Deposit)
    /// Somebody with the recovery code is fetching it.
    case claimed
    /// Whoever was fetching it has given it back.
    case released
    /// It has been stored and checked elsewhere: ``Naru/deleteOriginal(_:)`` may follow.
    case fetched(isSigned: Bool, location: String)
    /// The relay does not answer, or answers again; the deposit stays either way.
    case connection(Connection)
}

/// A certificate that the relay keeps.
public struct Deposit: Sendable {
    /// Opens the deposit, for whoever has it.
    public let recoveryCode: String
    /// Looks after it later, without opening it.
    public let withdrawCode: String
    /// How long the relay keeps it.
    public let expiresIn: Duration
    let core: Depositing

    /// Takes the deposit back. One that was fetched cannot be taken back any more.
    public func withdraw() {
        core.withdraw()
    }
}

extension Depositing: Carried {
    func cancel() {
        leave()
    }
}

extension DepositEvent {
    static func stream(
        _ start: () throws -> Depositing
    ) -> AsyncThrowingStream<DepositEvent, any Error> {
        events(of: start, Self.init) { _, _ in nil }
    }

    private init(_ core: Depositing, _ event: DepositingEvent) throws {
        switch event {
        case .stored(let recovery, let withdraw, let seconds):
            self = .stored(
                Deposit(
                    recoveryCode: recovery, withdrawCode: withdraw, expiresIn: .seconds(seconds),
                    core: core))
        case .claimed: self = .claimed
        case .released: self = .released
        case .fetched(let signed, let location):
            self = .fetched(isSigned: signed, location: location)
        case .reconnecting: self = .connection(.lost)
        case .reconnected: self = .connection(.regained)
        }
    }
}
