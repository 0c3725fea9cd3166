import NaruGenerated

/// The app's login, as the core asks for it.
final class LoginBridge: NaruGenerated.Login {
    private let ask: @Sendable () async throws -> String?

    init(_ ask: @escaping @Sendable () async throws -> String?) {
        self.ask = ask
    }

    func token() async throws -> String? {
        // What the app throws may hold what is secret.
        do { return try await ask() } catch { throw LoginError.NoToken }
    }
}
