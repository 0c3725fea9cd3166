import Foundation
import XCTest

@testable import Naru

/// What the tests are given by `cargo xtask test Swift`.
enum Given {
    static var binaries: URL { folder("NARU_BINARIES") }
    static var samples: URL { folder("NARU_SAMPLES") }
    static var program: URL { folder("NARU_PROGRAM") }
    static var pagePort: String { required("NARU_PAGE_PORT") }
    /// The password of all samples.
    static let password = "naru-sample-1!"

    private static func folder(_ name: String) -> URL { URL(fileURLWithPath: required(name)) }

    private static func required(_ name: String) -> String {
        guard let value = ProcessInfo.processInfo.environment[name] else {
            fatalError("\(name) is missing: the tests are run by `cargo xtask test Swift`")
        }
        return value
    }
}

/// What comes out of a program, line by line.
final class Lines: @unchecked Sendable {
    private let handle: FileHandle
    private var iterator: AsyncStream<String>.Iterator
    private var rest = Data()

    init(_ handle: FileHandle) {
        self.handle = handle
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        iterator = lines.makeAsyncIterator()
        handle.readabilityHandler = { [weak self] handle in
            let bytes = handle.availableData
            guard let self, !bytes.isEmpty else {
                handle.readabilityHandler = nil
                return continuation.finish()
            }
            take(bytes).forEach { continuation.yield($0) }
        }
    }

    /// The next line, or `nil` at the end.
    func next() async -> String? { await iterator.next() }

    func close() {
        handle.readabilityHandler = nil
        try? handle.close()
    }

    private func take(_ bytes: Data) -> [String] {
        rest += bytes
        var lines: [String] = []
        while let end = rest.firstIndex(of: 0x0A) {
            lines.append(String(decoding: rest[rest.startIndex..<end], as: UTF8.self))
            rest = Data(rest[rest.index(after: end)...])
        }
        return lines
    }
}

/// The real relay.
final class RelayProcess: @unchecked Sendable {
    let origin: String
    private let process = Process()
    private let lines: Lines
    private let ended = Slot<Void>()

    /// Starts it on a free port, or on the port of one that was stopped.
    init(at origin: String?, _ options: [String]) async throws {
        let port = origin.flatMap { URL(string: $0)?.port } ?? 0
        let output = Pipe()
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("naru-relay-\(UUID().uuidString).log")
        try Data().write(to: file)
        let log = try FileHandle(forUpdating: file)
        // It lives as long as it is open.
        try FileManager.default.removeItem(at: file)
        process.executableURL = Given.binaries.appendingPathComponent("naru-relay")
        process.arguments = ["--listen", "127.0.0.1:\(port)"] + options
        process.standardOutput = output
        process.standardError = log
        process.terminationHandler = { [ended] _ in ended.put(()) }
        lines = Lines(output.fileHandleForReading)
        try process.run()
        guard let line = await lines.next(), let at = line.range(of: "127.0.0.1:") else {
            try log.seek(toOffset: 0)
            let said = String(decoding: try log.readToEnd() ?? Data(), as: UTF8.self)
            throw Failed("the relay did not start: \(said)")
        }
        let digits = line[at.upperBound...].prefix { $0.isNumber }
        self.origin = "http://localhost:\(digits)"
    }

    func stop() async {
        if process.isRunning { signal(SIGKILL) }
        await ended.get()
    }

    /// It takes connections and answers nothing.
    func pause() { signal(SIGSTOP) }

    func resume() { signal(SIGCONT) }

    private func signal(_ signal: Int32) { kill(process.processIdentifier, signal) }
}

/// The tests' OpenID provider, and the browsers of the people who are known to it.
actor ProviderProcess {
    nonisolated let issuer: String
    private let process = Process()
    private let questions: FileHandle
    private let answers: Lines
    private let ended = Slot<Void>()
    private var last: Task<String, any Error>?

    init() async throws {
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = Given.binaries.appendingPathComponent("naru-test-provider")
        process.standardInput = input
        process.standardOutput = output
        process.terminationHandler = { [ended] _ in ended.put(()) }
        questions = input.fileHandleForWriting
        answers = Lines(output.fileHandleForReading)
        try process.run()
        guard let issuer = await answers.next() else { throw Failed("the provider did not start") }
        self.issuer = issuer
    }

    /// An ID token of the app's for a person, got with this nonce.
    func token(_ person: String, nonce: String? = nil) async throws -> String {
        try await ask(nonce.map { "token \(person) \($0)" } ?? person)
    }

    /// The keys that sign its tokens.
    func jwks() async throws -> String {
        let request = HttpRequest(
            method: "GET", url: issuer + "/jwks", headers: [], body: Data(),
            timeoutMilliseconds: 10_000)
        let response = try await URLSessionTransport().send(request: request)
        return String(decoding: response.body, as: UTF8.self)
    }

    /// A person's devices that may do something, oldest first, as the relay's page lists them.
    func devices(_ relay: RelayProcess, _ person: String) async throws -> [String] {
        struct Device: Decodable {
            let id: String
            let revoked: Bool
        }
        let list = try await ask("devices \(relay.origin) \(person)")
        let devices = try JSONDecoder().decode([Device].self, from: Data(list.utf8))
        return devices.filter { !$0.revoked }.map(\.id)
    }

    /// The person revokes a device on the relay's page.
    func revoke(_ relay: RelayProcess, _ person: String, _ device: String) async throws {
        _ = try await ask("revoke \(relay.origin) \(person) \(device)")
    }

    func stop() async {
        kill(process.processIdentifier, SIGKILL)
        await ended.get()
    }

    /// One question after the other: the answers come in their order.
    private func ask(_ question: String) async throws -> String {
        let asking = Task { [last, questions, answers] in
            _ = try? await last?.value
            try questions.write(contentsOf: Data("\(question)\n".utf8))
            guard let answer = await answers.next() else { throw Failed("the provider has ended") }
            return answer
        }
        last = asking
        return try await asking.value
    }
}

/// A test with relays, providers and pages, which stay until nothing of the core is held any more.
class ConversationTestCase: XCTestCase {
    private var relays: [RelayProcess] = []
    private var pages: [PagePeer] = []
    private var providers: [ProviderProcess] = []

    func startRelay(at origin: String? = nil, _ options: String...) async throws -> RelayProcess {
        let relay = try await RelayProcess(at: origin, options)
        relays.append(relay)
        return relay
    }

    func startProvider() async throws -> ProviderProcess {
        let provider = try await ProviderProcess()
        providers.append(provider)
        return provider
    }

    /// A relay at which people log in, of agencies whose rules are these.
    func startRelay(
        of provider: ProviderProcess, _ agencies: String, agency: String = "mois"
    ) async throws -> RelayProcess {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("naru-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let rules = folder.appendingPathComponent("agencies.toml")
        let identity = folder.appendingPathComponent("identity.toml")
        try agencies.write(to: rules, atomically: true, encoding: .utf8)
        var triesLeft = 5
        while true {
            // The file has to name the port. Below those that systems give away, none is taken by chance.
            let origin = "http://localhost:\(Int.random(in: 20_000..<32_768))"
            let text = """
                origin = "\(origin)"
                [provider.mois]
                issuer = "\(provider.issuer)"
                client_id = "naru-relay"
                app_client_ids = ["mail-app"]
                domains = ["mois.example"]
                agency = "\(agency)"
                """
            try text.write(to: identity, atomically: true, encoding: .utf8)
            do {
                return try await startRelay(
                    at: origin, "--identity", identity.path, "--agencies", rules.path)
            } catch {
                triesLeft -= 1
                if triesLeft == 0 { throw error }
            }
        }
    }

    func openPage() throws -> PagePeer {
        let page = try PagePeer()
        pages.append(page)
        return page
    }

    override func tearDown() async throws {
        await assertNothingIsHeld()
        for page in pages { page.close() }
        for relay in relays { await relay.stop() }
        for provider in providers { await provider.stop() }
        (pages, relays, providers) = ([], [], [])
    }
}

struct Failed: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
