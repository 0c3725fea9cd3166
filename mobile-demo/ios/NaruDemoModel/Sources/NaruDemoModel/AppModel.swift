import Foundation
import Naru

/// What the app knows and does: the views show ``screen`` and call the rest.
@MainActor
public final class AppModel {
    /// What the person sees.
    public private(set) var screen = Screen.home { willSet { announce() } didSet { tell() } }
    /// The certificates of this phone.
    public private(set) var certificates: [CertificateRow] = [] { willSet { announce() } }
    /// Why the list could not be read, or a certificate not be deleted.
    public private(set) var listProblem: String? { willSet { announce() } didSet { tell() } }
    /// The relay does not answer at the moment.
    public private(set) var isReconnecting = false { willSet { announce() } }
    /// The person's language.
    public var language: Language { willSet { announce() } }

    /// What the app says.
    public var texts: Texts { Texts(language) }

    private let naru: Naru
    private let reader = FrameReader()
    private var owned: [Certificate] = []
    private var transfer: Task<Void, Never>?
    private var arrival: Arrival?
    private var recipient: Recipient?
    private var receipt: Receipt?
    private var fate: OriginalFate?
    private var tried = Purpose.receive
    private var listeners: [UUID: AsyncStream<Screen>.Continuation] = [:]

    public init(naru: Naru, language: Language = .system) {
        self.naru = naru
        self.language = language
    }

    /// Each screen from now on, the present one first.
    public var screens: AsyncStream<Screen> {
        let (stream, continuation) = AsyncStream.makeStream(of: Screen.self)
        let id = UUID()
        listeners[id] = continuation
        continuation.onTermination = { [weak self] _ in
            Task { @MainActor in self?.listeners[id] = nil }
        }
        continuation.yield(screen)
        return stream
    }

    // MARK: Home

    /// Reads the list of certificates.
    public func refresh() async {
        do {
            owned = try await naru.certificates()
            certificates = owned.map { row($0.summary) }
            listProblem = nil
        } catch {
            listProblem = texts.message(error)
        }
    }

    /// Deletes a certificate of this phone, which the person has confirmed.
    public func delete(_ row: CertificateRow) async {
        guard let certificate = certificate(row.id) else { return }
        do {
            if row.wasMoved {
                try await naru.deleteOriginal(certificate)
            } else {
                try await naru.delete(certificate)
            }
            await refresh()
        } catch {
            listProblem = texts.message(error)
        }
    }

    /// The person wants to receive.
    public func receive() {
        begin(.receive)
    }

    /// The person wants to send a certificate.
    public func give(_ row: CertificateRow) {
        begin(.give(fingerprint: row.id))
    }

    // MARK: Connecting

    /// A frame of the camera. `luma` is asked for only when it is going to be read.
    public func see(
        width: Int, height: Int, bytesPerRow: Int, luma: @escaping @Sendable () -> Data
    ) async {
        guard case .scanning(let purpose, _) = screen else { return }
        let content = await reader.read(
            width: width, height: height, bytesPerRow: bytesPerRow, luma: luma)
        guard case .scanning(purpose, let hint) = screen else { return }
        switch content {
        case .code(let text): scan(text)
        case .notOurs where hint == nil: screen = .scanning(purpose, hint: texts.notOurs)
        case .notOurs, .notFound, nil: break
        }
    }

    /// What a scanner of the system has read.
    public func scan(_ text: String) {
        guard case .scanning(let purpose, _) = screen else { return }
        do {
            _ = try naru.inspect(text)
        } catch {
            // The next code may be a better one.
            screen = .scanning(purpose, hint: texts.message(error))
            return
        }
        start(purpose, by: .code(text))
    }

    /// There is no camera, or the person does not allow its use.
    public func cameraFails() {
        guard case .scanning(let purpose, _) = screen else { return }
        screen = .typingNumber(purpose, problem: texts.noCamera)
    }

    /// The person would rather type.
    public func typeNumber() {
        guard case .scanning(let purpose, _) = screen else { return }
        screen = .typingNumber(purpose, problem: nil)
    }

    /// The connection number that the person has typed.
    public func submit(number: String) {
        guard case .typingNumber(let purpose, _) = screen else { return }
        start(purpose, by: .number(number))
    }

    // MARK: Receiving

    /// The person recognises the certificate. With its password the key is checked before it is stored.
    public func accept(password: String?) async {
        guard case .arrived(let arrived, _) = screen, let arrival else { return }
        screen = .checking
        do {
            if let password {
                for certificate in arrival.certificates {
                    try await certificate.check(password: password)
                }
            }
            let reports = try await arrival.keep()
            guard screen == .checking, let report = reports.first else { return }
            screen = .stored(stored(report))
        } catch {
            // A transfer that has ended meanwhile has said so itself.
            if screen == .checking { screen = .arrived(arrived, problem: texts.message(error)) }
        }
        await refresh()
    }

    /// The person does not know the certificate.
    public func refuse() {
        guard case .arrived = screen else { return }
        arrival?.refuse()
        screen = .done(message: texts.refused)
    }

    // MARK: Giving

    /// The person wants to send to this device, and unlocks the phone for it.
    public func confirmRecipient() async {
        guard case .recipient(let name, _) = screen, let recipient else { return }
        do {
            try await recipient.confirm()
            guard case .recipient = screen else { return }
            screen = .typingCode(problem: nil)
        } catch {
            guard case .recipient = screen else { return }
            screen = .recipient(name: name, problem: texts.message(error))
        }
    }

    /// The digits that the person has typed.
    public func submit(code: String) {
        guard case .typingCode = screen, let recipient else { return }
        do {
            try recipient.enter(securityCode: code)
        } catch {
            screen = .typingCode(problem: texts.message(error))
        }
    }

    /// The original stays.
    public func keepOriginal() {
        guard case .sent = screen, let receipt else { return }
        receipt.keepOriginal()
        screen = .done(message: texts.kept)
    }

    /// The original goes.
    public func deleteOriginal() async {
        guard case .sent(let sent, _) = screen, let receipt else { return }
        do {
            try await receipt.deleteOriginal()
            screen = .done(message: texts.deleted)
        } catch {
            screen = .sent(sent, problem: texts.message(error))
        }
        await refresh()
    }

    // MARK: Everywhere

    /// The person stops, or has read how it ended.
    public func close() async {
        // What is stored or given stays so; the other device may still be saying what it did.
        switch screen {
        case .stored, .done, .failed: break
        default: transfer?.cancel()
        }
        forget()
        screen = .home
        await refresh()
    }

    /// The same once more.
    public func retry() {
        guard case .failed = screen else { return }
        begin(tried)
    }

    private func begin(_ purpose: Purpose) {
        tried = purpose
        forget()
        screen = .scanning(purpose, hint: nil)
    }

    private func forget() {
        arrival = nil
        recipient = nil
        receipt = nil
        fate = nil
        isReconnecting = false
    }

    private enum Way {
        case code(String)
        case number(String)
    }

    private func start(_ purpose: Purpose, by way: Way) {
        screen = .connecting(purpose)
        switch purpose {
        case .receive:
            let events =
                switch way {
                case .code(let code): naru.receive(scanning: code)
                case .number(let number): naru.receive(number: number)
                }
            listen(to: events, show)
        case .give(let fingerprint):
            guard let certificate = certificate(fingerprint) else {
                screen = .home
                return
            }
            let events =
                switch way {
                case .code(let code): naru.give(certificate, scanning: code)
                case .number(let number): naru.give(certificate, number: number)
                }
            listen(to: events, show)
        }
    }

    private func listen<Event: Sendable>(
        to events: AsyncThrowingStream<Event, any Error>, _ show: @escaping (Event) -> Void
    ) {
        let previous = transfer
        previous?.cancel()
        transfer = Task {
            do {
                for try await event in events {
                    if Task.isCancelled { return }
                    show(event)
                }
                // Only now it is noted that a certificate was moved.
                if screen == .home { await refresh() }
            } catch {
                if !Task.isCancelled { fail(NaruError.from(error)) }
            }
        }
    }

    private func show(_ event: ReceiveEvent) {
        switch event {
        case .securityCode(let code):
            screen = .securityCode(digits: code.digits, peer: code.peer?.name)
        case .arrived(let arrival):
            self.arrival = arrival
            let summaries = arrival.certificates.map(\.summary)
            screen = .arrived(
                Arrived(
                    rows: summaries.map(row), mark: summaries.first?.shortFingerprint ?? "",
                    sender: arrival.peer?.name,
                    warning: summaries.lazy.compactMap { self.texts.warning($0) }.first),
                problem: nil)
        case .finished(let fate):
            self.fate = fate
            if case .stored(let stored) = screen {
                screen = .stored(stored.with(original: texts.original(fate)))
            }
        case .connection(let connection): isReconnecting = connection == .lost
        // This app scans and types; what it displays itself is not its part.
        case .displayed, .connectionNumber, .acknowledged: break
        }
    }

    private func show(_ event: GiveEvent) {
        switch event {
        case .joined(let recipient):
            self.recipient = recipient
            screen = .recipient(name: recipient.peer?.name ?? "", problem: nil)
        case .wrongCode(let left): screen = .typingCode(problem: texts.wrongCode(triesLeft: left))
        case .sending: screen = .sending
        case .received(let receipt):
            self.receipt = receipt
            let finding = texts.finding(signed: receipt.isSigned)
            screen = .sent(Sent(location: receipt.location, finding: finding), problem: nil)
        case .connection(let connection): isReconnecting = connection == .lost
        case .displayed, .connectionNumber: break
        }
    }

    private func fail(_ error: NaruError) {
        isReconnecting = false
        switch screen {
        // What is stored stays stored, and what was refused or decided is known.
        case .stored, .done, .home: break
        // A mistyped number is corrected where it was typed.
        case .connecting(let purpose) where error.kind == .input && error.isRetryable:
            screen = .typingNumber(purpose, problem: texts.message(error))
        default: screen = .failed(texts.problem(error))
        }
    }

    private func certificate(_ fingerprint: String) -> Certificate? {
        owned.first { $0.summary.fingerprint == fingerprint }
    }

    private func row(_ summary: CertificateSummary) -> CertificateRow {
        CertificateRow(
            id: summary.fingerprint, name: summary.name, issuer: summary.issuer,
            validity: texts.validity(summary), isExpired: summary.validity == .expired,
            wasMoved: summary.movedAt != nil)
    }

    private func stored(_ report: CertificateReport) -> Stored {
        Stored(
            name: report.summary.name, validity: texts.validity(report.summary),
            findings: texts.findings(report), original: fate.map(texts.original))
    }

    private func announce() {
        #if canImport(Combine)
        objectWillChange.send()
        #endif
    }

    private func tell() {
        for listener in listeners.values { listener.yield(screen) }
    }
}

#if canImport(Combine)
import Combine

extension AppModel: ObservableObject {}
#endif
