package kr.naru

/**
 * Keeps certificates on this device: [FolderCertificateStore], on Android
 * `kr.naru.android.KeystoreCertificateStore`, or the app's own.
 *
 * What is kept is kept whole or not at all. Every call may fail with a [StoreException].
 */
public interface CertificateStore {
    /** Keeps a certificate; it takes the place of one with the same id. */
    @Throws(StoreException::class)
    public suspend fun save(certificate: StoredCertificate)

    /** The ids of the certificates that are kept. */
    @Throws(StoreException::class)
    public suspend fun list(): List<String>

    /** The certificate of this id, as it was saved; null when there is none. */
    @Throws(StoreException::class)
    public suspend fun load(id: String): StoredCertificate?

    /** Deletes the certificate of this id; one that is not there is deleted already. */
    @Throws(StoreException::class)
    public suspend fun delete(id: String)

    /**
     * Keeps a few bytes of the library's own under a name of small letters, digits and hyphens. They are
     * as secret as a certificate.
     */
    @Throws(StoreException::class)
    public suspend fun saveNote(name: String, content: ByteArray)

    /** The bytes of this name; null when there are none. */
    @Throws(StoreException::class)
    public suspend fun loadNote(name: String): ByteArray?

    /** Deletes the bytes of this name, if they are there. */
    @Throws(StoreException::class)
    public suspend fun deleteNote(name: String)
}

/** A certificate with its private keys, which are encrypted under its owner's password. */
public class StoredCertificate(
    /** 64 small hexadecimal digits. */
    public val id: String,
    /** All its files. */
    public val files: List<CertificateFile>,
) {
    /** Shows the id only. */
    override fun toString(): String = "StoredCertificate($id)"
}

/** A file of a certificate. */
public class CertificateFile(
    /**
     * Its path, with `/` between the names; where the library says it, below the folder in which programs
     * look for `GPKI` and `NPKI`.
     */
    public val path: String,
    /** Its bytes. */
    public val content: ByteArray,
) {
    /** Shows the path only. */
    override fun toString(): String = "CertificateFile($path)"
}

/** Why a store did not do what was asked. */
public class StoreException @JvmOverloads constructor(
    /** What an app can act on. */
    public val reason: Reason,
    cause: Throwable? = null,
) : Exception("the store failed: $reason", cause) {
    /** What an app can act on. */
    public enum class Reason {
        /** The device is locked, or the person did not unlock it for this. */
        LOCKED,

        /** There is no room. */
        FULL,

        /** What was kept cannot be read any more: its key is gone. */
        KEY_LOST,

        /** Anything else. */
        FAILED,
    }
}
