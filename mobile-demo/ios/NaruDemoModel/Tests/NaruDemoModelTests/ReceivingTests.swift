import Naru
import XCTest

@testable import NaruDemoModel

@MainActor
final class ReceivingTests: XCTestCase {
    func testReceivesChecksAndListsTheCertificate() async throws {
        let relay = try Relay()
        let (phone, pc) = (try DemoPhone(relay.origin), try OtherDevice(relay.origin))
        let (code, digits) = (Slot<String>(), Slot<String>())
        let giving = give(pc, code, digits) { $0.keepOriginal() }
        phone.model.receive()
        phone.model.scan(try await code.get())
        digits.put(try await phone.sees(securityCode))
        let arrived = try await phone.sees { screen -> Arrived? in
            if case .arrived(let arrived, _) = screen { arrived } else { nil }
        }
        XCTAssertEqual(arrived.mark.count, 4)
        XCTAssertEqual(arrived.sender, "업무용 PC")
        await phone.model.accept(password: "틀린 비밀번호")
        let problem = try await phone.sees { screen -> String? in
            if case .arrived(_, let problem?) = screen { problem } else { nil }
        }
        XCTAssertTrue(problem.contains("비밀번호가 맞지 않습니다"))
        await phone.model.accept(password: password)
        let original = try await phone.sees { screen -> String? in
            if case .stored(let stored) = screen { stored.original } else { nil }
        }
        XCTAssertEqual(original, "보낸 기기에 원본이 남아 있습니다.")
        try await giving.value
        XCTAssertEqual(phone.model.certificates.count, 1)
        XCTAssertTrue(try XCTUnwrap(phone.model.certificates.first).validity.hasPrefix("유효기간 20"))
        await phone.model.close()
        XCTAssertEqual(phone.model.screen, .home)
        relay.stop()
    }

    func testRefusesACertificateThatThePersonDoesNotKnow() async throws {
        let relay = try Relay()
        let (phone, pc) = (try DemoPhone(relay.origin), try OtherDevice(relay.origin))
        let (code, digits) = (Slot<String>(), Slot<String>())
        let giving = give(pc, code, digits) { _ in XCTFail("it was stored") }
        phone.model.receive()
        phone.model.scan(try await code.get())
        digits.put(try await phone.sees(securityCode))
        _ = try await phone.sees { screen -> Bool? in
            if case .arrived = screen { true } else { nil }
        }
        phone.model.refuse()
        XCTAssertEqual(
            phone.model.screen, .done(message: "저장하지 않았습니다. 원본은 그대로입니다."))
        do { try await giving.value } catch {
            XCTAssertEqual(NaruError.from(error).code, "refused_by_peer")
        }
        XCTAssertTrue(phone.model.certificates.isEmpty)
        relay.stop()
    }

    func testSaysWhatIsWrongWithACodeAndGoesOnScanning() async throws {
        let relay = try Relay()
        let phone = try DemoPhone(relay.origin, language: .english)
        phone.model.receive()
        phone.model.scan("https://example.com")
        guard case .scanning(.receive, let hint?) = phone.model.screen else {
            return XCTFail("\(phone.model.screen)")
        }
        XCTAssertTrue(hint.contains("not a Naru code"), hint)
        relay.stop()
    }

    func testAFrameWithoutACodeChangesNothing() async throws {
        let relay = try Relay()
        let phone = try DemoPhone(relay.origin)
        phone.model.receive()
        await phone.model.see(width: 64, height: 64, bytesPerRow: 64) { Data(count: 64 * 64) }
        XCTAssertEqual(phone.model.screen, .scanning(.receive, hint: nil))
        relay.stop()
    }

    func testWithoutACameraTheNumberIsTyped() async throws {
        let relay = try Relay()
        let phone = try DemoPhone(relay.origin)
        phone.model.receive()
        phone.model.cameraFails()
        XCTAssertEqual(
            phone.model.screen,
            .typingNumber(.receive, problem: "카메라를 쓸 수 없습니다. 연결번호를 입력하세요."))
        phone.model.submit(number: "123")
        let problem = try await phone.sees { screen -> String? in
            if case .typingNumber(_, let problem?) = screen, problem.contains("열두 자리") {
                problem
            } else {
                nil
            }
        }
        XCTAssertTrue(problem.contains("열두 자리"))
        relay.stop()
    }

    func testReceivesByTheNumber() async throws {
        let relay = try Relay()
        let (phone, pc) = (try DemoPhone(relay.origin), try OtherDevice(relay.origin))
        let (number, digits) = (Slot<String>(), Slot<String>())
        let certificate = try pc.certificate()
        let giving = Task {
            for try await event in pc.naru.giveByDisplaying(certificate) {
                switch event {
                case .displayed(let code): try code.requestNumber()
                case .connectionNumber(.ready(let digits, _)): number.put(digits)
                case .joined(let recipient):
                    try await recipient.confirm()
                    try recipient.enter(securityCode: try await digits.get())
                case .received(let receipt): receipt.keepOriginal()
                default: break
                }
            }
        }
        phone.model.receive()
        phone.model.typeNumber()
        phone.model.submit(number: try await number.get())
        digits.put(try await phone.sees(securityCode))
        _ = try await phone.sees { screen -> Bool? in
            if case .arrived = screen { true } else { nil }
        }
        await phone.model.accept(password: nil)
        let stored = try await phone.sees { screen -> Stored? in
            if case .stored(let stored) = screen { stored } else { nil }
        }
        XCTAssertTrue(stored.findings.contains("개인키를 아직 확인하지 않았습니다."))
        try await giving.value
        relay.stop()
    }

    func testARelayThatIsGoneIsSaidWhileItTriesAgain() async throws {
        let relay = try Relay()
        let (phone, pc) = (try DemoPhone(relay.origin), try OtherDevice(relay.origin))
        let code = Slot<String>()
        let giving = give(pc, code, Slot()) { _ in }
        phone.model.receive()
        phone.model.scan(try await code.get())
        _ = try await phone.sees(securityCode)
        relay.stop()
        let deadline = ContinuousClock.now + .seconds(30)
        while !phone.model.isReconnecting, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(10))
        }
        XCTAssertTrue(phone.model.isReconnecting)
        await phone.model.close()
        XCTAssertFalse(phone.model.isReconnecting)
        XCTAssertEqual(phone.model.screen, .home)
        giving.cancel()
        try? await giving.value
    }

    func testAnExpiredCodeCanBeTriedAgain() async throws {
        let relay = try Relay("--join-ttl=1")
        let (phone, pc) = (try DemoPhone(relay.origin), try OtherDevice(relay.origin))
        let code = Slot<String>()
        let giving = give(pc, code, Slot()) { _ in }
        let text = try await code.get()
        do { try await giving.value } catch {}
        phone.model.receive()
        phone.model.scan(text)
        let problem = try await phone.seesFailure()
        XCTAssertTrue(problem.canRetry)
        XCTAssertFalse(problem.code.isEmpty)
        phone.model.retry()
        XCTAssertEqual(phone.model.screen, .scanning(.receive, hint: nil))
        relay.stop()
    }

    private nonisolated func give(
        _ pc: OtherDevice, _ code: Slot<String>, _ digits: Slot<String>,
        _ conclude: @escaping @Sendable (Receipt) -> Void
    ) -> Task<Void, any Error> {
        Task {
            for try await event in pc.naru.giveByDisplaying(try pc.certificate()) {
                switch event {
                case .displayed(let displayed): code.put(displayed.qr.text)
                case .joined(let recipient):
                    try await recipient.confirm()
                    try recipient.enter(securityCode: try await digits.get())
                case .received(let receipt): conclude(receipt)
                default: break
                }
            }
        }
    }
}

func securityCode(_ screen: Screen) -> String? {
    if case .securityCode(let digits, _) = screen { digits } else { nil }
}
