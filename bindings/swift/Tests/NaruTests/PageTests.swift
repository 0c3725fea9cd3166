import XCTest

@testable import Naru

/// The real page in the real browser at the other end.
final class PageTests: ConversationTestCase {
    func testReceivesFromAPictureOfThePageToTheReceipt() async throws {
        for sample in ["GPKI", "NPKI", "PFX"] { try await receive(sample) }
    }

    private func receive(_ sample: String) async throws {
        let relay = try await startRelay()
        let (page, phone) = (try openPage(), try Phone(relay.origin))
        try await page.ask("give", ["origin": relay.origin, "certificate": sample])
        let frame = try await page.photograph()
        let content = Naru.readFrame(
            frame.luma, width: frame.width, height: frame.height, bytesPerRow: frame.width)
        guard case .code(let text) = content else { return XCTFail("\(content)") }
        XCTAssertEqual(try phone.naru.inspect(text).direction, .receive)
        var acknowledged = false
        var fate: OriginalFate?
        for try await event in phone.naru.receive(scanning: text) {
            switch event {
            case .securityCode(let code):
                try await page.ask("enterCode", ["code": code.digits])
            case .arrived(let arrival):
                let certificate = try XCTUnwrap(arrival.certificates.first)
                await XCTAssertThrows(kind: .password, code: "wrong_password") {
                    try await certificate.check(password: "wrong")
                }
                let report = try await certificate.check(password: Given.password)
                XCTAssertEqual(report.key, .matches)
                let stored = try await arrival.keep()
                XCTAssertEqual(stored.first?.summary.fingerprint, report.summary.fingerprint)
            case .acknowledged:
                acknowledged = true
                try await page.ask("see", ["text": "휴대전화에 저장하고 확인했습니다."])
                try await page.ask("press", ["button": "원본 삭제"])
            case .finished(let original): fate = original
            case .displayed, .connectionNumber, .connection: XCTFail("\(event)")
            }
        }
        XCTAssertTrue(acknowledged)
        XCTAssertEqual(fate, .deleted)
        try await page.ask("see", ["text": "원본을 삭제했습니다."])
        let kept = try await phone.naru.certificates()
        XCTAssertEqual(kept.count, 1)
        let original = try sampleFiles(sample).map(\.content)
        let id = try XCTUnwrap(kept.first).summary.fingerprint
        let here = try await FolderStore(folder: phone.folder).load(id: id)
        XCTAssertEqual(Set(try XCTUnwrap(here).files.map(\.content)), Set(original))
        try await page.leave()
    }

    func testReceivesByTheNumberAndLeavesThePasswordForLater() async throws {
        let relay = try await startRelay()
        let (page, phone) = (try openPage(), try Phone(relay.origin))
        try await page.ask("give", ["origin": relay.origin])
        let number = try await page.text("showNumber", [:], "number")
        var fate: OriginalFate?
        for try await event in phone.naru.receive(number: number) {
            switch event {
            case .securityCode(let code): try await page.ask("enterCode", ["code": code.digits])
            case .arrived(let arrival):
                let reports = try await arrival.keep()
                XCTAssertEqual(reports.first?.key, .notChecked)
                try await page.ask("see", ["text": "아직 비밀번호를 확인하지 않았습니다."])
                try await page.ask("press", ["button": "남겨 두기"])
            case .finished(let original): fate = original
            default: break
            }
        }
        XCTAssertEqual(fate, .kept)
        try await page.leave()
    }

    func testRefusesWhatHasCome() async throws {
        let relay = try await startRelay()
        let (page, phone) = (try openPage(), try Phone(relay.origin))
        try await page.ask("give", ["origin": relay.origin])
        let number = try await page.text("showNumber", [:], "number")
        let error = await failure(of: phone.naru.receive(number: number)) { event in
            switch event {
            case .securityCode(let code): try await page.ask("enterCode", ["code": code.digits])
            case .arrived(let arrival): arrival.refuse()
            default: break
            }
        }
        XCTAssertEqual(error?.code, "refused")
        try await page.ask("see", ["text": "원본은 그대로입니다."])
        let kept = try await phone.naru.certificates()
        XCTAssertTrue(kept.isEmpty)
        try await page.leave()
    }

    func testGivesToThePage() async throws {
        let relay = try await startRelay()
        let (page, phone) = (try openPage(), try Phone(relay.origin))
        let certificate = try await phone.keepSample("GPKI")
        try await page.ask("receive", ["origin": relay.origin])
        let frame = try await page.photograph()
        let content = Naru.readFrame(
            frame.luma, width: frame.width, height: frame.height, bytesPerRow: frame.width)
        guard case .code(let text) = content else { return XCTFail("\(content)") }
        XCTAssertEqual(try phone.naru.inspect(text).direction, .give)
        for try await event in phone.naru.give(certificate, scanning: text) {
            switch event {
            case .joined(let recipient):
                XCTAssertNotNil(recipient.peer)
                let code = try await page.text("readCode", [:], "code")
                XCTAssertThrowsError(try recipient.enter(securityCode: code)) {
                    XCTAssertEqual(NaruError.from($0).code, "recipient_not_confirmed")
                }
                try await recipient.confirm()
                try recipient.enter(securityCode: code)
            case .sending: try await page.ask("store")
            case .received(let receipt): try await receipt.deleteOriginal()
            default: break
            }
        }
        XCTAssertEqual(phone.person.asked.count, 1)
        let kept = try await phone.naru.certificates()
        XCTAssertTrue(kept.isEmpty)
        try await page.leave()
    }

    func testFetchesWhatThePageHasDeposited() async throws {
        let relay = try await startRelay()
        let (page, phone) = (try openPage(), try Phone(relay.origin))
        let recovery = try await page.text("deposit", ["origin": relay.origin], "recovery")
        for try await event in phone.naru.fetch(recoveryCode: recovery) {
            if case .arrived(let arrival) = event {
                try await arrival.certificates.first?.check(password: Given.password)
                try await arrival.keep()
            }
        }
        let kept = try await phone.naru.certificates()
        XCTAssertEqual(kept.count, 1)
        let again = await failure(of: phone.naru.fetch(recoveryCode: recovery))
        XCTAssertEqual(again?.code, "deposit_held")
        try await page.leave()
    }

    func testHearsThatThePageWasReloaded() async throws {
        let relay = try await startRelay()
        let (page, phone) = (try openPage(), try Phone(relay.origin))
        try await page.ask("give", ["origin": relay.origin])
        let number = try await page.text("showNumber", [:], "number")
        let error = await failure(of: phone.naru.receive(number: number)) { event in
            if case .securityCode = event { try await page.ask("reload") }
        }
        // The relay answers 410 from then on.
        XCTAssertEqual(error?.kind, .otherDevice)
        try await page.leave()
    }
}
