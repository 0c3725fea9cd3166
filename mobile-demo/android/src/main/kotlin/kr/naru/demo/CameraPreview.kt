package kr.naru.demo

import android.annotation.SuppressLint
import android.content.Context
import android.graphics.Matrix
import android.graphics.RectF
import android.graphics.SurfaceTexture
import android.view.Surface
import android.view.TextureView
import kr.naru.FrameContent

/** What the camera sees, filling this view; the camera is open between [resume] and [pause]. */
@SuppressLint("ViewConstructor")
class CameraPreview(
    context: Context,
    private val onContent: (FrameContent) -> Unit,
    private val onFailure: () -> Unit,
) : TextureView(context), TextureView.SurfaceTextureListener {
    private var camera: Camera? = null

    init {
        surfaceTextureListener = this
        importantForAccessibility = IMPORTANT_FOR_ACCESSIBILITY_NO
    }

    /** The person has allowed the camera's use, and sees this. */
    fun resume() {
        if (camera != null) return
        val made = Camera(context, onContent, onFailure)
        camera = made
        surfaceTexture?.let { start(made, it) }
    }

    /** This is not seen any more: other apps can have the camera. */
    fun pause() {
        camera?.close()
        camera = null
    }

    override fun onSurfaceTextureAvailable(texture: SurfaceTexture, width: Int, height: Int) {
        camera?.let { start(it, texture) }
    }

    override fun onSurfaceTextureSizeChanged(texture: SurfaceTexture, width: Int, height: Int) = fill()

    override fun onSurfaceTextureDestroyed(texture: SurfaceTexture): Boolean {
        pause()
        return true
    }

    override fun onSurfaceTextureUpdated(texture: SurfaceTexture) = Unit

    override fun onDetachedFromWindow() {
        pause()
        super.onDetachedFromWindow()
    }

    private fun start(camera: Camera, texture: SurfaceTexture) {
        camera.open(texture)
        fill()
    }

    /** The picture keeps its proportions and fills the view; what is over is cut off. */
    private fun fill() {
        val size = camera?.size ?: return
        val seen = RectF(0f, 0f, width.toFloat(), height.toFloat())
        val matrix = Matrix()
        val turn = turn()
        // The texture is stretched to the view, and its long side lies along the device's.
        val (wide, high) = if (turn % 180 == 0) size.height to size.width else size.width to size.height
        val scale = maxOf(seen.width() / wide, seen.height() / high)
        matrix.setScale(scale * wide / seen.width(), scale * high / seen.height(), seen.centerX(), seen.centerY())
        if (turn != 0) matrix.postRotate(-turn.toFloat(), seen.centerX(), seen.centerY())
        setTransform(matrix)
    }

    private fun turn(): Int = when (display?.rotation) {
        Surface.ROTATION_90 -> 90
        Surface.ROTATION_180 -> 180
        Surface.ROTATION_270 -> 270
        else -> 0
    }
}
