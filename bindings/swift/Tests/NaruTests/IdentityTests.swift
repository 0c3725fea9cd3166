import XCTest

@testable import Naru

/// Two phones on which somebody is logged in, and an issuer that is not the library's.
final class IdentityTests: ConversationTestCase {
    private func login(
        _ person: String, at provider: ProviderProcess, key: IdentityKey? = nil, issuer: String? = nil
    ) async throws -> Identity {
        let key = try key ?? IdentityKey()
        return Identity(
            idToken: try await provider.token(person, nonce: key.nonce()), key: key,
            issuer: issuer ?? provider.issuer, audiences: ["mail-app"],
            jwks: try await provider.jwks())
    }

    /// Moves a certificate; the codes by which the giver and the receiver have failed.
    private func move(_ giver: Phone, _ receiver: Phone) async throws -> [String?] {
        let certificate = try await giver.keepSample()
        let codes = Codes()
        async let received = failure(
            of: receiver.naru.receive(scanning: await codes.pairing())
        ) { event in
            if case .securityCode(let code) = event { codes.security(code.digits) }
            if case .arrived(let arrival) = event { try await arrival.keep() }
        }
        let given = await failure(of: giver.naru.giveByDisplaying(certificate)) { event in
            switch event {
            case .displayed(let code): codes.pairing(code.qr.text)
            case .joined(let recipient):
                try await recipient.confirm()
                try recipient.enter(securityCode: await codes.security())
            case .received(let receipt): receipt.keepOriginal()
            default: break
            }
        }
        return [given?.code, await received?.code]
    }

    func testACertificateGoesToTheSamePersonAndToNobodyElse() async throws {
        let provider = try await startProvider()
        let relay = try await startRelay()
        let (giver, receiver) = (try Phone(relay.origin), try Phone(relay.origin))
        try giver.naru.identify(try await login("hong", at: provider))
        let missing = try await move(giver, receiver)
        XCTAssertEqual(missing, ["identity_missing", "identity_missing"])
        try receiver.naru.identify(try await login("kim", at: provider))
        let other = try await move(giver, receiver)
        XCTAssertEqual(other, ["other_person", "other_person"])
        // The app was put away while the person was at the provider's.
        let key = try IdentityKey.restored(secret: try IdentityKey().secret())
        try receiver.naru.identify(try await login("hong", at: provider, key: key))
        let same = try await move(giver, receiver)
        XCTAssertEqual(same, [nil, nil])
    }

    func testALoginThatTheOtherDeviceWouldRefuseIsRefused() async throws {
        let provider = try await startProvider()
        let phone = try Phone("https://relay.example")
        let elsewhere = try await login("hong", at: provider, issuer: "https://other.example")
        await XCTAssertThrows(kind: .security, code: "token_issuer") {
            try phone.naru.identify(elsewhere)
        }
        await XCTAssertThrows(kind: .misuse, code: "no_identity_key") {
            try IdentityKey.restored(secret: Data(count: 31))
        }
        XCTAssertFalse("\(elsewhere)".contains(elsewhere.idToken))
    }
}
