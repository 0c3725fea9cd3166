import XCTest

@testable import Naru

/// The README's whole program, as its maker runs it.
final class ProgramTests: ConversationTestCase {
    func testTheReadmesProgramReceivesByTheNumber() async throws {
        let relay = try await startRelay()
        let phone = try Phone(relay.origin)
        let certificate = try await phone.keepSample()
        let store = phone.folder.appendingPathComponent("received")
        var lines: Lines?
        var said: [String] = []
        for try await event in phone.naru.giveByDisplaying(certificate) {
            switch event {
            case .displayed(let code): try code.requestNumber()
            case .connectionNumber(.ready(let digits, _)):
                lines = try run([relay.origin, digits, store.path])
            case .joined(let recipient):
                XCTAssertEqual(recipient.peer?.name, "내 컴퓨터")
                try await recipient.confirm()
                said.append(try await nextLine(of: lines))
                try recipient.enter(securityCode: String(said[0].suffix(6)))
            case .received(let receipt): receipt.keepOriginal()
            default: break
            }
        }
        for _ in 0..<2 { said.append(try await nextLine(of: lines)) }
        XCTAssertEqual(said[1], certificate.summary.name)
        XCTAssertEqual(said[2], "저장했습니다.")
        let received = try await FolderStore(folder: store).list()
        XCTAssertEqual(received.count, 1)
    }

    func testTheReadmesProgramSaysWhatIsWrong() async throws {
        let lines = try run(["http://localhost:1", "1234", "nowhere"])
        let said = try await nextLine(of: lines)
        XCTAssertTrue(said.hasSuffix("(not_twelve_digits)"), said)
    }

    private func run(_ arguments: [String]) throws -> Lines {
        let (process, output) = (Process(), Pipe())
        process.executableURL = Given.program
        process.arguments = arguments
        process.standardOutput = output
        try process.run()
        return Lines(output.fileHandleForReading)
    }

    private func nextLine(of lines: Lines?) async throws -> String {
        guard let line = await lines?.next() else { throw Failed("the program has ended") }
        return line
    }
}
