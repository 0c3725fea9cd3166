import Foundation
import NaruGenerated

/// Moves certificates from and to this device. One for the whole app; any number of transfers can run at
/// once.
///
/// ```swift
/// for try await event in naru.receive(scanning: qrText) {
///     switch event {
///     case .securityCode(let code): show(code.digits)
///     case .arrived(let arrival): try await arrival.keep()
///     default: break
///     }
/// }
/// ```
public final class Naru: Sendable {
    private let core: NaruGenerated.Naru

    /// Takes what the app brings. Fails for a relay that is no origin, and for roots that are none.
    ///
    /// - Parameters:
    ///   - relays: The origins of the relays that the app was built for, such as `https://relay.example`.
    ///     The first is the one that this device opens transfers on; a scanned code picks among all.
    ///   - deviceName: How this device calls itself on the other one.
    ///   - platform: Such as `iOS 18.2`.
    ///   - store: Where certificates are kept: ``KeychainStore`` on phones.
    ///   - verification: Asks the person to unlock the device before a certificate leaves it.
    ///   - transport: The app's HTTP.
    ///   - roots: PEM file of the root and intermediate certificates against which chains are checked.
    ///   - passwordPolicy: What a new password needs, where the agency says so.
    ///   - log: Takes what the library reports: fixed texts and codes, never a secret.
    ///   - login: An ID token of the person that is still good for a minute, renewed where need be, where the
    ///     agency's relay wants to know who they are; `nil` where nobody is logged in, which is also what an
    ///     error counts as. It is asked before each request: the app keeps the token meanwhile.
    public init(
        relays: [String], deviceName: String, platform: String = Naru.platform,
        store: any CertificateStore, verification: any UserVerification,
        transport: any Transport = URLSessionTransport(), roots: Data? = nil,
        passwordPolicy: PasswordPolicy? = nil, log: (any LogSink)? = nil,
        login: (@Sendable () async throws -> String?)? = nil
    ) throws(NaruError) {
        let options = Options(
            relays: relays, deviceName: deviceName, platform: platform, roots: roots,
            passwordPolicy: passwordPolicy)
        core = try attempt {
            try NaruGenerated.Naru(
                transport: transport, store: store, verification: verification, log: log,
                options: options, login: login.map(LoginBridge.init))
        }
    }

    /// The system that this device runs.
    public static var platform: String {
        let version = ProcessInfo.processInfo.operatingSystemVersion
        #if os(iOS)
        return "iOS \(version.majorVersion).\(version.minorVersion)"
        #elseif os(macOS)
        return "macOS \(version.majorVersion).\(version.minorVersion)"
        #else
        return "Linux"
        #endif
    }

    /// How many objects of the core are alive in this process: 0 when the app has let go of all.
    public static var liveObjects: Int { Int(NaruGenerated.liveObjects()) }

    /// Says who is logged in on this device, or that nobody is. Transfers that begin from now on succeed only
    /// with a device on which the same person is logged in, whatever the relay says of accounts; without a
    /// login they ask for none. Fails for a login that the other device would refuse, and changes nothing then.
    public func identify(_ identity: Identity?) throws(NaruError) {
        try attempt { try core.identify(identity: identity) }
    }

    // MARK: Pairing codes

    /// Looks for a pairing code in a camera's frame. Takes some milliseconds: not for the main thread.
    ///
    /// - Parameters:
    ///   - luma: One byte a pixel: the first plane of a bi-planar pixel buffer. A frame whose sizes do not
    ///     fit its bytes shows nothing.
    ///   - bytesPerRow: From the beginning of a row to that of the next.
    public static func readFrame(
        _ luma: Data, width: Int, height: Int, bytesPerRow: Int
    ) -> FrameContent {
        guard let width = UInt32(exactly: width), let height = UInt32(exactly: height),
            let rowStride = UInt32(exactly: bytesPerRow)
        else { return .notFound }
        return NaruGenerated.readFrame(
            luma: luma, width: width, height: height, rowStride: rowStride)
    }

    /// What a pairing code is for, asked before anything is sent. Fails for a code of something else, of
    /// another agency's relay, or of a later version.
    public func inspect(_ code: String) throws(NaruError) -> PairingCodeInfo {
        try attempt { try core.inspect(code: code) }
    }

    // MARK: Receiving

    /// Receives by a pairing code that this device has scanned.
    public func receive(scanning code: String) -> AsyncThrowingStream<ReceiveEvent, any Error> {
        ReceiveEvent.stream { try core.receiveByScanning(code: code) }
    }

    /// Receives by the number of twelve digits that the other device shows.
    public func receive(number: String) -> AsyncThrowingStream<ReceiveEvent, any Error> {
        ReceiveEvent.stream { try core.receiveByNumber(number: number) }
    }

    /// Receives by a code that this device shows and the other one scans.
    public func receiveByDisplaying() -> AsyncThrowingStream<ReceiveEvent, any Error> {
        ReceiveEvent.stream { try core.receiveByDisplaying() }
    }

    /// Fetches what was left with the relay under a recovery code.
    public func fetch(recoveryCode: String) -> AsyncThrowingStream<ReceiveEvent, any Error> {
        ReceiveEvent.stream { try core.fetch(recoveryCode: recoveryCode) }
    }

    // MARK: Giving

    /// Gives a certificate away by a pairing code that this device has scanned: the direction in which
    /// people are tricked. Nothing is sent before the person has confirmed who would receive it.
    public func give(
        _ certificate: Certificate, scanning code: String
    ) -> AsyncThrowingStream<GiveEvent, any Error> {
        GiveEvent.stream { try core.giveByScanning(certificate: certificate.core, code: code) }
    }

    /// Gives a certificate away by the number of twelve digits that the other device shows.
    public func give(
        _ certificate: Certificate, number: String
    ) -> AsyncThrowingStream<GiveEvent, any Error> {
        GiveEvent.stream { try core.giveByNumber(certificate: certificate.core, number: number) }
    }

    /// Gives a certificate away by a code that this device shows and the other one scans.
    public func giveByDisplaying(
        _ certificate: Certificate
    ) -> AsyncThrowingStream<GiveEvent, any Error> {
        GiveEvent.stream { try core.giveByDisplaying(certificate: certificate.core) }
    }

    // MARK: Deposits

    /// Leaves a certificate with the relay, to be fetched later.
    ///
    /// - Parameter keep: How long; the relay may keep it for less.
    public func deposit(
        _ certificate: Certificate, keep: Duration
    ) -> AsyncThrowingStream<DepositEvent, any Error> {
        let seconds = UInt32(clamping: keep.components.seconds)
        return DepositEvent.stream {
            try core.deposit(certificate: certificate.core, keepSeconds: seconds)
        }
    }

    /// Where the deposit of a withdraw code stands.
    public func depositStatus(withdrawCode: String) async throws(NaruError) -> DepositStatus {
        try await attempt { try await core.depositStatus(withdrawCode: withdrawCode) }
    }

    /// Takes the deposit of a withdraw code back: nobody can fetch it from then on.
    public func withdraw(withdrawCode: String) async throws(NaruError) {
        try await attempt { try await core.withdrawDeposit(withdrawCode: withdrawCode) }
    }

    // MARK: Certificates

    /// The certificates in the store of this device.
    public func certificates() async throws(NaruError) -> [Certificate] {
        try await attempt { try await core.certificates().map(Certificate.init) }
    }

    /// The certificates among some files: a folder's, or one `.pfx`. They are not in the store.
    public func find(
        in files: [CertificateFile]
    ) -> (certificates: [Certificate], problems: [FileProblem]) {
        let found = core.findCertificates(files: files)
        return (found.certificates.map(Certificate.init), found.problems)
    }

    /// Puts a certificate into the store of this device, reads it back and compares.
    public func save(_ certificate: Certificate) async throws(NaruError) {
        try await attempt { try await core.save(certificate: certificate.core) }
    }

    /// The same certificate under a new password, in the store in place of the old one if that was there.
    /// Its password has to have been checked, and the new one to be as strong as the agency asks.
    public func changePassword(
        of certificate: Certificate, to password: String
    ) async throws(NaruError) -> Certificate {
        try await attempt {
            Certificate(
                try await core.changePassword(
                    certificate: certificate.core, newPassword: password))
        }
    }

    /// Gives this device a new key, for a person who wants to use a device again that was removed: what was
    /// removed stays so.
    public func renewDevice() async throws(NaruError) {
        try await attempt { try await core.renewDevice() }
    }

    /// Whether a new password is as strong as the agency asks; says what it lacks.
    public func checkNewPassword(_ password: String) throws(NaruError) {
        try attempt { try core.checkNewPassword(password: password) }
    }

    /// The certificate as one `.pfx` under its password, which has to have been checked; the person has to
    /// unlock the device.
    ///
    /// - Parameter forOldPrograms: Writes 3DES, which every program reads.
    public func exportPFX(
        _ certificate: Certificate, forOldPrograms: Bool = false
    ) async throws(NaruError) -> CertificateFile {
        try await attempt {
            try await core.exportPfx(
                certificate: certificate.core, forOldPrograms: forOldPrograms)
        }
    }

    /// Deletes a certificate of the store that another device has confirmed to have, also long after the
    /// transfer; the person has to unlock the device. Fails with `not_moved` for any other.
    public func deleteOriginal(_ certificate: Certificate) async throws(NaruError) {
        try await attempt { try await core.deleteOriginal(certificate: certificate.core) }
    }

    /// Deletes a certificate of the store, wherever else it is or is not; the person has to unlock the
    /// device.
    public func delete(_ certificate: Certificate) async throws(NaruError) {
        try await attempt { try await core.delete(certificate: certificate.core) }
    }
}
