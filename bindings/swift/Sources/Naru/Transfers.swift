import NaruGenerated

/// A transfer of the core: one call carries it, another says what happens.
protocol Carried: AnyObject, Sendable {
    associatedtype Happening: Sendable
    associatedtype Outcome: Sendable
    func run() async throws -> Outcome
    func next() async -> Happening?
    func cancel()
}

/// What happens in a transfer as a stream. Whoever stops listening, by leaving the loop or by cancelling
/// the task, stops the transfer: the request under way is aborted, and the other device is told.
func events<Core: Carried, Event: Sendable>(
    of start: () throws -> Core,
    _ event: @escaping @Sendable (Core, Core.Happening) throws -> Event,
    ended: @escaping @Sendable (Core, Core.Outcome) -> Event?
) -> AsyncThrowingStream<Event, any Error> {
    let (stream, continuation) = AsyncThrowingStream.makeStream(of: Event.self)
    let core: Core
    do {
        core = try start()
    } catch {
        continuation.finish(throwing: NaruError(error))
        return stream
    }
    continuation.onTermination = { _ in core.cancel() }
    Task {
        let running = Task { try await core.run() }
        do {
            while let happening = await core.next() {
                continuation.yield(try event(core, happening))
            }
            if let last = ended(core, try await running.value) { continuation.yield(last) }
            continuation.finish()
        } catch {
            core.cancel()
            continuation.finish(throwing: NaruError(error))
        }
    }
    return stream
}

/// Waits for an answer to the core; the transfer stops when the waiting task is cancelled.
func answering<Result: Sendable>(
    _ core: some Carried, isolation: isolated (any Actor)? = #isolation,
    _ work: () async throws -> Result
) async throws(NaruError) -> Result {
    try await attempt {
        try await withTaskCancellationHandler(operation: work, onCancel: { core.cancel() })
    }
}
