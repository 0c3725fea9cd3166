package kr.naru.demo

import android.annotation.SuppressLint
import android.content.Context
import android.graphics.Matrix
import android.graphics.SurfaceTexture
import android.view.Surface
import android.view.TextureView
import kr.naru.FrameContent
import kr.naru.demo.model.PreviewFit

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

    private fun fill() {
        val size = camera?.size ?: return
        if (width == 0 || height == 0) return
        val fit = PreviewFit.of(width, height, long = size.width, short = size.height, turned = turned())
        val (x, y) = width / 2f to height / 2f
        setTransform(Matrix().apply {
            setScale(fit.scaleX, fit.scaleY, x, y)
            postRotate(fit.turn, x, y)
        })
    }

    private fun turned(): Int = when (display?.rotation) {
        Surface.ROTATION_90 -> 90
        Surface.ROTATION_180 -> 180
        Surface.ROTATION_270 -> 270
        else -> 0
    }
}
