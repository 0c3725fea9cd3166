import Foundation

/// The person at the PC: the real page in the real browser, by `tests/browser/peer.mjs`.
final class PagePeer {
    private let conversation: Conversation

    init() throws {
        // Bash makes a connection into a program's standard input and output.
        let bridge = "exec 3<>/dev/tcp/127.0.0.1/\(Given.pagePort); cat <&3 & exec cat >&3"
        conversation = try Conversation(URL(fileURLWithPath: "/usr/bin/env"), ["bash", "-c", bridge])
    }

    func close() { conversation.close() }

    @discardableResult
    func ask(_ deed: String, _ fields: [String: String] = [:]) async throws -> [String: Any] {
        let question = fields.merging(["do": deed]) { $1 }
        let line = try JSONSerialization.data(withJSONObject: question)
        conversation.say(String(decoding: line, as: UTF8.self))
        guard let heard = await conversation.hear(),
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
