import XCTest

@testable import Naru

/// Phones that their owner revokes on the relay's page.
final class RevokedDeviceTests: ConversationTestCase {
    private func phone(
        _ relay: RelayProcess, _ provider: ProviderProcess, store: (any CertificateStore)? = nil
    ) throws -> Phone {
        try Phone(relay.origin, store: store, login: { try await provider.token("hong") })
    }

    /// A phone that the relay knows, and its name there.
    private func known(
        _ relay: RelayProcess, _ provider: ProviderProcess, store: (any CertificateStore)? = nil
    ) async throws -> (Phone, String) {
        let before = try await provider.devices(relay, "hong")
        let phone = try phone(relay, provider, store: store)
        try await phone.opens()
        let after = try await provider.devices(relay, "hong")
        return (phone, try XCTUnwrap(after.first { !before.contains($0) }))
    }

    func testARevokedDeviceCanDoNothingFromThatMomentOnAndSaysWhatToDo() async throws {
        let provider = try await startProvider()
        let relay = try await startRelay(of: provider, ministry)
        let store = LockableStore()
        let (phone, device) = try await known(relay, provider, store: store)
        let (other, _) = try await known(relay, provider)
        let certificate = try await phone.keepSample()
        try await provider.revoke(relay, "hong", device)
        let anew = try self.phone(relay, provider, store: store)
        let errors = [
            await failure(of: phone.naru.receiveByDisplaying()),
            await failure(of: phone.naru.giveByDisplaying(certificate)),
            await failure(of: phone.naru.receive(number: "4815 1623 4283")),
            await failure(of: anew.naru.receiveByDisplaying()),
        ]
        for error in errors {
            let error = try XCTUnwrap(error)
            XCTAssertEqual(error.kind, .deviceRevoked)
            XCTAssertEqual(error.code, "device_revoked")
            XCTAssertFalse(error.isRetryable)
            XCTAssertTrue(error.korean.contains("등록을 해제한 기기"), error.korean)
            XCTAssertTrue(error.korean.contains("IT 담당자에게 알리세요"), error.korean)
            XCTAssertTrue(error.english.contains("This device was removed"), error.english)
            XCTAssertTrue(error.english.contains("tell your IT desk"), error.english)
        }
        try await other.opens()
        let kept = try await phone.naru.certificates()
        XCTAssertEqual(kept.count, 1)
    }

    func testAReceiverThatIsRevokedInTheMiddleHearsSoAndGetsNothing() async throws {
        let provider = try await startProvider()
        let relay = try await startRelay(of: provider, ministry)
        let (giver, _) = try await known(relay, provider)
        let (receiver, device) = try await known(relay, provider)
        let certificate = try await giver.keepSample()
        let codes = Codes()
        let giving = Task {
            await failure(of: giver.naru.giveByDisplaying(certificate)) { event in
                if case .displayed(let code) = event { codes.pairing(code.qr.text) }
                if case .received = event { XCTFail("a certificate has arrived") }
                guard case .joined(let recipient) = event else { return }
                try await recipient.confirm()
                try recipient.enter(securityCode: await codes.security())
            }
        }
        let error = await failure(
            of: receiver.naru.receive(scanning: await codes.pairing())
        ) { event in
            guard case .securityCode(let code) = event else { return }
            try await provider.revoke(relay, "hong", device)
            codes.security(code.digits)
        }
        XCTAssertEqual(error?.code, "device_revoked")
        let kept = try await receiver.naru.certificates()
        XCTAssertTrue(kept.isEmpty)
        // Hears nothing of the other one any more.
        giving.cancel()
        _ = await giving.value
    }

    func testAGiverThatIsRevokedInTheMiddleHearsSoAndGivesNothing() async throws {
        let provider = try await startProvider()
        let relay = try await startRelay(of: provider, ministry)
        let (giver, device) = try await known(relay, provider)
        let (receiver, _) = try await known(relay, provider)
        let certificate = try await giver.keepSample()
        let codes = Codes()
        let receiving = Task {
            for try await event in receiver.naru.receive(scanning: await codes.pairing()) {
                if case .securityCode(let code) = event { codes.security(code.digits) }
                if case .arrived = event { XCTFail("a certificate was sent") }
            }
        }
        let error = await failure(of: giver.naru.giveByDisplaying(certificate)) { event in
            if case .displayed(let code) = event { codes.pairing(code.qr.text) }
            guard case .joined(let recipient) = event else { return }
            try await recipient.confirm()
            let code = await codes.security()
            try await provider.revoke(relay, "hong", device)
            try recipient.enter(securityCode: code)
        }
        XCTAssertEqual(error?.code, "device_revoked")
        receiving.cancel()
        _ = await receiving.result
    }

    func testARevokedDeviceMayBeginAnewAsAnotherOneWhereThereIsRoom() async throws {
        let provider = try await startProvider()
        let relay = try await startRelay(of: provider, ministry)
        let store = LockableStore()
        let (phone, device) = try await known(relay, provider, store: store)
        try await provider.revoke(relay, "hong", device)
        await XCTAssertThrows(kind: .deviceRevoked, code: "device_revoked") {
            try await phone.opens()
        }
        let (_, second) = try await known(relay, provider)
        _ = try await known(relay, provider)
        try await phone.naru.renewDevice()
        let full = await failure(of: phone.naru.receiveByDisplaying())
        XCTAssertEqual(full?.kind, .deviceLimit)
        XCTAssertEqual(full?.refusal?.rule, "devices")
        try await provider.revoke(relay, "hong", second)
        try await phone.opens()
        // It stays the new one when the app starts anew.
        try await self.phone(relay, provider, store: store).opens()
        let devices = try await provider.devices(relay, "hong")
        XCTAssertEqual(devices.count, 2)
        XCTAssertFalse(devices.contains(device))
    }
}
