import Foundation
import XCTest

/// What the tests are given by `cargo xtask test Swift`.
enum Given {
    static var binaries: URL { folder("NARU_BINARIES") }
    static var samples: URL { folder("NARU_SAMPLES") }
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

/// A program in a conversation, line by line.
final class Conversation: @unchecked Sendable {
    let process = Process()
    private let input = Pipe()
    private let ended = Slot<Void>()
    private let lines: AsyncStream<String>
    private var iterator: AsyncStream<String>.Iterator

    init(_ executable: URL, _ arguments: [String]) throws {
        let output = Pipe()
        process.executableURL = executable
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        let rest = Buffer()
        output.fileHandleForReading.readabilityHandler = { handle in
            let bytes = handle.availableData
            guard !bytes.isEmpty else {
                handle.readabilityHandler = nil
                return continuation.finish()
            }
            for line in rest.lines(with: bytes) { continuation.yield(line) }
        }
        self.lines = lines
        iterator = lines.makeAsyncIterator()
        process.terminationHandler = { [ended] _ in ended.put(()) }
        try process.run()
    }

    func say(_ line: String) {
        input.fileHandleForWriting.write(Data((line + "\n").utf8))
    }

    /// The next line, or `nil` at the end.
    func hear() async -> String? { await iterator.next() }

    /// Ends its input, which ends it.
    func close() { try? input.fileHandleForWriting.close() }

    /// Ends it at once.
    func kill() async {
        if process.isRunning { signal(SIGKILL) }
        await ended.get()
    }

    func signal(_ signal: Int32) {
        #if canImport(Glibc)
        _ = Glibc.kill(process.processIdentifier, signal)
        #else
        _ = Darwin.kill(process.processIdentifier, signal)
        #endif
    }

    private final class Buffer: @unchecked Sendable {
        private var bytes = Data()

        func lines(with more: Data) -> [String] {
            bytes += more
            var lines: [String] = []
            while let end = bytes.firstIndex(of: 0x0A) {
                lines.append(String(decoding: bytes[bytes.startIndex..<end], as: UTF8.self))
                bytes = Data(bytes[bytes.index(after: end)...])
            }
            return lines
        }
    }
}

/// The real relay.
final class RelayProcess: Sendable {
    let origin: String
    private let conversation: Conversation

    /// Starts it on a free port, or on the port of one that was stopped.
    init(at origin: String?, _ options: [String]) async throws {
        let port = origin.flatMap { URL(string: $0)?.port } ?? 0
        conversation = try Conversation(
            Given.binaries.appendingPathComponent("naru-relay"),
            ["--listen", "127.0.0.1:\(port)"] + options)
        guard let line = await conversation.hear(), let at = line.range(of: "127.0.0.1:") else {
            throw Failed("the relay did not start")
        }
        let digits = line[at.upperBound...].prefix { $0.isNumber }
        self.origin = "http://localhost:\(digits)"
    }

    func stop() async { await conversation.kill() }

    /// It takes connections and answers nothing.
    func pause() { conversation.signal(SIGSTOP) }

    func resume() { conversation.signal(SIGCONT) }
}

/// A test with relays and pages, which stay until nothing of the core is held any more.
class ConversationTestCase: XCTestCase {
    private var relays: [RelayProcess] = []
    private var pages: [PagePeer] = []

    func startRelay(at origin: String? = nil, _ options: String...) async throws -> RelayProcess {
        let relay = try await RelayProcess(at: origin, options)
        relays.append(relay)
        return relay
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
        (pages, relays) = ([], [])
    }
}

struct Failed: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
