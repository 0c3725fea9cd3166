import Naru
import XCTest

@testable import NaruDemoModel

@MainActor
final class GivingTests: XCTestCase {
    func testSendsOnceThePersonHasUnlockedAndTypedTheCode() async throws {
        let relay = try Relay()
        let (phone, pc) = (try DemoPhone(relay.origin), try OtherDevice(relay.origin))
        try await phone.keepSample()
        let (code, digits) = (Slot<String>(), Slot<String>())
        let receiving = receive(pc, code, digits)
        phone.model.give(try XCTUnwrap(phone.model.certificates.first))
        phone.model.scan(try await code.get())
        let name = try await phone.sees(recipient)
        XCTAssertEqual(name, "업무용 PC")
        phone.person.refuses(.cancelled)
        await phone.model.confirmRecipient()
        guard case .recipient(_, .some) = phone.model.screen else {
            return XCTFail("\(phone.model.screen)")
        }
        phone.person.refuses(nil)
        await phone.model.confirmRecipient()
        XCTAssertEqual(phone.model.screen, .typingCode(problem: nil))
        phone.model.submit(code: "12")
        guard case .typingCode(.some) = phone.model.screen else {
            return XCTFail("\(phone.model.screen)")
        }
        let right = try await digits.get()
        phone.model.submit(code: (right.hasPrefix("0") ? "1" : "0") + right.dropFirst())
        _ = try await phone.sees { screen -> Bool? in
            if case .typingCode("보안번호가 다릅니다. 2번 남았습니다.") = screen { true } else { nil }
        }
        phone.model.submit(code: right)
        let sent = try await phone.sees { screen -> Sent? in
            if case .sent(let sent, _) = screen { sent } else { nil }
        }
        XCTAssertEqual(sent.location, "업무용 PC")
        XCTAssertEqual(sent.finding, "받은 기기에서 개인키를 확인했습니다.")
        await phone.model.deleteOriginal()
        XCTAssertEqual(phone.model.screen, .done(message: phone.model.texts.deleted))
        let fate = try await receiving.value
        XCTAssertEqual(fate, .deleted)
        XCTAssertTrue(phone.model.certificates.isEmpty)
        relay.stop()
    }

    func testWhatWasMovedAndKeptCanGoLater() async throws {
        let relay = try Relay()
        let (phone, pc) = (try DemoPhone(relay.origin), try OtherDevice(relay.origin))
        try await phone.keepSample()
        let (code, digits) = (Slot<String>(), Slot<String>())
        let receiving = receive(pc, code, digits)
        phone.model.give(try XCTUnwrap(phone.model.certificates.first))
        phone.model.scan(try await code.get())
        _ = try await phone.sees(recipient)
        await phone.model.confirmRecipient()
        phone.model.submit(code: try await digits.get())
        _ = try await phone.sees { screen -> Bool? in
            if case .sent = screen { true } else { nil }
        }
        phone.model.keepOriginal()
        XCTAssertEqual(phone.model.screen, .done(message: "원본을 남겨 두었습니다."))
        let fate = try await receiving.value
        XCTAssertEqual(fate, .kept)
        await phone.model.close()
        // That it was moved is noted a moment after the other device has heard of it.
        for _ in 0..<10_000 where phone.model.certificates.first?.wasMoved == false {
            await phone.model.refresh()
        }
        let row = try XCTUnwrap(phone.model.certificates.first)
        XCTAssertTrue(row.wasMoved)
        await phone.model.delete(row)
        XCTAssertTrue(phone.model.certificates.isEmpty)
        relay.stop()
    }

    func testACertificateStaysWhenThePersonDoesNotUnlock() async throws {
        let relay = try Relay()
        let phone = try DemoPhone(relay.origin)
        try await phone.keepSample()
        phone.person.refuses(.failed)
        await phone.model.delete(try XCTUnwrap(phone.model.certificates.first))
        XCTAssertNotNil(phone.model.listProblem)
        XCTAssertEqual(phone.model.certificates.count, 1)
        relay.stop()
    }

    func testAQROfTheOtherDirectionIsNamed() async throws {
        let relay = try Relay()
        let (phone, pc) = (try DemoPhone(relay.origin), try OtherDevice(relay.origin))
        let code = Slot<String>()
        let receiving = receive(pc, code, Slot())
        phone.model.receive()
        phone.model.scan(try await code.get())
        let problem = try await phone.seesFailure()
        XCTAssertEqual(problem.code, "wrong_direction")
        XCTAssertTrue(problem.message.contains("반대 방향"))
        receiving.cancel()
        _ = await receiving.result
        relay.stop()
    }

    func testThreeWrongCodesEndIt() async throws {
        let relay = try Relay()
        let (phone, pc) = (try DemoPhone(relay.origin, language: .english), try OtherDevice(relay.origin))
        try await phone.keepSample()
        let (code, digits) = (Slot<String>(), Slot<String>())
        let receiving = receive(pc, code, digits)
        phone.model.give(try XCTUnwrap(phone.model.certificates.first))
        phone.model.scan(try await code.get())
        _ = try await phone.sees(recipient)
        await phone.model.confirmRecipient()
        let right = try await digits.get()
        let wrong = (right.hasPrefix("0") ? "1" : "0") + right.dropFirst()
        for left in [2, 1] {
            phone.model.submit(code: wrong)
            _ = try await phone.sees { screen -> Bool? in
                if case .typingCode("The code is wrong. \(left) tries are left.") = screen {
                    true
                } else {
                    nil
                }
            }
        }
        phone.model.submit(code: wrong)
        let problem = try await phone.seesFailure()
        XCTAssertEqual(problem.code, "too_many_wrong_codes")
        XCTAssertEqual(phone.model.certificates.count, 1)
        _ = await receiving.result
        relay.stop()
    }

    private nonisolated func receive(
        _ pc: OtherDevice, _ code: Slot<String>, _ digits: Slot<String>
    ) -> Task<OriginalFate?, any Error> {
        Task {
            var fate: OriginalFate?
            for try await event in pc.naru.receiveByDisplaying() {
                switch event {
                case .displayed(let displayed): code.put(displayed.qr.text)
                case .securityCode(let code): digits.put(code.digits)
                case .arrived(let arrival):
                    try await arrival.certificates.first?.check(password: password)
                    try await arrival.keep()
                case .finished(let original): fate = original
                default: break
                }
            }
            return fate
        }
    }
}

func recipient(_ screen: Screen) -> String? {
    if case .recipient(let name, _) = screen { name } else { nil }
}
