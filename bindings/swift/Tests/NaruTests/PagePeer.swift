import Foundation

/// The person at the PC: the real page in the real browser, by `tests/browser/peer.mjs`.
final class PagePeer {
    private let connection: FileHandle
    private let lines: Lines

    /// A driver of its own, behind the port that `cargo xtask test Swift` has opened.
    init() throws {
        guard let port = UInt16(Given.pagePort) else { throw Failed("no port: \(Given.pagePort)") }
        connection = try connect(toLoopbackPort: port)
        lines = Lines(connection)
    }

    func close() { lines.close() }

    @discardableResult
    func ask(_ deed: String, _ fields: [String: String] = [:]) async throws -> [String: Any] {
        let question = fields.merging(["do": deed]) { $1 }
        let line = try JSONSerialization.data(withJSONObject: question)
        connection.write(line + Data("\n".utf8))
        guard let heard = await lines.next(),
            let answer = try JSONSerialization.jsonObject(with: Data(heard.utf8)) as? [String: Any]
        else { throw Failed("\(deed): the page's driver has ended") }
        if let error = answer["error"] {
            throw Failed("\(error)\nseen: \(answer["seen"] ?? "nothing")")
        }
        return answer
    }

    func text(_ deed: String, _ fields: [String: String] = [:], _ name: String) async throws -> String {
        guard let text = try await ask(deed, fields)[name] as? String else {
            throw Failed("\(deed): no \(name)")
        }
        return text
    }

    /// What a camera would see of the page.
    func photograph() async throws -> Frame {
        let answer = try await ask("photograph")
        guard let path = answer["luma"] as? String, let width = answer["width"] as? Int,
            let height = answer["height"] as? Int
        else { throw Failed("no picture") }
        return Frame(
            luma: try Data(contentsOf: URL(fileURLWithPath: path)), width: width, height: height)
    }

    /// The browser has seen no error of the page's.
    func leave() async throws {
        let mistakes = try await ask("close")["mistakes"] as? [String] ?? []
        guard mistakes.isEmpty else { throw Failed("the page's errors: \(mistakes)") }
    }
}

struct Frame {
    let luma: Data
    let width: Int
    let height: Int
}

private func connect(toLoopbackPort port: UInt16) throws -> FileHandle {
    #if canImport(Glibc)
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
    let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard connected == 0 else { throw Failed("port \(port) does not answer") }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
}
