package kr.naru.demo

import android.annotation.TargetApi
import android.app.Activity
import android.app.KeyguardManager
import android.hardware.biometrics.BiometricManager.Authenticators
import android.hardware.biometrics.BiometricPrompt
import android.os.Build
import android.os.CancellationSignal
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.filterNotNull
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import kr.naru.demo.model.Texts

/** Asks the person for the screen lock or a strong biometric, by the system's own prompts. */
class DeviceLock(private val texts: () -> Texts, private val whenAnswered: () -> Unit) {
    enum class Answer { UNLOCKED, CANCELLED, FAILED, UNAVAILABLE }

    private val front = MutableStateFlow<Activity?>(null)
    private val oneAtATime = Mutex()
    private var asked: CompletableDeferred<Answer>? = null

    /** Whether a prompt is shown. */
    val isAsking: Boolean get() = asked != null

    /** This activity is in front. */
    fun attach(activity: Activity) {
        front.value = activity
    }

    /** It is not any more. */
    fun detach(activity: Activity) {
        front.compareAndSet(activity, null)
    }

    /** What the activity got for the screen lock's request; anything else is not for this. */
    fun onActivityResult(requestCode: Int, resultCode: Int) {
        if (requestCode != REQUEST) return
        asked?.complete(if (resultCode == Activity.RESULT_OK) Answer.UNLOCKED else Answer.CANCELLED)
    }

    /** Waits until an activity is in front, and asks there. [reason] is what the person is shown. */
    suspend fun unlock(reason: String): Answer = withContext(Dispatchers.Main) {
        oneAtATime.withLock {
            val activity = front.filterNotNull().first()
            val keyguard = activity.getSystemService(KeyguardManager::class.java)
            if (!keyguard.isDeviceSecure) return@withLock Answer.UNAVAILABLE
            val answer = CompletableDeferred<Answer>()
            asked = answer
            val dismissal = CancellationSignal()
            try {
                if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
                    Prompt.show(activity, texts().unlock, reason, dismissal, answer)
                } else {
                    @Suppress("DEPRECATION")
                    val request = keyguard.createConfirmDeviceCredentialIntent(texts().unlock, reason)
                    activity.startActivityForResult(request, REQUEST)
                }
                answer.await()
            } finally {
                if (!answer.isCompleted) dismissal.cancel()
                asked = null
                whenAnswered()
            }
        }
    }

    // A class of its own: Android 7 does not know what it names.
    @TargetApi(Build.VERSION_CODES.R)
    private object Prompt {
        fun show(
            activity: Activity,
            title: String,
            reason: String,
            dismissal: CancellationSignal,
            answer: CompletableDeferred<Answer>,
        ) {
            val callback = object : BiometricPrompt.AuthenticationCallback() {
                override fun onAuthenticationSucceeded(result: BiometricPrompt.AuthenticationResult?) {
                    answer.complete(Answer.UNLOCKED)
                }

                override fun onAuthenticationError(errorCode: Int, errString: CharSequence?) {
                    answer.complete(answerTo(errorCode))
                }
            }
            BiometricPrompt.Builder(activity)
                .setTitle(title)
                .setDescription(reason)
                .setAllowedAuthenticators(Authenticators.BIOMETRIC_STRONG or Authenticators.DEVICE_CREDENTIAL)
                .build()
                .authenticate(dismissal, activity.mainExecutor, callback)
        }

        private fun answerTo(errorCode: Int) = when (errorCode) {
            BiometricPrompt.BIOMETRIC_ERROR_CANCELED, BiometricPrompt.BIOMETRIC_ERROR_USER_CANCELED -> Answer.CANCELLED
            BiometricPrompt.BIOMETRIC_ERROR_NO_DEVICE_CREDENTIAL -> Answer.UNAVAILABLE
            else -> Answer.FAILED
        }
    }

    private companion object {
        const val REQUEST = 1
    }
}
