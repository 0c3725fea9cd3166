package kr.naru.demo

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.os.Bundle
import android.view.WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON
import android.view.WindowManager.LayoutParams.FLAG_SECURE
import android.widget.FrameLayout
import android.widget.ScrollView
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import kr.naru.demo.model.AppModel
import kr.naru.demo.model.Screen
import kr.naru.demo.model.State
import kr.naru.demo.model.problem
import kr.naru.demo.model.withoutProblem

/** One transfer, screen by screen. Leaving it stops the transfer. */
class TransferActivity : Activity() {
    private val app get() = application as DemoApplication
    private val seen: CoroutineScope = MainScope()
    private var shown: State? = null
    private var column: Column? = null
    private var preview: CameraPreview? = null
    private var isInFront = false
    private var hasAsked = false

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        // Security codes and passwords are in no screenshot, recording or list of recent apps. And the
        // screen stays on: the person is looking at the PC.
        window.addFlags(FLAG_SECURE or FLAG_KEEP_SCREEN_ON)
        val model = app.model
        // The process was gone meanwhile, and the transfer with it.
        if (model == null || model.state.value.screen == Screen.Home) return finish()
        seen.launch { model.state.collect { show(model, it) } }
    }

    override fun onResume() {
        super.onResume()
        isInFront = true
        app.lock.attach(this)
        look()
    }

    override fun onPause() {
        isInFront = false
        app.lock.detach(this)
        preview?.pause()
        super.onPause()
    }

    override fun onDestroy() {
        seen.cancel()
        val model = app.model
        if (isFinishing && model != null && model.state.value.screen != Screen.Home) app.scope.launch { model.stop() }
        super.onDestroy()
    }

    @Deprecated("Android's newer way is not in Android 7")
    override fun onBackPressed() {
        app.model?.let { model -> app.scope.launch { model.stop() } }
    }

    override fun onActivityResult(requestCode: Int, resultCode: Int, intent: Intent?) {
        app.lock.onActivityResult(requestCode, resultCode)
    }

    override fun onRequestPermissionsResult(requestCode: Int, permissions: Array<String>, results: IntArray) {
        // Empty where the question was interrupted; it comes again with the next resuming.
        if (results.isEmpty()) hasAsked = false else look()
    }

    private fun show(model: AppModel, state: State) {
        val before = shown
        shown = state
        if (state.screen == Screen.Home) return finish()
        val isSame = before != null && before.screen.withoutProblem() == state.screen.withoutProblem() &&
            before.isReconnecting == state.isReconnecting && before.language == state.language
        if (isSame && state.screen !is Screen.Failed) {
            column?.showProblem(state.screen.problem)
            return
        }
        preview?.pause()
        preview = null
        val made = Column(this, state.texts)
        if (state.isReconnecting) made.warning(state.texts.reconnecting)
        Screens(made, model, app.scope, { CameraPreview(this, model::see, model::cameraFails).also { preview = it } })
            .build(state.screen)
        made.showProblem(state.screen.problem)
        column = made
        val isScanning = state.screen is Screen.Scanning
        if (!isScanning) hasAsked = false
        // The preview fills what is left; anything else may be longer than the display, where letters are large.
        val frame = if (isScanning) FrameLayout(this) else ScrollView(this)
        frame.fitsSystemWindows = true
        frame.addView(made)
        setContentView(frame)
        look()
    }

    /** Opens the camera where it is needed and allowed, and asks for it once. */
    private fun look() {
        val preview = preview ?: return
        if (!isInFront) return
        when {
            checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED -> preview.resume()
            hasAsked -> app.model?.cameraFails()
            else -> {
                hasAsked = true
                requestPermissions(arrayOf(Manifest.permission.CAMERA), PERMISSION)
            }
        }
    }

    private companion object {
        const val PERMISSION = 2
    }
}
