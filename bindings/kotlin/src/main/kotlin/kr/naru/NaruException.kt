package kr.naru

import java.util.Locale

/**
 * Why something did not succeed; its class says what it has to do with. Whatever the cause, no certificate
 * is lost by it.
 */
public sealed class NaruException(
    /** A stable name of the cause, for the app and for the help desk. */
    public val code: String,
    /** Whether the person can succeed by doing the same again, where need be with a new code. */
    public val isRetryable: Boolean,
    private val korean: String,
    private val english: String,
) : Exception("$english ($code)") {
    /** Cause and next step, for the person: in Korean where [locale] is Korean, otherwise in English. */
    public fun messageIn(locale: Locale): String = if (locale.language == "ko") korean else english

    /** The same in the device's language. */
    override fun getLocalizedMessage(): String = messageIn(Locale.getDefault())

    /** For logs: in English, with the code. */
    override fun toString(): String = "${javaClass.name}: $message"

    /** The person on this device stopped it. */
    public class Cancelled internal constructor(code: String, isRetryable: Boolean, korean: String, english: String) :
        NaruException(code, isRetryable, korean, english)

    /** It took too long. */
    public class Expired internal constructor(code: String, isRetryable: Boolean, korean: String, english: String) :
        NaruException(code, isRetryable, korean, english)

    /** The other device, or the person at it, ended it. */
    public class OtherDevice internal constructor(code: String, isRetryable: Boolean, korean: String, english: String) :
        NaruException(code, isRetryable, korean, english)

    /** The person has to log in, or to log in again. */
    public class LoginRequired internal constructor(code: String, isRetryable: Boolean, korean: String, english: String) :
        NaruException(code, isRetryable, korean, english)

    /** The two devices belong to two people. */
    public class OtherPerson internal constructor(code: String, isRetryable: Boolean, korean: String, english: String) :
        NaruException(code, isRetryable, korean, english)

    /** A rule of the agency does not allow it. */
    public class NotAllowed internal constructor(
        code: String, isRetryable: Boolean, korean: String, english: String,
        /** Which rule, and whom to ask; `null` where the account belongs to no agency here. */
        public val refusal: RuleRefusal?,
    ) : NaruException(code, isRetryable, korean, english)

    /** The person has as many devices as they may. */
    public class DeviceLimit internal constructor(
        code: String, isRetryable: Boolean, korean: String, english: String,
        /** The agency's rule, and whom to ask. */
        public val refusal: RuleRefusal?,
    ) : NaruException(code, isRetryable, korean, english)

    /** This device was removed by its owner; it can do nothing before [Naru.renewDevice]. */
    public class DeviceRevoked internal constructor(code: String, isRetryable: Boolean, korean: String, english: String) :
        NaruException(code, isRetryable, korean, english)

    /** The relay cannot be reached. */
    public class Network internal constructor(code: String, isRetryable: Boolean, korean: String, english: String) :
        NaruException(code, isRetryable, korean, english)

    /** The relay has answered otherwise than hoped. */
    public class Relay internal constructor(code: String, isRetryable: Boolean, korean: String, english: String) :
        NaruException(code, isRetryable, korean, english)

    /** Somebody may be attacking, or something on the way alters messages. */
    public class Security internal constructor(code: String, isRetryable: Boolean, korean: String, english: String) :
        NaruException(code, isRetryable, korean, english)

    /** What the person has typed or scanned is not right. */
    public class Input internal constructor(code: String, isRetryable: Boolean, korean: String, english: String) :
        NaruException(code, isRetryable, korean, english)

    /** The password of a certificate is not right, or not strong enough. */
    public class Password internal constructor(code: String, isRetryable: Boolean, korean: String, english: String) :
        NaruException(code, isRetryable, korean, english)

    /** The certificate itself cannot be used for this. */
    public class InvalidCertificate internal constructor(code: String, isRetryable: Boolean, korean: String, english: String) :
        NaruException(code, isRetryable, korean, english)

    /** The store of this device did not do what was asked. */
    public class Storage internal constructor(code: String, isRetryable: Boolean, korean: String, english: String) :
        NaruException(code, isRetryable, korean, english)

    /** The person did not unlock this device. */
    public class Verification internal constructor(code: String, isRetryable: Boolean, korean: String, english: String) :
        NaruException(code, isRetryable, korean, english)

    /** This version cannot do it. */
    public class Unsupported internal constructor(code: String, isRetryable: Boolean, korean: String, english: String) :
        NaruException(code, isRetryable, korean, english)

    /** The app has called something out of turn. */
    public class Misuse internal constructor(code: String, isRetryable: Boolean, korean: String, english: String) :
        NaruException(code, isRetryable, korean, english)
}
