import NaruGenerated

extension TransportError {
    /// No connection, a timeout, or an answer that broke off. The library tries again.
    public static var noAnswer: TransportError { .NoAnswer }
}

extension StoreError {
    /// The device is locked, or the person did not unlock it for this.
    public static var locked: StoreError { .Locked }
    /// There is no room.
    public static var full: StoreError { .Full }
    /// What was kept cannot be read any more: its key is gone.
    public static var keyLost: StoreError { .KeyLost }
    /// Anything else.
    public static var failed: StoreError { .Failed }
}

extension VerificationError {
    /// The person did not want to.
    public static var cancelled: VerificationError { .Cancelled }
    /// It was somebody else, or the device has locked itself.
    public static var failed: VerificationError { .Failed }
    /// The device has no lock: one has to be set up first.
    public static var unavailable: VerificationError { .Unavailable }
}

/// Shows the method only: what a request carries is secret.
extension HttpRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "HttpRequest(\(method))" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["method": method]) }
}

/// Shows the id only.
extension StoredCertificate: CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    public var description: String { "StoredCertificate(\(id))" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}

/// Shows the issuer only.
extension Identity: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "Identity(\(issuer))" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["issuer": issuer]) }
}
