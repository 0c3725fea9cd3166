import Foundation
import NaruGenerated

/// A certificate with its private keys, which stay encrypted under their owner's password.
///
/// Neither keys nor passwords leave this object but by what a method says.
public final class Certificate: Sendable {
    /// What a person can see of a certificate.
    public typealias Summary = CertificateSummary
    /// What checking has shown.
    public typealias Report = CertificateReport

    let core: NaruGenerated.Certificate

    init(_ core: NaruGenerated.Certificate) {
        self.core = core
    }

    /// What a person can see of it at this moment.
    public var summary: Summary { core.summary() }

    /// What is known of it without asking for the password again.
    public var report: Report { core.report() }

    /// Checks the password on this device, and says what the certificate is worth.
    ///
    /// A right password is kept until this object goes, so that the certificate can be given, exported or
    /// given a new one.
    @discardableResult
    public func check(password: String) async throws(NaruError) -> Report {
        let core = core
        // Deriving the key takes a tenth of a second and more: not on the caller's actor.
        return try await attempt {
            try await Task.detached { try core.check(password: password) }.value
        }
    }
}

extension CertificateSummary {
    /// The end of its time.
    public var validUntil: Date? { notAfter.map { Date(timeIntervalSince1970: TimeInterval($0)) } }
    /// The beginning of its time.
    public var validFrom: Date? { notBefore.map { Date(timeIntervalSince1970: TimeInterval($0)) } }
}
