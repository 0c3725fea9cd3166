package kr.naru.demo

import android.annotation.SuppressLint
import android.content.Context
import android.graphics.ImageFormat
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.media.ImageReader
import android.os.Handler
import android.os.HandlerThread
import android.os.Looper
import android.util.Size
import android.view.Surface
import kr.naru.FrameContent
import kr.naru.readFrame

/**
 * The camera behind the phone, from its opening to [close]; once, then another one.
 *
 * All of it happens on a thread of its own, which reads one frame at a time: those that come meanwhile are
 * let go. [onContent] and [onFailure] are called on the main thread, and not after [close].
 */
class Camera(
    context: Context,
    private val onContent: (FrameContent) -> Unit,
    private val onFailure: () -> Unit,
) : AutoCloseable {
    private val cameras = context.getSystemService(CameraManager::class.java)
    private val thread = HandlerThread("camera").apply { start() }
    private val handler = Handler(thread.looper)
    private val main = Handler(Looper.getMainLooper())
    private val id: String? = behind()

    /** What the preview is made for and frames are read in. */
    val size: Size = id?.let(::frameSize) ?: Size(640, 480)

    // Of the main thread.
    private var isClosed = false

    // Of the camera's thread.
    private var isOver = false
    private var isOpening = false
    private var device: CameraDevice? = null
    private var frames: ImageReader? = null
    private var preview: Surface? = null

    init {
        if (id == null) fail()
    }

    /** Shows what the camera sees on this texture. The person has allowed the camera's use by now. */
    @SuppressLint("MissingPermission")
    fun open(texture: SurfaceTexture) {
        val id = id ?: return
        texture.setDefaultBufferSize(size.width, size.height)
        handler.post {
            // Frames may wait for each other here, not in the camera: the newest one is read.
            frames = ImageReader.newInstance(size.width, size.height, ImageFormat.YUV_420_888, 2)
                .apply { setOnImageAvailableListener(::read, handler) }
            preview = Surface(texture)
            attempt {
                cameras.openCamera(id, opened, handler)
                isOpening = true
            }
        }
    }

    override fun close() {
        isClosed = true
        handler.post(::end)
    }

    private val opened = object : CameraDevice.StateCallback() {
        override fun onOpened(camera: CameraDevice) {
            isOpening = false
            device = camera
            if (isOver) return end()
            val targets = listOfNotNull(preview, frames?.surface)
            @Suppress("DEPRECATION") // The new way is not in Android 7.
            attempt { camera.createCaptureSession(targets, configured(camera, targets), handler) }
        }

        override fun onDisconnected(camera: CameraDevice) = gone(camera)

        override fun onError(camera: CameraDevice, error: Int) = gone(camera)

        private fun gone(camera: CameraDevice) {
            isOpening = false
            device = camera
            if (isOver) end() else lose()
        }
    }

    private fun configured(camera: CameraDevice, targets: List<Surface>) = object : CameraCaptureSession.StateCallback() {
        override fun onConfigured(session: CameraCaptureSession) = attempt {
            val request = camera.createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW)
            targets.forEach(request::addTarget)
            request.set(CaptureRequest.CONTROL_AF_MODE, CaptureRequest.CONTROL_AF_MODE_CONTINUOUS_PICTURE)
            session.setRepeatingRequest(request.build(), null, handler)
        }

        override fun onConfigureFailed(session: CameraCaptureSession) = lose()
    }

    private fun read(frames: ImageReader) {
        if (isOver) return
        val content = frames.acquireLatestImage()?.use { image ->
            val luma = image.planes[0]
            readFrame(luma.buffer, image.width, image.height, luma.rowStride)
        }
        if (content != null && content != FrameContent.NotFound) main.post { if (!isClosed) onContent(content) }
    }

    private inline fun attempt(deed: () -> Unit) {
        if (isOver) return
        try {
            deed()
        } catch (_: CameraAccessException) {
            lose()
        } catch (_: SecurityException) {
            lose()
        } catch (_: IllegalStateException) {
            // It was closed between two steps.
            lose()
        } catch (_: IllegalArgumentException) {
            // The preview's texture is gone, or the camera was taken out.
            lose()
        }
    }

    private fun lose() {
        end()
        fail()
    }

    private fun fail() {
        main.post { if (!isClosed) onFailure() }
    }

    private fun end() {
        isOver = true
        device?.close()
        frames?.close()
        preview?.release()
        device = null
        frames = null
        preview = null
        // A camera that is still being opened is closed on this thread first.
        if (!isOpening) thread.quitSafely()
    }

    private fun behind(): String? = try {
        val facing = cameras.cameraIdList.associateWith { cameras.getCameraCharacteristics(it)[CameraCharacteristics.LENS_FACING] }
        facing.entries.firstOrNull { it.value == CameraCharacteristics.LENS_FACING_BACK }?.key ?: facing.keys.firstOrNull()
    } catch (_: CameraAccessException) {
        null
    }

    /** The largest frame up to 1280 × 720: larger ones are read more slowly, and no better. */
    private fun frameSize(id: String): Size? = try {
        val sizes = cameras.getCameraCharacteristics(id)[CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP]
            ?.getOutputSizes(ImageFormat.YUV_420_888).orEmpty()
        sizes.filter { it.width <= 1280 && it.height <= 720 }.maxByOrNull { it.width * it.height } ?: sizes.lastOrNull()
    } catch (_: CameraAccessException) {
        null
    }
}
