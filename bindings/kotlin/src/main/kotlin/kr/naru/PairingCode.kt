package kr.naru

import java.nio.Buffer
import java.nio.ByteBuffer
import kr.naru.generated.readFrame as readDirect

/** What a camera's frame shows. */
public sealed interface FrameContent {
    /** No QR code that can be read: wait for the next frame. */
    public data object NotFound : FrameContent

    /** A QR code of something else: say so, and go on. */
    public data object NotOurs : FrameContent

    /** A pairing code, for [Naru.inspect], [Naru.receive] and [Naru.give]. Secret until it has been used. */
    public class Code(
        /** Its text. */
        public val text: String,
    ) : FrameContent
}

/**
 * Looks for a pairing code in the Y plane of a camera's frame: one byte a pixel, rows [rowStride] bytes
 * apart.
 *
 * Reads from the buffer's position; a direct buffer, which a camera gives, is not copied. A frame whose
 * sizes do not fit its bytes shows nothing. Takes some milliseconds: not for the main thread.
 */
public fun readFrame(luma: ByteBuffer, width: Int, height: Int, rowStride: Int): FrameContent {
    if (width <= 0 || height <= 0 || rowStride < width) return FrameContent.NotFound
    val direct = if (luma.isDirect) luma.slice() else direct(luma.duplicate())
    return readDirect(direct, width.toUInt(), height.toUInt(), rowStride.toUInt()).facade()
}

/** The same for bytes in an array. */
public fun readFrame(luma: ByteArray, width: Int, height: Int, rowStride: Int): FrameContent =
    readFrame(ByteBuffer.wrap(luma), width, height, rowStride)

private fun direct(bytes: ByteBuffer): ByteBuffer {
    val copy = ByteBuffer.allocateDirect(bytes.remaining())
    copy.put(bytes)
    // Old Androids do not have ByteBuffer's own.
    (copy as Buffer).position(0)
    return copy
}

/** What a pairing code is for. */
public data class PairingCodeInfo(
    /** What this device would do. */
    public val direction: Direction,
    /** The relay that both devices use, one of the app's own. */
    public val relay: String,
) {
    /** What this device would do. */
    public enum class Direction {
        /** Receive a certificate: [Naru.receive]. */
        RECEIVE,

        /** Give one away, by [Naru.give]: the dangerous direction, which the person has to be asked about. */
        GIVE,
    }
}

/** A QR to show: dark on light whatever the theme, with a quiet zone of four modules around it. */
public class QrCode internal constructor(
    /** What it says, for those who cannot see it. Secret until it has been used. */
    public val text: String,
    /** Modules on one side. */
    public val width: Int,
    private val modules: ByteArray,
) {
    /** Whether the module at this column and row is dark. */
    public fun isDark(x: Int, y: Int): Boolean {
        require(x in 0 until width && y in 0 until width) { "no module at $x, $y" }
        return modules[y * width + x].toInt() != 0
    }
}

/** Who the other device says it is. It can say anything. */
public data class Peer(
    /** Such as `업무용 PC`. */
    public val name: String,
    /** Such as `Chrome 156 · Windows`. */
    public val platform: String,
)
