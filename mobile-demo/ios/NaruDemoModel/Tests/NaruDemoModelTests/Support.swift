import Foundation
import Naru
import XCTest

@testable import NaruDemoModel

/// A phone with the app, by a real relay.
@MainActor
final class DemoPhone {
    let model: AppModel
    let naru: Naru
    let person = Person()
    private let screens: AsyncStream<Screen>

    init(_ relay: String, language: Language = .korean) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("naru-\(UUID().uuidString)")
        naru = try Naru(
            relays: [relay], deviceName: "내 아이폰", store: FolderStore(folder: folder),
            verification: person)
        model = AppModel(naru: naru, language: language)
        screens = model.screens
    }

    /// Waits until the app shows a screen of this kind, and yields what is taken from it.
    func sees<Value>(_ take: (Screen) -> Value?) async throws -> Value {
        for await screen in screens {
            if let value = take(screen) { return value }
            if case .failed(let problem) = screen { throw Unexpected("\(problem)") }
        }
        throw Unexpected("the app is gone")
    }

    func seesFailure() async throws -> Problem {
        for await screen in screens {
            if case .failed(let problem) = screen { return problem }
        }
        throw Unexpected("the app is gone")
    }

    func keepSample() async throws {
        let files = try samples("NPKI")
        let certificate = try XCTUnwrap(naru.find(in: files).certificates.first)
        try await naru.save(certificate)
        await model.refresh()
    }
}

/// The other device: the SDK itself.
final class OtherDevice: Sendable {
    let naru: Naru

    init(_ relay: String) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("naru-\(UUID().uuidString)")
        naru = try Naru(
            relays: [relay], deviceName: "업무용 PC", store: FolderStore(folder: folder),
            verification: Person())
    }

    func certificate() throws -> Certificate {
        try XCTUnwrap(naru.find(in: try samples("NPKI")).certificates.first)
    }
}

final class Person: UserVerification, @unchecked Sendable {
    private let lock = NSLock()
    private var refusal: VerificationError?

    func refuses(_ error: VerificationError?) { lock.withLock { refusal = error } }

    func verify(purpose: VerificationPurpose) async throws {
        if let refusal = lock.withLock({ refusal }) { throw refusal }
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

let password = "naru-sample-1!"

func given(_ name: String) -> URL {
    guard let value = ProcessInfo.processInfo.environment[name] else {
        fatalError("\(name) is missing: the tests are run by `cargo xtask test Swift`")
    }
    return URL(fileURLWithPath: value)
}

func samples(_ name: String) throws -> [CertificateFile] {
    let folder = given("NARU_SAMPLES").appendingPathComponent(name)
    return try FileManager.default.subpathsOfDirectory(atPath: folder.path).compactMap { path in
        let file = folder.appendingPathComponent(path)
        let kind = try FileManager.default.attributesOfItem(atPath: file.path)[.type]
        if kind as? FileAttributeType == .typeDirectory { return nil }
        return CertificateFile(path: path, content: try Data(contentsOf: file))
    }
}

/// The real relay, for as long as it is held.
final class Relay: @unchecked Sendable {
    let origin: String
    private let process = Process()

    init(_ options: String...) throws {
        let output = Pipe()
        process.executableURL = given("NARU_BINARIES").appendingPathComponent("naru-relay")
        process.arguments = ["--listen", "127.0.0.1:0"] + options
        process.standardOutput = output
        try process.run()
        var line = ""
        while !line.hasSuffix("\n") {
            let bytes = output.fileHandleForReading.availableData
            if bytes.isEmpty { throw Unexpected("the relay did not start") }
            line += String(decoding: bytes, as: UTF8.self)
        }
        let digits = line.split(separator: ":").last?.filter(\.isNumber) ?? ""
        origin = "http://localhost:\(digits)"
    }

    func stop() { kill(process.processIdentifier, SIGKILL) }

    deinit { stop() }
}

/// A value that is awaited.
final class Slot<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(of: Value.self) }

    func put(_ value: Value) { continuation.yield(value) }

    func get() async throws -> Value {
        for await value in stream { return value }
        throw Unexpected("nothing came")
    }
}
