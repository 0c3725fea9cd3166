import XCTest

@testable import Naru

/// Two phones and a real relay.
final class TransferTests: ConversationTestCase {
    func testOnePhoneShowsAndTheOtherScans() async throws {
        let relay = try await startRelay()
        let (giver, receiver) = (try Phone(relay.origin), try Phone(relay.origin, name: "새 휴대전화"))
        let certificate = try await giver.keepSample()
        let codes = Codes()
        async let given: Void = give(giver, certificate, codes) { receipt in
            XCTAssertEqual(receipt.location, "새 휴대전화")
            XCTAssertTrue(receipt.isSigned)
            receipt.keepOriginal()
        }
        var fate: OriginalFate?
        for try await event in receiver.naru.receive(scanning: await codes.pairing()) {
            switch event {
            case .securityCode(let code): codes.security(code.digits)
            case .arrived(let arrival):
                XCTAssertEqual(arrival.peer?.name, "내 휴대전화")
                try await arrival.certificates.first?.check(password: Given.password)
                try await arrival.keep()
            case .finished(let original): fate = original
            default: break
            }
        }
        try await given
        XCTAssertEqual(fate, .kept)
        // The receipt is remembered: the original can go later.
        let later = try await giver.naru.certificates()
        XCTAssertNotNil(later.first?.summary.movedAt)
        try await giver.naru.deleteOriginal(try XCTUnwrap(later.first))
        let left = try await giver.naru.certificates()
        XCTAssertTrue(left.isEmpty)
        XCTAssertFalse(giver.log.entries.isEmpty)
    }

    func testANumberTypedWronglyIsUsedUp() async throws {
        let relay = try await startRelay()
        let phone = try Phone(relay.origin)
        let short = await failure(of: phone.naru.receive(number: "1234"))
        XCTAssertEqual(short?.kind, .input)
        XCTAssertEqual(phone.transport.underWay, 0)
    }

    func testThreeWrongCodesStopTheTransfer() async throws {
        let relay = try await startRelay()
        let (giver, receiver) = (try Phone(relay.origin), try Phone(relay.origin))
        let certificate = try await giver.keepSample()
        let codes = Codes()
        async let received = failure(
            of: receiver.naru.receive(scanning: await codes.pairing())
        ) { event in
            if case .securityCode(let code) = event { codes.security(code.digits) }
            if case .arrived = event { XCTFail("a certificate was sent") }
        }
        var recipient: Recipient?
        var left: [Int] = []
        let error = await failure(of: giver.naru.giveByDisplaying(certificate)) { event in
            switch event {
            case .displayed(let code): codes.pairing(code.qr.text)
            case .joined(let joined):
                recipient = joined
                try await joined.confirm()
                try joined.enter(securityCode: try await codes.wrongSecurity())
            case .wrongCode(let tries):
                left.append(tries)
                try recipient?.enter(securityCode: try await codes.wrongSecurity())
            case .sending: XCTFail("a wrong code was taken")
            default: break
            }
        }
        XCTAssertEqual(left, [2, 1])
        XCTAssertEqual(error?.code, "too_many_wrong_codes")
        XCTAssertEqual(error?.kind, .security)
        let other = await received
        XCTAssertEqual(other?.code, "too_many_wrong_codes")
    }

    func testSendsNothingToWhomThePersonDoesNotConfirm() async throws {
        let relay = try await startRelay()
        let (giver, receiver) = (try Phone(relay.origin), try Phone(relay.origin))
        let certificate = try await giver.keepSample()
        giver.person.refuses(.cancelled)
        let codes = Codes()
        let received = Task {
            await failure(of: receiver.naru.receive(scanning: await codes.pairing())) { event in
                if case .arrived = event { XCTFail("a certificate was sent") }
            }
        }
        for try await event in giver.naru.giveByDisplaying(certificate) {
            if case .displayed(let code) = event { codes.pairing(code.qr.text) }
            guard case .joined(let recipient) = event else { continue }
            await XCTAssertThrows(kind: .verification, code: "verification_cancelled") {
                try await recipient.confirm()
            }
            break
        }
        let error = await received.value
        XCTAssertEqual(error?.code, "cancelled_by_peer")
    }

    func testALockedStoreTellsNothingAndCanBeTriedAgain() async throws {
        let relay = try await startRelay()
        let store = LockableStore()
        let giver = try Phone(relay.origin)
        let receiver = try Phone(relay.origin, store: store)
        let certificate = try await giver.keepSample()
        let codes = Codes()
        async let given: Void = give(giver, certificate, codes) { $0.keepOriginal() }
        for try await event in receiver.naru.receive(scanning: await codes.pairing()) {
            switch event {
            case .securityCode(let code): codes.security(code.digits)
            case .arrived(let arrival):
                store.locked = true
                await XCTAssertThrows(kind: .storage, code: "store_locked") {
                    try await arrival.keep()
                }
                store.locked = false
                try await arrival.keep()
            default: break
            }
        }
        try await given
    }

    func testDepositsAndWithdraws() async throws {
        let relay = try await startRelay()
        let phone = try Phone(relay.origin)
        let certificate = try await phone.keepSample()
        var recovery = ""
        for try await event in phone.naru.deposit(certificate, keep: .seconds(3600)) {
            guard case .stored(let deposit) = event else { continue }
            recovery = deposit.recoveryCode
            let status = try await phone.naru.depositStatus(withdrawCode: deposit.withdrawCode)
            guard case .waiting = status else { return XCTFail("\(status)") }
            try await phone.naru.withdraw(withdrawCode: deposit.withdrawCode)
            break
        }
        let gone = await failure(of: phone.naru.fetch(recoveryCode: recovery))
        XCTAssertEqual(gone?.code, "deposit_gone")
    }

    func testTwoHundredTransfersAtOnceThroughOneInstance() async throws {
        let relay = try await startRelay("--network-mailboxes=10000", "--network-joins=10000")
        let phone = try Phone(relay.origin)
        let certificate = try await phone.keepSample()
        let gate = Gate(200)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                let codes = Codes()
                group.addTask {
                    try await give(phone, certificate, codes, gate) { $0.keepOriginal() }
                }
                group.addTask {
                    var arrived = false
                    let code = await codes.pairing()
                    for try await event in phone.naru.receive(scanning: code) {
                        if case .securityCode(let code) = event { codes.security(code.digits) }
                        guard case .arrived(let arrival) = event else { continue }
                        arrived = true
                        try await arrival.keep()
                    }
                    XCTAssertTrue(arrived)
                }
            }
            try await group.waitForAll()
        }
    }
}

/// Gives by a code on this phone's screen; types what the other one shows.
func give(
    _ phone: Phone, _ certificate: Certificate, _ codes: Codes, _ gate: Gate? = nil,
    _ conclude: @escaping (Receipt) async throws -> Void
) async throws {
    var received = false
    for try await event in phone.naru.giveByDisplaying(certificate) {
        switch event {
        case .displayed(let code): codes.pairing(code.qr.text)
        case .joined(let recipient):
            try await recipient.confirm()
            let code = await codes.security()
            await gate?.pass()
            try recipient.enter(securityCode: code)
        case .received(let receipt):
            received = true
            try await conclude(receipt)
        default: break
        }
    }
    XCTAssertTrue(received)
}

/// What two people see on each other's screens.
final class Codes: Sendable {
    private let pairings = Slot<String>()
    private let securities = Slot<String>()

    func pairing(_ code: String) { pairings.put(code) }
    func pairing() async -> String { await pairings.get() }
    func security(_ code: String) { securities.put(code) }
    func security() async -> String { await securities.get() }

    func wrongSecurity() async throws -> String {
        let code = await security()
        return (code.hasPrefix("0") ? "1" : "0") + code.dropFirst()
    }
}

/// A value that is awaited.
final class Slot<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value?
    private var waiters: [CheckedContinuation<Value, Never>] = []

    func put(_ value: Value) {
        let woken = lock.withLock {
            self.value = value
            defer { waiters = [] }
            return waiters
        }
        for waiter in woken { waiter.resume(returning: value) }
    }

    func get() async -> Value {
        await withCheckedContinuation { continuation in
            let there = lock.withLock {
                if value == nil { waiters.append(continuation) }
                return value
            }
            if let there { continuation.resume(returning: there) }
        }
    }
}

/// Opens when everybody is there.
actor Gate {
    private var missing: Int
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { missing = count }

    func pass() async {
        missing -= 1
        if missing == 0 {
            for waiter in waiters { waiter.resume() }
            waiters = []
        } else if missing > 0 {
            await withCheckedContinuation { waiters.append($0) }
        }
    }
}

/// Certificates in memory, under a lock that a test turns.
final class LockableStore: CertificateStore, @unchecked Sendable {
    private let lock = NSLock()
    private var certificates: [String: StoredCertificate] = [:]
    private var notes: [String: Data] = [:]
    private var isLocked = false

    var locked: Bool {
        get { lock.withLock { isLocked } }
        set { lock.withLock { isLocked = newValue } }
    }

    func save(certificate: StoredCertificate) async throws {
        try unlocked { certificates[certificate.id] = certificate }
    }
    func list() async throws -> [String] { try unlocked { certificates.keys.sorted() } }
    func load(id: String) async throws -> StoredCertificate? { try unlocked { certificates[id] } }
    func delete(id: String) async throws { try unlocked { certificates[id] = nil } }
    func saveNote(name: String, content: Data) async throws { try unlocked { notes[name] = content } }
    func loadNote(name: String) async throws -> Data? { try unlocked { notes[name] } }
    func deleteNote(name: String) async throws { try unlocked { notes[name] = nil } }

    private func unlocked<T>(_ work: () -> T) throws -> T {
        try lock.withLock {
            if isLocked { throw StoreError.locked }
            return work()
        }
    }
}

func XCTAssertThrows<T>(
    kind: NaruError.Kind, code: String, file: StaticString = #filePath, line: UInt = #line,
    _ work: () async throws -> T
) async {
    do {
        _ = try await work()
        XCTFail("it succeeded", file: file, line: line)
    } catch {
        let error = NaruError.from(error)
        XCTAssertEqual(error.kind, kind, file: file, line: line)
        XCTAssertEqual(error.code, code, file: file, line: line)
        XCTAssertFalse(error.korean.isEmpty, file: file, line: line)
        XCTAssertFalse(error.english.isEmpty, file: file, line: line)
    }
}
