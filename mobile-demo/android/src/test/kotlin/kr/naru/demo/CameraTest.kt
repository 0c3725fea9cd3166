package kr.naru.demo

import android.app.Application
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraManager
import android.os.Looper
import java.time.Duration
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowCameraCharacteristics
import org.robolectric.shadows.ShadowPausedLooper

/** Opening and closing only: Robolectric's camera sees nothing. */
@RunWith(RobolectricTestRunner::class)
@Config(application = Application::class)
class CameraTest {
    private val app = RuntimeEnvironment.getApplication()
    private val cameras = shadowOf(app.getSystemService(CameraManager::class.java))
    private val texture = SurfaceTexture(0)
    private var failures = 0

    private fun camera() = Camera(app, onContent = { error("nothing was shown") }, onFailure = { failures++ })

    private fun phoneHasACamera() {
        val characteristics = ShadowCameraCharacteristics.newCameraCharacteristics()
        shadowOf(characteristics).set(CameraCharacteristics.LENS_FACING, CameraCharacteristics.LENS_FACING_BACK)
        cameras.addCamera("0", characteristics)
    }

    /** The thread of a camera ends when the camera is closed. */
    private fun ends() {
        Thread.getAllStackTraces().keys.filter { it.name == "camera" }.forEach { thread ->
            thread.join(10_000)
            assertEquals(Thread.State.TERMINATED, thread.state)
        }
        shadowOf(Looper.getMainLooper()).idle()
    }

    @Test
    fun `a camera that is closed leaves nothing behind`() {
        phoneHasACamera()
        camera().use { it.open(texture) }
        ends()
        assertEquals(0, failures)
    }

    @Test
    fun `a camera that was never opened leaves nothing behind`() {
        phoneHasACamera()
        camera().close()
        ends()
        assertEquals(0, failures)
    }

    @Test
    fun `closing twice is closing`() {
        phoneHasACamera()
        val camera = camera()
        camera.open(texture)
        camera.close()
        camera.close()
        ends()
        assertEquals(0, failures)
    }

    @Test
    fun `a camera that another app takes away says so once, and leaves nothing behind`() {
        phoneHasACamera()
        val camera = camera()
        camera.open(texture)
        val main = shadowOf(Looper.getMainLooper()) as ShadowPausedLooper
        val deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos()
        while (failures == 0 && System.nanoTime() < deadline) {
            // Does nothing until the camera is open.
            cameras.triggerDisconnect()
            main.poll(10)
            main.idle()
        }
        camera.close()
        ends()
        assertEquals(1, failures)
    }

    @Test
    fun `a phone without a camera says so once`() {
        val camera = camera()
        camera.open(texture)
        shadowOf(Looper.getMainLooper()).idle()
        assertEquals(1, failures)
        camera.close()
        ends()
    }

    @Test
    fun `nothing is said of what fails after closing`() {
        camera().close()
        ends()
        assertEquals(0, failures)
    }
}
