// What the README's snippets take for granted of an app.
import Foundation
import Naru

func show(_ message: String) { print(message) }
func log(_ code: String) { print(code) }
func personAgrees() async -> Bool { true }
func askPassword() async -> String { "" }
func askCode() async -> String { "" }

// Where Apple's frameworks are not, the snippets are compiled against the same signatures.
#if !canImport(Security)
final class KeychainStore: CertificateStore {
    enum Protection { case currentBiometry, userPresence, unlockedDevice }

    init(
        service: String = "naru.certificates", protection: Protection = .userPresence,
        prompt: String = "", reuse: TimeInterval = 60
    ) {}

    func save(certificate: StoredCertificate) async throws { throw StoreError.failed }
    func list() async throws -> [String] { [] }
    func load(id: String) async throws -> StoredCertificate? { nil }
    func delete(id: String) async throws {}
    func saveNote(name: String, content: Data) async throws {}
    func loadNote(name: String) async throws -> Data? { nil }
    func deleteNote(name: String) async throws {}
}

final class DeviceOwnerVerification: UserVerification {
    init(reason: @escaping @Sendable (VerificationPurpose) -> String) {}

    func verify(purpose: VerificationPurpose) async throws { throw VerificationError.unavailable }
}
#endif
