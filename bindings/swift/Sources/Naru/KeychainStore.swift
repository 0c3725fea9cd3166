#if canImport(Security) && canImport(LocalAuthentication)
import Foundation
import LocalAuthentication
import NaruGenerated
import Security

/// Keeps certificates in the Keychain: on this device only, readable only while it is unlocked, and
/// only after the person has shown a finger, a face or the passcode.
///
/// Items are `kSecAttrAccessibleWhenUnlockedThisDeviceOnly`: they are in no backup and on no other
/// device. With ``Protection/currentBiometry`` they are gone when a finger or face is enrolled anew.
public final class KeychainStore: CertificateStore {
    /// What the person has to show before a certificate is read.
    public enum Protection: Sendable {
        /// A finger or face that was enrolled when the certificate was kept.
        case currentBiometry
        /// A finger, a face or the passcode.
        case userPresence
        /// The unlocked device is enough.
        case unlockedDevice
    }

    private let service: String
    private let protection: Protection
    private let unlocking: Unlocking

    /// A store in the app's part of the Keychain.
    ///
    /// - Parameters:
    ///   - service: Tells this store's items from the app's others.
    ///   - protection: What the person has to show.
    ///   - prompt: What the system says while it asks.
    ///   - reuse: For how many seconds one showing is enough, so that a list of certificates asks once.
    public init(
        service: String = "naru.certificates", protection: Protection = .userPresence,
        prompt: String = "", reuse: TimeInterval = 60
    ) {
        self.service = service
        self.protection = protection
        unlocking = Unlocking(prompt: prompt, reuse: reuse)
    }

    public func save(certificate: StoredCertificate) async throws {
        let content: Data
        do {
            content = try PropertyListEncoder.binary.encode(
                certificate.files.map { File(path: $0.path, content: $0.content) })
        } catch {
            throw StoreError.failed
        }
        try await put(content, .certificate, certificate.id, protection)
    }

    public func list() async throws -> [String] {
        var query = query(.certificate)
        query[kSecMatchLimit] = kSecMatchLimitAll
        query[kSecReturnAttributes] = true
        // Names need no finger; contents do.
        query[kSecUseAuthenticationContext] = silent()
        let found = try await copy(query) as? [[CFString: Any]]
        return (found ?? []).compactMap { $0[kSecAttrAccount] as? String }.sorted()
    }

    public func load(id: String) async throws -> StoredCertificate? {
        guard let content = try await get(.certificate, id) else { return nil }
        guard let files = try? PropertyListDecoder().decode([File].self, from: content) else {
            throw StoreError.failed
        }
        return StoredCertificate(
            id: id, files: files.map { CertificateFile(path: $0.path, content: $0.content) })
    }

    public func delete(id: String) async throws {
        try await remove(.certificate, id)
    }

    public func saveNote(name: String, content: Data) async throws {
        try await put(content, .note, name, .unlockedDevice)
    }

    public func loadNote(name: String) async throws -> Data? {
        try await get(.note, name)
    }

    public func deleteNote(name: String) async throws {
        try await remove(.note, name)
    }

    private enum Kind: String { case certificate, note }

    private struct File: Codable {
        let path: String
        let content: Data
    }

    private func query(_ kind: Kind, _ name: String? = nil) -> [CFString: Any] {
        var query: [CFString: Any] = [
            kSecClass: kSecClassGenericPassword,
            kSecAttrService: "\(service).\(kind.rawValue)",
            kSecUseDataProtectionKeychain: true,
            kSecAttrSynchronizable: false,
        ]
        query[kSecAttrAccount] = name
        return query
    }

    private func put(
        _ content: Data, _ kind: Kind, _ name: String, _ protection: Protection
    ) async throws {
        var item = query(kind, name)
        item[kSecValueData] = content
        switch protection {
        case .unlockedDevice:
            item[kSecAttrAccessible] = kSecAttrAccessibleWhenUnlockedThisDeviceOnly
        case .userPresence, .currentBiometry:
            let flags: SecAccessControlCreateFlags =
                protection == .userPresence ? .userPresence : .biometryCurrentSet
            guard
                let control = SecAccessControlCreateWithFlags(
                    nil, kSecAttrAccessibleWhenUnlockedThisDeviceOnly, flags, nil)
            else { throw StoreError.failed }
            item[kSecAttrAccessControl] = control
        }
        // Replaced, not updated: an update would keep the protection of what was there.
        try await remove(kind, name)
        try check(SecItemAdd(item as CFDictionary, nil))
    }

    private func get(_ kind: Kind, _ name: String) async throws -> Data? {
        var query = query(kind, name)
        query[kSecReturnData] = true
        query[kSecUseAuthenticationContext] = unlocking.context()
        return try await copy(query) as? Data
    }

    private func remove(_ kind: Kind, _ name: String) async throws {
        let status = SecItemDelete(query(kind, name) as CFDictionary)
        if status != errSecItemNotFound { try check(status) }
    }

    /// Off the callers' threads: the system may ask the person meanwhile.
    private func copy(_ query: [CFString: Any]) async throws -> CFTypeRef? {
        let query = Sealed(query as CFDictionary)
        let found: Sealed<(OSStatus, CFTypeRef?)> = await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .userInitiated).async {
                var item: CFTypeRef?
                let status = SecItemCopyMatching(query.content, &item)
                continuation.resume(returning: Sealed((status, item)))
            }
        }
        let (status, item) = found.content
        if status == errSecItemNotFound { return nil }
        try check(status)
        return item
    }

    private func silent() -> LAContext {
        let context = LAContext()
        context.interactionNotAllowed = true
        return context
    }

    private func check(_ status: OSStatus) throws {
        switch status {
        case errSecSuccess: return
        case errSecInteractionNotAllowed, errSecAuthFailed, errSecUserCanceled:
            throw StoreError.locked
        case errSecDiskFull: throw StoreError.full
        case errSecInvalidKeyRef, errSecDecode: throw StoreError.keyLost
        default: throw StoreError.failed
        }
    }
}

/// Asks for a finger, a face or the passcode by the system's own dialogue.
public final class DeviceOwnerVerification: UserVerification {
    private let reason: @Sendable (VerificationPurpose) -> String

    /// - Parameter reason: What the system shows of the purpose, in the person's language.
    public init(reason: @escaping @Sendable (VerificationPurpose) -> String) {
        self.reason = reason
    }

    public func verify(purpose: VerificationPurpose) async throws {
        let context = LAContext()
        do {
            try await context.evaluatePolicy(
                .deviceOwnerAuthentication, localizedReason: reason(purpose))
        } catch let error as LAError {
            switch error.code {
            case .userCancel, .appCancel, .systemCancel: throw VerificationError.cancelled
            case .passcodeNotSet: throw VerificationError.unavailable
            default: throw VerificationError.failed
            }
        }
    }
}

/// What the person has shown, for a while.
private final class Unlocking: @unchecked Sendable {
    private let prompt: String
    private let reuse: TimeInterval
    private let lock = NSLock()
    private var current: (context: LAContext, since: TimeInterval)?

    init(prompt: String, reuse: TimeInterval) {
        self.prompt = prompt
        self.reuse = reuse
    }

    func context() -> LAContext {
        lock.withLock {
            let time = ProcessInfo.processInfo.systemUptime
            if let current, time - current.since < reuse { return current.context }
            let context = LAContext()
            if !prompt.isEmpty { context.localizedReason = prompt }
            current = (context, time)
            return context
        }
    }
}

/// Core Foundation's objects, which are safe to hand on and not marked so.
private struct Sealed<Content>: @unchecked Sendable {
    let content: Content
    init(_ content: Content) { self.content = content }
}

extension PropertyListEncoder {
    fileprivate static var binary: PropertyListEncoder {
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        return encoder
    }
}
#endif
