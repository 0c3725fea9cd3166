import NaruGenerated

/// What this device shows for another one to take: a QR, and on demand a number to type.
public struct DisplayedCode: Sendable {
    /// Draw it dark on light whatever the theme, with a margin of four modules.
    public let qr: QRCode
    /// How long it can be scanned.
    public let expiresIn: Duration
    let request: @Sendable () throws -> Void

    /// Asks for a number that the other device can type in place of the QR; it comes as an event.
    public func requestNumber() throws(NaruError) {
        try attempt(request)
    }
}

/// The dark and light modules of a QR code.
public struct QRCode: Sendable, Equatable {
    /// Modules on one side.
    public let width: Int
    /// What it says, for those who cannot see it. Secret until it has been used.
    public let text: String
    private let modules: [Bool]

    init(_ code: QrCode) {
        width = Int(code.width)
        text = code.text
        modules = code.modules.map { $0 == 1 }
    }

    /// Whether the module at a place is dark; outside everything is light.
    public func isDark(x: Int, y: Int) -> Bool {
        guard (0..<width).contains(x), (0..<width).contains(y) else { return false }
        return modules[y * width + x]
    }
}
