package kr.naru.demo.model

import kotlin.math.abs
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class PreviewFitTest {
    /** How wide and high the picture is on the display. */
    private fun seen(fit: PreviewFit, width: Int, height: Int): Pair<Float, Float> {
        val (across, along) = width * fit.scaleX to height * fit.scaleY
        return if (fit.turn % 180 == 0f) across to along else along to across
    }

    @Test
    fun `a picture of the view's proportions is left as it is`() {
        assertEquals(PreviewFit(1f, 1f, -0f), PreviewFit.of(720, 1280, long = 1280, short = 720, turned = 0))
    }

    @Test
    fun `whatever the view and however the phone is turned, it is filled, in the picture's proportions`() {
        for (turned in listOf(0, 90, 180, 270)) {
            for ((width, height) in listOf(1080 to 2400, 2400 to 1080, 900 to 900, 1 to 3000)) {
                val (wide, high) = seen(PreviewFit.of(width, height, 1280, 720, turned), width, height)
                assertTrue("$turned $width $height: $wide $high", wide > width - 0.5f && high > height - 0.5f)
                assertTrue("one side fits", abs(wide - width) < 0.5f || abs(high - height) < 0.5f)
                val upright = turned % 180 == 0
                assertEquals(1280f / 720, if (upright) high / wide else wide / high, 0.001f)
            }
        }
    }

    @Test
    fun `the picture is turned back`() {
        assertEquals(listOf(-90f, -270f), listOf(90, 270).map { PreviewFit.of(2400, 1080, 1280, 720, it).turn })
    }
}
