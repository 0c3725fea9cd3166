import Foundation
import Naru

/// Reads a camera's frames, at most one at a time: those that come meanwhile are let go.
public final class FrameReader: Sendable {
    private let busy = Flag()

    public init() {}

    /// What the frame shows, or `nil` when the last one is still being read. `luma` is asked for only
    /// when it is going to be read.
    public func read(
        width: Int, height: Int, bytesPerRow: Int, luma: @Sendable () -> Data
    ) async -> FrameContent? {
        guard busy.raise() else { return nil }
        let luma = luma()
        let content = await Task.detached {
            Naru.readFrame(luma, width: width, height: height, bytesPerRow: bytesPerRow)
        }.value
        busy.lower()
        return content
    }
}

private final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var raised = false

    /// Whether it was down.
    func raise() -> Bool {
        lock.withLock {
            defer { raised = true }
            return !raised
        }
    }

    func lower() {
        lock.withLock { raised = false }
    }
}
