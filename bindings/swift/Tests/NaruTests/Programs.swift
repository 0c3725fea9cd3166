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
        process.executableURL = Given.binaries.appendingPathComponent("naru-relay")
        process.arguments = ["--listen", "127.0.0.1:\(port)"] + options
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.terminationHandler = { [ended] _ in ended.put(()) }
        lines = Lines(output.fileHandleForReading)
        try process.run()
        guard let line = await lines.next(), let at = line.range(of: "127.0.0.1:") else {
            throw Failed("the relay did not start")
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
