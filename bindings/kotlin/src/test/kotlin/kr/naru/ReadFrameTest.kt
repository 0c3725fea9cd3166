package kr.naru

import java.nio.ByteBuffer
import java.util.Random
import kotlinx.coroutines.flow.first
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test

class ReadFrameTest {
    private val silent = object : Transport {
        override suspend fun send(request: HttpRequest): HttpResponse = throw java.io.IOException()
    }
    private val qr = Phone(listOf("https://relay.example"), silent).use { phone ->
        var shown: QrCode? = null
        test { shown = (phone.naru.receiveByDisplaying().first() as ReceiveEvent.Displaying).qr }
        shown ?: error("nothing was shown")
    }

    /** The code as a camera sees it, with rows that are longer than the picture is wide. */
    private fun frame(scale: Int, stride: (Int) -> Int = { it }): Triple<ByteArray, Int, Int> {
        val side = (qr.width + 8) * scale
        val rowStride = stride(side)
        val luma = ByteArray(rowStride * side) { 0xE0.toByte() }
        for (y in 0 until qr.width * scale) {
            for (x in 0 until qr.width * scale) {
                if (qr.isDark(x / scale, y / scale)) luma[(y + 4 * scale) * rowStride + x + 4 * scale] = 0x20
            }
        }
        return Triple(luma, side, rowStride)
    }

    @Test
    fun `reads what this library draws, also with padded rows and from a direct buffer`() {
        for (padding in listOf(0, 13)) {
            val (luma, side, stride) = frame(4) { it + padding }
            val fromArray = readFrame(luma, side, side, stride)
            assertEquals(qr.text, assertInstanceOf(FrameContent.Code::class.java, fromArray).text)
            val direct = ByteBuffer.allocateDirect(luma.size + 5).apply { position(5); put(luma); position(5) }
            val fromBuffer = readFrame(direct, side, side, stride)
            assertEquals(qr.text, assertInstanceOf(FrameContent.Code::class.java, fromBuffer).text)
            assertEquals(5, direct.position())
        }
    }

    @Test
    fun `finds nothing in noise, in nothing, and where the sizes do not fit`() {
        val noise = ByteArray(320 * 240).also(Random(7)::nextBytes)
        assertEquals(FrameContent.NotFound, readFrame(noise, 320, 240, 320))
        val (luma, side, stride) = frame(4)
        assertEquals(FrameContent.NotFound, readFrame(luma, side, side, stride - 1))
        assertEquals(FrameContent.NotFound, readFrame(luma, side, side * 2, stride))
        assertEquals(FrameContent.NotFound, readFrame(luma, -1, -1, -1))
        assertEquals(FrameContent.NotFound, readFrame(luma, 0, 0, 0))
        assertEquals(FrameContent.NotFound, readFrame(ByteArray(0), side, side, stride))
        assertEquals(FrameContent.NotFound, readFrame(luma, Int.MAX_VALUE, Int.MAX_VALUE, Int.MAX_VALUE))
    }

    @Test
    fun `has no modules outside of the code`() {
        assertThrows(IllegalArgumentException::class.java) { qr.isDark(qr.width, 0) }
        assertThrows(IllegalArgumentException::class.java) { qr.isDark(0, -1) }
    }
}
