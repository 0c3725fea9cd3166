import Foundation
import NaruGenerated

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// HTTP by `URLSession`: no cookies, no cache, no redirects, nothing on the disk.
///
/// A cancelled task aborts its request at once.
public final class URLSessionTransport: Transport {
    private let session: URLSession

    /// A transport with a session of its own.
    ///
    /// - Parameter configuration: For what an app has to say of its connections, such as a proxy. What
    ///   the protocol needs is set over it.
    public init(configuration: URLSessionConfiguration = .ephemeral) {
        configuration.httpShouldSetCookies = false
        configuration.httpCookieStorage = nil
        configuration.urlCache = nil
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        // Each transfer holds a connection while it waits for the other device.
        configuration.httpMaximumConnectionsPerHost = 1000
        session = URLSession(configuration: configuration, delegate: NoRedirects(), delegateQueue: nil)
    }

    deinit {
        session.finishTasksAndInvalidate()
    }

    public func send(request: HttpRequest) async throws -> HttpResponse {
        guard let url = URL(string: request.url) else { throw TransportError.noAnswer }
        var sent = URLRequest(url: url)
        sent.httpMethod = request.method
        sent.timeoutInterval = TimeInterval(request.timeoutMilliseconds) / 1000
        for header in request.headers {
            sent.setValue(header.value, forHTTPHeaderField: header.name)
        }
        if !request.body.isEmpty { sent.httpBody = request.body }
        let (body, answer) = try await exchange(sent)
        let headers = answer.allHeaderFields.compactMap { name, value in
            (name as? String).map { HttpHeader(name: $0, value: "\(value)") }
        }
        return HttpResponse(status: UInt16(answer.statusCode), headers: headers, body: body)
    }

    private func exchange(_ request: URLRequest) async throws -> (Data, HTTPURLResponse) {
        let running = Running()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let task = session.dataTask(with: request) { body, answer, _ in
                    if let body, let answer = answer as? HTTPURLResponse {
                        continuation.resume(returning: (body, answer))
                    } else {
                        continuation.resume(throwing: TransportError.noAnswer)
                    }
                }
                running.start(task)
            }
        } onCancel: {
            running.cancel()
        }
    }
}

/// A request that may be cancelled before it has begun.
private final class Running: @unchecked Sendable {
    private let lock = NSLock()
    private var task: URLSessionTask?
    private var cancelled = false

    func start(_ task: URLSessionTask) {
        let stop = lock.withLock {
            self.task = task
            return cancelled
        }
        task.resume()
        if stop { task.cancel() }
    }

    func cancel() {
        let task = lock.withLock {
            cancelled = true
            return self.task
        }
        task?.cancel()
    }
}

private final class NoRedirects: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}
