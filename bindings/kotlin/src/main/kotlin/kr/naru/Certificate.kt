package kr.naru

import kotlin.time.Instant
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import kr.naru.generated.Certificate as Handle

/**
 * One certificate with its private keys, which stay inside the library.
 *
 * Close it when the screen that shows it goes: a password that was right is kept until then.
 */
public class Certificate internal constructor(internal val handle: Handle) : AutoCloseable {
    /** What a person can see of it at this moment. */
    public val summary: CertificateSummary
        get() = failing { handle.summary().facade() }

    /** What is known of it without asking for the password again. */
    public val report: CertificateReport
        get() = failing { handle.report().facade() }

    /**
     * Checks the password on this device, and says what the certificate is worth.
     *
     * There is no lock-out. A right password is kept until [close], so that the certificate can be given,
     * exported or given a new one.
     *
     * @throws NaruException.Password when it is wrong.
     */
    public suspend fun check(password: String): CertificateReport =
        withContext(Dispatchers.Default) { failing { handle.check(password).facade() } }

    override fun close(): Unit = handle.close()
}

/** What a person can see of a certificate. */
public data class CertificateSummary(
    /** SHA-256 of the certificate, 64 hexadecimal digits; the store's id of it. */
    public val fingerprint: String,
    /** The last four digits, in capitals: what two people compare. */
    public val shortFingerprint: String,
    /** How it lies on disk. */
    public val format: CertificateFormat,
    /** Whether it is in the store of this device. */
    public val isStored: Boolean,
    /** When another device confirmed that it has it. */
    public val movedAt: Instant?,
    /** The holder's name; empty for a `.pfx` whose password has not been given. */
    public val name: String,
    /** Who has issued it. */
    public val issuer: String,
    /** For whom. */
    public val holder: CertificateHolder,
    /** From when it is valid. */
    public val notBefore: Instant?,
    /** Until when it is valid. */
    public val notAfter: Instant?,
    /** Where the present lies in that time. It may have been revoked all the same. */
    public val validity: CertificateValidity,
)

/** How a certificate lies on disk. */
public enum class CertificateFormat {
    /** As GPKI's programs write it. */
    GPKI,

    /** As NPKI's programs write it. */
    NPKI,

    /** One `.pfx` or `.p12`. */
    PKCS12,
}

/** For whom a certificate was issued. */
public enum class CertificateHolder {
    /** A public official. */
    OFFICIAL,

    /** A member of a public body. */
    PUBLIC_BODY,

    /** An agency itself: an electronic seal. */
    SEAL,

    /** A server. */
    SERVER,

    /** A special purpose. */
    SPECIAL_PURPOSE,

    /** A private person. */
    PERSON,

    /** A company. */
    COMPANY,

    /** It does not say so in a way that is known here. */
    UNKNOWN,
}

/** Where the present lies in a certificate's time. */
public sealed interface CertificateValidity {
    /** A `.pfx` whose password has not been given. */
    public data object Unknown : CertificateValidity

    /** It begins later. */
    public data object NotYet : CertificateValidity

    /** It runs. */
    public data class Valid(
        /** Whole days that are left. */
        public val daysLeft: Long,
    ) : CertificateValidity

    /** It is over. */
    public data object Expired : CertificateValidity
}

/** What checking has shown. Whether the certificate was revoked is never looked up: say so. */
public data class CertificateReport(
    /** Whether the private key belongs to it. */
    public val key: KeyCheck,
    /** Whether a trusted root stands behind it. */
    public val chain: ChainCheck,
    /**
     * Whether it holds the number by which its holder's identity can be checked (본인확인 정보); null while
     * the key has not been opened.
     */
    public val hasIdentityInformation: Boolean?,
    /** What the certificate says. */
    public val summary: CertificateSummary,
)

/** Whether a private key belongs to its certificate. */
public enum class KeyCheck {
    /** The password has not been given. */
    NOT_CHECKED,

    /** It does. */
    MATCHES,

    /** The key is of a kind that this version cannot open. It can be moved all the same. */
    UNKNOWN,
}

/** Whether a trusted root stands behind a certificate. */
public enum class ChainCheck {
    /** The app knows no roots. */
    NOT_CONFIGURED,

    /** One does. */
    TRUSTED,

    /** None does. */
    UNTRUSTED,
}

/** What was among some files. */
public class FoundCertificates(
    /** The certificates that have a private key. */
    public val certificates: List<Certificate>,
    /** What looked like a part of one and is not usable. */
    public val problems: List<FileProblem>,
)

/** A file that cannot be used. */
public data class FileProblem(
    /** Its path. */
    public val path: String,
    /**
     * A stable name of the cause: `key_missing`, `certificate_missing`, `certificate_unreadable`,
     * `key_unreadable`, `key_not_encrypted`, `pkcs12_unreadable` or `file_too_large`.
     */
    public val code: String,
)
