import XCTest

@testable import Naru

/// Who may have two devices.
let ministry = """
    [desk]
    name = { ko = "통합 지원센터", en = "Support centre" }
    phone = "110"
    [agency.mois]
    name = { ko = "행정안전부", en = "Interior" }
    devices = 2
    deposits = false
    [agency.mois.desk]
    name = { ko = "정보화담당관실", en = "IT office" }
    phone = "02-2100-0000"
    hours = { ko = "평일", en = "weekdays" }
    """

/// Phones whose relay wants to know who the person is.
final class LoginTests: ConversationTestCase {
    func testOnePersonsTwoPhonesMoveACertificate() async throws {
        let provider = try await startProvider()
        let relay = try await startRelay(of: provider, ministry)
        let asked = Count()
        let giver = try Phone(relay.origin, login: { try await provider.token("hong") })
        let receiver = try Phone(
            relay.origin,
            login: {
                asked.increment()
                return try await provider.token("hong")
            })
        let certificate = try await giver.keepSample()
        let codes = Codes()
        async let given: Void = give(giver, certificate, codes) { $0.keepOriginal() }
        for try await event in receiver.naru.receive(scanning: await codes.pairing()) {
            if case .securityCode(let code) = event { codes.security(code.digits) }
            if case .arrived(let arrival) = event { try await arrival.keep() }
        }
        try await given
        // Again for each request, so that the token can be renewed.
        XCTAssertGreaterThan(asked.value, 1)
    }

    func testWhoeverIsNotLoggedInHearsSo() async throws {
        let provider = try await startProvider()
        let relay = try await startRelay(of: provider, ministry)
        let logins: [(@Sendable () async throws -> String?)?] = [
            nil, { nil }, { throw Failed("no network") }, { "a.b.c" },
        ]
        for login in logins {
            let phone = try Phone(relay.origin, login: login)
            await XCTAssertThrows(kind: .loginRequired, code: "login_required") {
                try await phone.opens()
            }
        }
    }

    func testAnotherPersonsPhoneGetsNothing() async throws {
        let provider = try await startProvider()
        let relay = try await startRelay(of: provider, ministry)
        let giver = try Phone(relay.origin, login: { try await provider.token("hong") })
        let other = try Phone(relay.origin, login: { try await provider.token("kim") })
        let certificate = try await giver.keepSample()
        for try await event in giver.naru.giveByDisplaying(certificate) {
            guard case .displayed(let code) = event else { continue }
            let error = await failure(of: other.naru.receive(scanning: code.qr.text))
            XCTAssertEqual(error?.kind, .otherPerson)
            XCTAssertEqual(error?.code, "other_person")
            break
        }
        let kept = try await other.naru.certificates()
        XCTAssertTrue(kept.isEmpty)
    }

    func testTheLimitOfDevicesIsToldWithRuleAgencyAndDesk() async throws {
        let provider = try await startProvider()
        let relay = try await startRelay(of: provider, ministry)
        let store = LockableStore()
        try await Phone(
            relay.origin, store: store, login: { try await provider.token("hong") }
        ).opens()
        try await Phone(relay.origin, login: { try await provider.token("hong") }).opens()
        // The first device once more: its key is in the store.
        try await Phone(
            relay.origin, store: store, login: { try await provider.token("hong") }
        ).opens()
        let third = try Phone(relay.origin, login: { try await provider.token("hong") })
        let error = await failure(of: third.naru.receiveByDisplaying())
        XCTAssertEqual(error?.kind, .deviceLimit)
        XCTAssertEqual(error?.refusal?.rule, "devices")
        XCTAssertEqual(error?.refusal?.agency, LocalisedText(ko: "행정안전부", en: "Interior"))
        XCTAssertEqual(
            error?.refusal?.desk,
            SupportDesk(
                name: LocalisedText(ko: "정보화담당관실", en: "IT office"), phone: "02-2100-0000",
                mail: nil, hours: LocalisedText(ko: "평일", en: "weekdays")))
        try await Phone(relay.origin, login: { try await provider.token("kim") }).opens()
    }

    func testARefusalNamesTheRuleTheAgencyAndItsDesk() async throws {
        let provider = try await startProvider()
        let login: @Sendable () async throws -> String? = { try await provider.token("hong") }
        let elsewhere = ministry.replacingOccurrences(
            of: "devices = 2", with: "networks = [\"192.0.2.0/24\"]")
        for (rules, agency, rule, desk) in [
            (ministry, "mois", "deposits", "02-2100-0000"),
            (elsewhere, "mois", "networks", "02-2100-0000"),
            (ministry, "gone", "accounts", "110"),
        ] {
            let relay = try await startRelay(of: provider, rules, agency: agency)
            let phone = try Phone(relay.origin, login: login)
            let certificate = try await phone.keepSample()
            try await certificate.check(password: Given.password)
            let error = await failure(of: phone.naru.deposit(certificate, keep: .seconds(3600)))
            XCTAssertEqual(error?.kind, .notAllowed)
            XCTAssertEqual(error?.code, "not_allowed")
            XCTAssertEqual(error?.refusal?.rule, rule)
            XCTAssertEqual(error?.refusal?.agency?.en, agency == "gone" ? nil : "Interior")
            XCTAssertEqual(error?.refusal?.desk?.phone, desk)
            for said in [error?.korean, error?.english] {
                XCTAssertTrue(said?.contains(desk) == true, said ?? "nothing")
            }
        }
    }

    func testAStrangersAccountIsNoneOfAnAgencys() async throws {
        let provider = try await startProvider()
        let relay = try await startRelay(of: provider, ministry)
        let phone = try Phone(
            relay.origin, login: { try await provider.token("stranger@elsewhere.example") })
        let error = await failure(of: phone.naru.receiveByDisplaying())
        XCTAssertEqual(error?.kind, .notAllowed)
        XCTAssertEqual(error?.code, "not_a_member")
        XCTAssertNil(error?.refusal)
    }
}

final class Count: @unchecked Sendable {
    private let lock = NSLock()
    private var counted = 0

    var value: Int { lock.withLock { counted } }

    func increment() { lock.withLock { counted += 1 } }
}
