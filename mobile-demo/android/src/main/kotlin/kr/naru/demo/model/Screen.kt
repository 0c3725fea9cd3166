package kr.naru.demo.model

/** What the person sees. */
sealed interface Screen {
    /** The certificates of this phone, and what can be done. */
    data object Home : Screen

    /** The camera looks for a QR. */
    data class Scanning(
        val purpose: Purpose,
        /** What was wrong with the last one. */
        val hint: Problem? = null,
    ) : Screen

    /** The camera cannot or shall not be used: the connection number is typed. */
    data class TypingNumber(
        val purpose: Purpose,
        val problem: Problem? = null,
        /** What was typed before, to be corrected. */
        val typed: String = "",
    ) : Screen {
        /** Does not show the number. */
        override fun toString(): String = "TypingNumber($purpose, $problem)"
    }

    /** The other device is being reached. */
    data class Connecting(val purpose: Purpose) : Screen

    /** Receiving: the digits, large, for the person to type on the other device. */
    data class SecurityCode(val digits: String, val peer: String?) : Screen {
        /** Does not show the digits. */
        override fun toString(): String = "SecurityCode"
    }

    /** Receiving: whose certificate has come. */
    data class Arrived(
        val rows: List<CertificateRow>,
        /** The last four digits of the fingerprint, which the sending device shows as well. */
        val mark: String,
        /** Who sent it. */
        val sender: String?,
        /** What the person should know before agreeing, such as that it has expired. */
        val warning: String?,
        /** Why it was not stored yet. */
        val problem: Problem? = null,
    ) : Screen

    /** Receiving: it is stored, read back and checked. */
    data object Checking : Screen

    /** Receiving: it is here. */
    data class Stored(
        val name: String,
        val validity: String,
        /** What the check has shown, a line each. Revocation is never looked up, and that is one of them. */
        val findings: List<String>,
        /** What became of the original, once the other device has said so. */
        val original: String?,
    ) : Screen

    /** Giving: who would get the certificate. */
    data class Recipient(val name: String, val problem: Problem? = null) : Screen

    /** Giving: the other device's digits are typed. */
    data class TypingCode(val problem: Problem? = null) : Screen

    /** Giving: it is on its way. */
    data object Sending : Screen

    /** Giving: the other device has it; what of the original? */
    data class Sent(
        /** Where, in the other device's words. */
        val location: String,
        /** What that device has checked. */
        val finding: String,
        val problem: Problem? = null,
    ) : Screen

    /** It is over, and this is how. */
    data class Done(val message: String) : Screen

    /** It did not succeed. */
    data class Failed(val problem: Problem) : Screen
}

/** What is wrong on this screen, which stays. */
val Screen.problem: Problem?
    get() = when (this) {
        is Screen.Scanning -> hint
        is Screen.TypingNumber -> problem
        is Screen.Arrived -> problem
        is Screen.Recipient -> problem
        is Screen.TypingCode -> problem
        is Screen.Sent -> problem
        is Screen.Failed -> problem
        else -> null
    }

/** The same screen before something went wrong on it: what is typed and seen there can stay. */
fun Screen.withoutProblem(): Screen = when (this) {
    is Screen.Scanning -> copy(hint = null)
    is Screen.TypingNumber -> copy(problem = null)
    is Screen.Arrived -> copy(problem = null)
    is Screen.Recipient -> copy(problem = null)
    is Screen.TypingCode -> copy(problem = null)
    is Screen.Sent -> copy(problem = null)
    else -> this
}

/** For what a code is scanned or typed. */
sealed interface Purpose {
    /** A certificate comes to this phone. */
    data object Receive : Purpose

    /** A certificate of this phone, by its fingerprint, goes to another device. */
    data class Give(val fingerprint: String) : Purpose
}

/** A certificate in a list. */
data class CertificateRow(
    /** Its fingerprint. */
    val id: String,
    val name: String,
    val issuer: String,
    /** Such as `유효기간 2027.12.31` or `만료됨 2025.3.1`. */
    val validity: String,
    /** It is over, and can only be issued anew. */
    val isExpired: Boolean,
    /** Another device has it, so that the original can go. */
    val wasMoved: Boolean,
)

/** Why it did not succeed, in the person's language. */
data class Problem(
    /** Cause and next step. */
    val message: String,
    /** A stable name for the help desk. */
    val code: String,
    /** Whether to offer the same again. */
    val canRetry: Boolean,
)

/** All that there is to show. */
data class State(
    val language: Language,
    val screen: Screen = Screen.Home,
    /** The certificates of this phone. */
    val certificates: List<CertificateRow> = emptyList(),
    /** Why the list could not be read, or a certificate not be deleted. */
    val listProblem: Problem? = null,
    /** The relay does not answer at the moment. */
    val isReconnecting: Boolean = false,
) {
    /** What the app says. */
    val texts: Texts get() = Texts(language)
}
