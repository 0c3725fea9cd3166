import XCTest

@testable import Naru

/// What the network and the relay do to a transfer, and what a person does to a request.
final class NetworkTests: ConversationTestCase {
    func testCancellingTheTaskAbortsTheRequestAtOnce() async throws {
        let relay = try await startRelay()
        let phone = try Phone(relay.origin)
        try await assertTakesLessThan(.milliseconds(200)) {
            let opened = Slot<Void>()
            let task = Task {
                for try await event in phone.naru.receiveByDisplaying() {
                    if case .displayed = event { opened.put(()) }
                }
            }
            await opened.get()
            // The request that waits for the other device.
            await phone.transport.reaches(1)
            let began = ContinuousClock.now
            task.cancel()
            await phone.transport.reaches(0)
            let taken = ContinuousClock.now - began
            try await task.value
            return taken
        }
    }

    func testLeavingTheLoopAbortsTheRequestAtOnce() async throws {
        let relay = try await startRelay()
        let phone = try Phone(relay.origin)
        try await assertTakesLessThan(.milliseconds(200)) {
            var began = ContinuousClock.now
            for try await event in phone.naru.receiveByDisplaying() {
                guard case .displayed = event else { continue }
                await phone.transport.reaches(1)
                began = .now
                break
            }
            await phone.transport.reaches(0)
            return ContinuousClock.now - began
        }
    }

    func testCancellingInTheMiddleTellsTheOtherDevice() async throws {
        let relay = try await startRelay()
        let (giver, receiver) = (try Phone(relay.origin), try Phone(relay.origin))
        let certificate = try await giver.keepSample()
        let codes = Codes()
        let receiving = Task {
            for try await event in receiver.naru.receive(scanning: await codes.pairing()) {
                if case .securityCode(let code) = event { codes.security(code.digits) }
            }
        }
        let error = await failure(of: giver.naru.giveByDisplaying(certificate)) { event in
            if case .displayed(let code) = event { codes.pairing(code.qr.text) }
            if case .joined = event {
                _ = await codes.security()
                receiving.cancel()
            }
        }
        XCTAssertEqual(error?.code, "cancelled_by_peer")
        try await receiving.value
    }

    func testTheSecondWhoScansIsToldSo() async throws {
        let relay = try await startRelay()
        let (giver, first) = (try Phone(relay.origin), try Phone(relay.origin))
        let second = try Phone(relay.origin)
        let certificate = try await giver.keepSample()
        let codes = Codes()
        let giving = Task {
            for try await event in giver.naru.giveByDisplaying(certificate) {
                if case .displayed(let code) = event { codes.pairing(code.qr.text) }
            }
        }
        for try await event in first.naru.receive(scanning: await codes.pairing()) {
            guard case .securityCode = event else { continue }
            // 409 already_joined.
            let error = await failure(of: second.naru.receive(scanning: await codes.pairing()))
            XCTAssertEqual(error?.code, "already_joined")
            XCTAssertEqual(error?.kind, .security)
            break
        }
        giving.cancel()
        try? await giving.value
    }

    func testACodeThatNobodyScansExpires() async throws {
        let relay = try await startRelay("--join-ttl=1")
        let phone = try Phone(relay.origin)
        // 410 mailbox_expired.
        let error = await failure(of: phone.naru.receiveByDisplaying())
        XCTAssertEqual(error?.code, "expired_before_join")
        XCTAssertEqual(error?.kind, .expired)
        XCTAssertEqual(error?.isRetryable, true)
    }

    func testAnEndedTransferIsSaidToBeSo() async throws {
        let relay = try await startRelay()
        let (shower, scanner) = (try Phone(relay.origin), try Phone(relay.origin))
        var text = ""
        for try await event in shower.naru.receiveByDisplaying() {
            guard case .displayed(let code) = event else { continue }
            text = code.qr.text
            break
        }
        await assertEnds(shower)
        // 410 mailbox_ended.
        let certificate = try await scanner.keepSample()
        let error = await failure(of: scanner.naru.give(certificate, scanning: text))
        XCTAssertEqual(error?.code, "ended")
    }

    func testARelayThatDoesNotAnswerInTimeIsTriedAgain() async throws {
        let relay = try await startRelay()
        let phone = try Phone(relay.origin)
        phone.transport.hurry(milliseconds: 300)
        var connections: [Connection] = []
        for try await event in phone.naru.receiveByDisplaying() {
            switch event {
            case .displayed:
                relay.pause()
            case .connection(let connection):
                connections.append(connection)
                if connection == .lost {
                    phone.transport.hurry(milliseconds: nil)
                    relay.resume()
                }
            default: break
            }
            if connections.last == .regained { break }
        }
        XCTAssertEqual(connections, [.lost, .regained])
    }

    func testARelayThatIsDownAndBackHasLostTheTransferAndServesTheNext() async throws {
        let relay = try await startRelay()
        let phone = try Phone(relay.origin)
        var back: RelayProcess?
        var lost = false
        let error = await failure(of: phone.naru.receiveByDisplaying()) { event in
            switch event {
            case .displayed: await relay.stop()
            case .connection(.lost):
                lost = true
                if back == nil { back = try await startRelay(at: relay.origin) }
            default: break
            }
        }
        XCTAssertTrue(lost)
        XCTAssertEqual(error?.code, "relay_lost")
        XCTAssertEqual(error?.kind, .relay)
        for try await event in phone.naru.receiveByDisplaying() {
            if case .displayed = event { break }
        }
    }

    func testWhereNoRelayIsItSaysSo() async throws {
        let relay = try await startRelay()
        let phone = try Phone(relay.origin)
        await relay.stop()
        let began = Slot<Void>()
        let task = Task {
            for try await event in phone.naru.receiveByDisplaying() {
                if case .connection(.lost) = event { began.put(()) }
            }
        }
        await began.get()
        task.cancel()
        try await task.value
    }

    func testCodesThatCannotBeUsedAreToldApart() async throws {
        let relay = try await startRelay()
        let phone = try Phone(relay.origin)
        let elsewhere = try Phone("https://relay.example")
        var text = ""
        for try await event in phone.naru.receiveByDisplaying() {
            guard case .displayed(let code) = event else { continue }
            text = code.qr.text
            break
        }
        XCTAssertThrowsError(try phone.naru.inspect("https://example.com")) {
            XCTAssertEqual(NaruError.from($0).code, "not_naru")
        }
        XCTAssertThrowsError(try phone.naru.inspect(String(text.dropLast(3)))) {
            XCTAssertEqual(NaruError.from($0).kind, .input)
        }
        XCTAssertThrowsError(try elsewhere.naru.inspect(text)) {
            XCTAssertEqual(NaruError.from($0).code, "unknown_relay")
        }
        let error = await failure(of: phone.naru.receive(scanning: text))
        XCTAssertEqual(error?.code, "wrong_direction")
        XCTAssertThrowsError(try Phone("ftp://relay.example"))
    }

    /// Waits until a phone that has left has told the relay.
    private func assertEnds(_ phone: Phone) async {
        let deadline = ContinuousClock.now + .seconds(15)
        while Naru.liveObjects > 2, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
