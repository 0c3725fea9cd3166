package kr.naru.demo

import android.Manifest
import android.app.Activity
import android.app.KeyguardManager
import android.content.pm.PackageManager
import android.os.Looper
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.EditText
import android.widget.TextView
import java.nio.file.Files
import java.time.Duration
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.runBlocking
import kr.naru.FolderCertificateStore
import kr.naru.Naru
import kr.naru.NaruException
import kr.naru.NaruOptions
import kr.naru.UrlConnectionTransport
import kr.naru.demo.model.OtherDevice
import kr.naru.demo.model.RelayProcess
import kr.naru.demo.model.keepSample
import org.robolectric.Robolectric
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.shadows.ShadowPausedLooper

/** The app with a relay of the test's. Robolectric has no Android Keystore: a folder takes its place. */
class TestApplication : DemoApplication() {
    lateinit var relay: RelayProcess

    override fun naru() = Naru(
        UrlConnectionTransport(),
        FolderCertificateStore(folder),
        verification(),
        NaruOptions(listOf(relay.origin), "갤럭시 S30", "Android"),
    )

    val folder = Files.createTempDirectory("naru").toFile()
}

/** A phone on which the app is open, and the person who holds it. */
class Phone(ownsSample: Boolean = false) : AutoCloseable {
    val relay = RelayProcess()
    val app = (RuntimeEnvironment.getApplication() as TestApplication).also { it.relay = relay }
    val pc = OtherDevice(relay, CoroutineScope(Dispatchers.Default + SupervisorJob()))
    private val main = shadowOf(Looper.getMainLooper()) as ShadowPausedLooper

    init {
        if (ownsSample) runBlocking { naruOfTheSample().use { it.keepSample() } }
    }

    val home: ActivityController<HomeActivity> = Robolectric.buildActivity(HomeActivity::class.java).setup()
    val model get() = checkNotNull(app.model)
    private var front: Activity = home.get()

    /** Opens the transfer that the person has just asked for. */
    fun follow(): ActivityController<TransferActivity> {
        val intent = checkNotNull(shadowOf(app).nextStartedActivity) { "nothing was opened" }
        check(intent.component?.className == TransferActivity::class.java.name)
        home.pause()
        val transfer = Robolectric.buildActivity(TransferActivity::class.java, intent).setup()
        home.stop()
        front = transfer.get()
        return transfer
    }

    /** What is looked at from now on. */
    fun looksAt(activity: Activity) {
        front = activity
    }

    /** The transfer has closed itself. */
    fun returns(transfer: ActivityController<TransferActivity>) {
        until("the transfer is closed") { transfer.get().takeIf { it.isFinishing } }
        transfer.pause()
        home.restart().start().resume()
        transfer.stop().destroy()
        front = home.get()
    }

    fun sees(words: String) {
        until("\"$words\" is seen") { views().firstOrNull { it is TextView && words in it.text } }
    }

    fun presses(words: String) {
        until("\"$words\" can be pressed") { views().firstOrNull { it is Button && it.text == words } }.performClick()
    }

    fun types(words: String) {
        (until("something can be typed") { views().firstOrNull { it is EditText } } as EditText).setText(words)
    }

    fun digits(): String =
        (until("six digits are seen") { views().firstOrNull { it is TextView && Regex("\\d{6}").matches(it.text) } } as TextView).text.toString()

    fun refusesTheCamera(transfer: ActivityController<TransferActivity>) {
        until("the camera is asked for") { shadowOf(transfer.get()).lastRequestedPermission }
        transfer.get().onRequestPermissionsResult(2, arrayOf(Manifest.permission.CAMERA), intArrayOf(PackageManager.PERMISSION_DENIED))
    }

    fun hasALock(has: Boolean = true) =
        shadowOf(app.getSystemService(KeyguardManager::class.java)).setIsDeviceSecure(has)

    /** Lets the app do what it has to, until this is not null. */
    fun <T : Any> until(what: String, found: () -> T?): T {
        val deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos()
        while (System.nanoTime() < deadline) {
            main.idle()
            found()?.let { return it }
            main.poll(100)
        }
        throw AssertionError("not within 30 s: $what; on the screen: ${views().filterIsInstance<TextView>().map { it.text }}")
    }

    /** What comes of this at the other device, while the app goes on. */
    fun <T> outcome(work: Deferred<T>): T {
        until("the other device goes on") { work.takeIf { it.isCompleted } }
        return runBlocking { work.await() }
    }

    /** The code of the failure that this comes to at the other device. */
    fun failureOf(work: Deferred<*>): String = try {
        throw AssertionError("nothing failed: ${outcome(work)}")
    } catch (failure: NaruException) {
        failure.code
    }

    private fun views(): List<View> = below(front.window.decorView).filter { it.visibility == View.VISIBLE }

    private fun below(view: View): List<View> =
        listOf(view) + if (view is ViewGroup) (0 until view.childCount).flatMap { below(view.getChildAt(it)) } else emptyList()

    private fun naruOfTheSample() = Naru(
        UrlConnectionTransport(), FolderCertificateStore(app.folder), {}, NaruOptions(listOf(relay.origin), "", ""),
    )

    override fun close() {
        app.model?.close()
        pc.close()
        relay.close()
    }
}
