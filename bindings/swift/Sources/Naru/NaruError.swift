import Foundation
import NaruGenerated

/// Why something did not succeed: a cause to act on, with words for the person in Korean and English.
/// Whatever it is, no certificate is lost by it.
public struct NaruError: Error, Equatable, Sendable {
    /// What it has to do with.
    public typealias Kind = FailureKind

    /// A stable name of the cause, for the app and for the help desk.
    public let code: String
    /// What it has to do with.
    public let kind: Kind
    /// Whether the person can succeed by doing the same again, where need be with a new code.
    public let isRetryable: Bool
    /// Cause and next step in Korean.
    public let korean: String
    /// Cause and next step in English.
    public let english: String
    /// The agency's rule that does not allow it, where one does not: whose it is, and whom to ask.
    public let refusal: RuleRefusal?

    init(
        code: String, kind: Kind, isRetryable: Bool, korean: String, english: String,
        refusal: RuleRefusal? = nil
    ) {
        self.code = code
        self.kind = kind
        self.isRetryable = isRetryable
        self.korean = korean
        self.english = english
        self.refusal = refusal
    }

    /// Cause and next step in Korean where the locale's language is that, else in English.
    public func message(for locale: Locale = .current) -> String {
        locale.language.languageCode == .korean ? korean : english
    }
}

extension NaruError: LocalizedError {
    public var errorDescription: String? { message() }
}

extension NaruError {
    init(_ failure: Failure) {
        switch failure {
        case .Failed(let code, let kind, let retryable, let korean, let english, let refusal):
            self.init(
                code: code, kind: kind, isRetryable: retryable, korean: korean, english: english,
                refusal: refusal)
        }
    }

    /// The error of a stream, whose type cannot be said before iOS 18.
    public static func from(_ error: any Error) -> NaruError { NaruError(error) }

    /// Of what the generated code throws, which beyond failures are panics of the core.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self.init(failure)
        case let error as NaruError: self = error
        default:
            self.init(
                code: "internal", kind: .unsupported, isRetryable: false,
                korean: "앱에 문제가 생겼습니다. 앱을 최신판으로 바꾸고 다시 시도하세요.",
                english: "Something went wrong in the app. Update it and try again.")
        }
    }
}

/// Runs the core's code with the facade's errors.
func attempt<Result: Sendable>(_ work: () throws -> Result) throws(NaruError) -> Result {
    do { return try work() } catch { throw NaruError(error) }
}

/// Runs the core's asynchronous code with the facade's errors.
func attempt<Result: Sendable>(
    isolation: isolated (any Actor)? = #isolation, _ work: () async throws -> Result
) async throws(NaruError) -> Result {
    do { return try await work() } catch { throw NaruError(error) }
}
