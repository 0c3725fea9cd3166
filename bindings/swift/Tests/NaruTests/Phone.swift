import Foundation
import XCTest

@testable import Naru

/// A phone with one SDK instance, and certificates in a folder of its own.
struct Phone {
    let naru: Naru
    let transport: WatchedTransport
    let person: Person
    let log: Log
    let folder: URL

    init(
        _ relays: String..., name: String = "내 휴대전화", store: (any CertificateStore)? = nil,
        login: (@Sendable () async throws -> String?)? = nil
    ) throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("naru-\(UUID().uuidString)")
        transport = WatchedTransport()
        person = Person()
        log = Log()
        naru = try Naru(
            relays: relays, deviceName: name, store: store ?? FolderStore(folder: folder),
            verification: person, transport: transport, log: log, login: login)
    }

    /// Opens a transfer and leaves it to whoever scans its code.
    func opens() async throws {
        for try await event in naru.receiveByDisplaying() {
            if case .displayed = event { return }
        }
    }

    /// A sample certificate, kept in this phone's store.
    func keepSample(_ name: String = "NPKI") async throws -> Certificate {
        let certificate = try XCTUnwrap(naru.find(in: try sampleFiles(name)).certificates.first)
        try await naru.save(certificate)
        return certificate
    }
}

/// The files of a sample: `GPKI`, `NPKI` or `PFX`.
func sampleFiles(_ name: String) throws -> [CertificateFile] {
    let folder = Given.samples.appendingPathComponent(name)
    return try FileManager.default.subpathsOfDirectory(atPath: folder.path).compactMap { path in
        let file = folder.appendingPathComponent(path)
        if try FileManager.default.attributesOfItem(atPath: file.path)[.type] as? FileAttributeType
            == .typeDirectory
        {
            return nil
        }
        return CertificateFile(path: path, content: try Data(contentsOf: file))
    }
}

/// The real HTTP, with a person who pulls plugs.
final class WatchedTransport: Transport, @unchecked Sendable {
    private let inner = URLSessionTransport()
    private let lock = NSLock()
    private var running = 0
    private var waiters: [(Int, CheckedContinuation<Void, Never>)] = []
    private var shortest: UInt64?

    /// Requests that are under way.
    var underWay: Int { lock.withLock { running } }

    /// Lets each request take this much at most.
    func hurry(milliseconds: UInt64?) { lock.withLock { shortest = milliseconds } }

    /// Resolves when this many requests are under way.
    func reaches(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let there = lock.withLock {
                if running != count { waiters.append((count, continuation)) }
                return running == count
            }
            if there { continuation.resume() }
        }
    }

    func send(request: HttpRequest) async throws -> HttpResponse {
        let limit = lock.withLock { shortest }
        let hurried = HttpRequest(
            method: request.method, url: request.url, headers: request.headers, body: request.body,
            timeoutMilliseconds: min(request.timeoutMilliseconds, limit ?? .max))
        count(1)
        defer { count(-1) }
        return try await inner.send(request: hurried)
    }

    private func count(_ change: Int) {
        let woken = lock.withLock {
            running += change
            let woken = waiters.filter { $0.0 == running }
            waiters.removeAll { $0.0 == running }
            return woken
        }
        for (_, waiter) in woken { waiter.resume() }
    }
}

/// Who unlocks the phone, or does not.
final class Person: UserVerification, @unchecked Sendable {
    private let lock = NSLock()
    private var refusal: VerificationError?
    private var seen: [VerificationPurpose] = []

    var asked: [VerificationPurpose] { lock.withLock { seen } }

    func refuses(_ error: VerificationError?) { lock.withLock { refusal = error } }

    func verify(purpose: VerificationPurpose) async throws {
        let refusal = lock.withLock {
            seen.append(purpose)
            return self.refusal
        }
        if let refusal { throw refusal }
    }
}

final class Log: LogSink, @unchecked Sendable {
    private let lock = NSLock()
    private var taken: [LogEntry] = []

    var entries: [LogEntry] { lock.withLock { taken } }

    func log(entry: LogEntry) { lock.withLock { taken.append(entry) } }
}

/// Fails when objects of the core outlive the test.
func assertNothingIsHeld(file: StaticString = #filePath, line: UInt = #line) async {
    // A transfer that was stopped says farewell for some seconds yet.
    let deadline = ContinuousClock.now + .seconds(15)
    while Naru.liveObjects > 0, ContinuousClock.now < deadline {
        try? await Task.sleep(for: .milliseconds(10))
    }
    XCTAssertEqual(Naru.liveObjects, 0, "objects of the core are still held", file: file, line: line)
}

/// The best of a few tries, since a machine that has much else to do may be late with any one of them.
func assertTakesLessThan(
    _ limit: Duration, file: StaticString = #filePath, line: UInt = #line,
    _ attempt: () async throws -> Duration
) async throws {
    var taken: [Duration] = []
    for _ in 0..<4 {
        taken.append(try await attempt())
        if taken.contains(where: { $0 < limit }) { return }
    }
    XCTFail("it took \(taken)", file: file, line: line)
}

/// The error that a stream ends with.
func failure<Event>(
    of events: AsyncThrowingStream<Event, any Error>, _ answer: (Event) async throws -> Void = { _ in }
) async -> NaruError? {
    do {
        for try await event in events { try await answer(event) }
        return nil
    } catch {
        return NaruError.from(error)
    }
}
