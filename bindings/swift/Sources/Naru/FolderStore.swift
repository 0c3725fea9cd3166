import Foundation
import NaruGenerated

/// Keeps certificates as files below a folder, one folder for each.
///
/// The private keys stay encrypted under their owner's password, and nothing else protects them: this
/// store is for desktops and tests. Phones have ``KeychainStore``.
public final class FolderStore: CertificateStore {
    private let folder: URL
    private let lock = NSLock()

    /// A store below `folder`, which is made when it is needed.
    public init(folder: URL) {
        self.folder = folder
    }

    public func save(certificate: StoredCertificate) async throws {
        let place = try certificateFolder(certificate.id)
        try attempt {
            let manager = FileManager.default
            // Written beside and renamed: whole, or not at all.
            let partial = folder.appendingPathComponent("partial-\(UUID().uuidString)")
            defer { try? manager.removeItem(at: partial) }
            for file in certificate.files {
                let path = try below(partial, file.path)
                try manager.createDirectory(
                    at: path.deletingLastPathComponent(), withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
                try write(file.content, to: path)
            }
            try manager.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            if manager.fileExists(atPath: place.path) { try manager.removeItem(at: place) }
            try manager.moveItem(at: partial, to: place)
        }
    }

    public func list() async throws -> [String] {
        try attempt { try names(in: folder.appendingPathComponent("certificates")) }
    }

    public func load(id: String) async throws -> StoredCertificate? {
        let place = try certificateFolder(id)
        return try attempt {
            guard FileManager.default.fileExists(atPath: place.path) else { return nil }
            let base = place.standardizedFileURL.path + "/"
            var files: [CertificateFile] = []
            for path in try FileManager.default.subpathsOfDirectory(atPath: place.path).sorted() {
                let url = URL(fileURLWithPath: base + path)
                guard !url.isDirectory else { continue }
                files.append(CertificateFile(path: path, content: try Data(contentsOf: url)))
            }
            return StoredCertificate(id: id, files: files)
        }
    }

    public func delete(id: String) async throws {
        let place = try certificateFolder(id)
        try attempt { try removeIfThere(place) }
    }

    public func saveNote(name: String, content: Data) async throws {
        let place = try noteFile(name)
        try attempt {
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            try write(content, to: place)
        }
    }

    public func loadNote(name: String) async throws -> Data? {
        let place = try noteFile(name)
        return try attempt {
            FileManager.default.fileExists(atPath: place.path) ? try Data(contentsOf: place) : nil
        }
    }

    public func deleteNote(name: String) async throws {
        let place = try noteFile(name)
        try attempt { try removeIfThere(place) }
    }

    private func certificateFolder(_ id: String) throws -> URL {
        try below(folder.appendingPathComponent("certificates"), id)
    }

    private func noteFile(_ name: String) throws -> URL {
        try below(folder.appendingPathComponent("notes"), name)
    }

    /// The place of a relative path, which must not lead out of its folder.
    private func below(_ folder: URL, _ path: String) throws -> URL {
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        guard names.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw StoreError.failed
        }
        return names.reduce(folder) { $0.appendingPathComponent(String($1)) }
    }

    private func names(in folder: URL) throws -> [String] {
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    private func write(_ content: Data, to path: URL) throws {
        try content.write(to: path, options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path.path)
    }

    private func removeIfThere(_ path: URL) throws {
        if FileManager.default.fileExists(atPath: path.path) {
            try FileManager.default.removeItem(at: path)
        }
    }

    /// One at a time, and with the causes that the core knows.
    private func attempt<T>(_ work: () throws -> T) throws -> T {
        try lock.withLock {
            do {
                return try work()
            } catch let error as StoreError {
                throw error
            } catch let error as CocoaError where error.code == .fileWriteOutOfSpace {
                throw StoreError.full
            } catch {
                throw StoreError.failed
            }
        }
    }
}

extension URL {
    fileprivate var isDirectory: Bool {
        (try? resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
    }
}
