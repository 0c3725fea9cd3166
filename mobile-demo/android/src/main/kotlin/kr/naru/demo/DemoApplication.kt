package kr.naru.demo

import android.app.Activity
import android.app.Application
import android.content.pm.PackageManager
import android.os.Build
import java.util.Locale
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.launch
import kr.naru.Naru
import kr.naru.NaruException
import kr.naru.NaruOptions
import kr.naru.UrlConnectionTransport
import kr.naru.UserVerification
import kr.naru.VerificationException
import kr.naru.android.KeystoreCertificateStore
import kr.naru.demo.model.AppModel
import kr.naru.demo.model.Language
import kr.naru.demo.model.Texts

/** What outlives the activities: the library, the model and the transfer that is under way. */
open class DemoApplication : Application() {
    /** Where what the person has asked for runs, whichever activity is there. */
    val scope: CoroutineScope = MainScope()

    /** The device's lock. */
    val lock = DeviceLock(::texts, whenAnswered = ::leaveUnlessSeen)

    /** Null when the app was built with something that the library does not take. */
    val model: AppModel? by lazy {
        try {
            // Read once, not by each activity: the system's prompt for the lock may come with it.
            AppModel(naru(), scope, Language.of(Locale.getDefault())).also { scope.launch { it.refresh() } }
        } catch (failure: NaruException) {
            problem = failure.localizedMessage
            null
        }
    }

    /** Why there is no model. */
    var problem = ""
        private set
    private var started = 0

    override fun onCreate() {
        super.onCreate()
        registerActivityLifecycleCallbacks(object : LifecycleCallbacks() {
            override fun onActivityStarted(activity: Activity) {
                started++
            }

            override fun onActivityStopped(activity: Activity) {
                started--
                if (!activity.isChangingConfigurations) leaveUnlessSeen()
            }
        })
    }

    /** The library, as this app uses it. */
    protected open fun naru(): Naru = Naru(
        transport = UrlConnectionTransport(),
        store = KeystoreCertificateStore(this) { lock.unlock(texts().readCertificates) == DeviceLock.Answer.UNLOCKED },
        verification = verification(),
        options = NaruOptions(listOf(relay()), deviceName = Build.MODEL, platform = "Android ${Build.VERSION.RELEASE}"),
    )

    /** Asks the person to unlock the device. */
    protected fun verification() = UserVerification { purpose ->
        when (lock.unlock(texts().reason(purpose))) {
            DeviceLock.Answer.UNLOCKED -> {}
            DeviceLock.Answer.CANCELLED -> throw VerificationException(VerificationException.Reason.CANCELLED)
            DeviceLock.Answer.FAILED -> throw VerificationException(VerificationException.Reason.FAILED)
            DeviceLock.Answer.UNAVAILABLE -> throw VerificationException(VerificationException.Reason.UNAVAILABLE)
        }
    }

    private fun texts() = model?.state?.value?.texts ?: Texts(Language.of(Locale.getDefault()))

    private fun relay(): String {
        val application = packageManager.getApplicationInfo(packageName, PackageManager.GET_META_DATA)
        return application.metaData.getString("kr.naru.RELAY").orEmpty()
    }

    /** The system's prompt for the lock may hide the app, which is not leaving it. */
    private fun leaveUnlessSeen() {
        if (started == 0 && !lock.isAsking) model?.leave()
    }
}
