package kr.naru

import kr.naru.generated.Identity as Generated
import kr.naru.generated.IdentityKey as Handle

/**
 * Made before a login and for that login alone. The app keeps [secret] as it keeps the ID token that it gets,
 * and forgets both together.
 */
public class IdentityKey private constructor(internal val handle: Handle) : AutoCloseable {
    /** A new one. */
    public constructor() : this(failing { Handle() })

    /** The `nonce` to send with the login. */
    public val nonce: String
        get() = handle.nonce()

    /** What the app has to keep, 32 bytes. */
    public val secret: ByteArray
        get() = handle.secret()

    override fun close(): Unit = handle.close()

    public companion object {
        /**
         * One that the app has kept.
         *
         * @throws NaruException.Misuse for bytes that are none.
         */
        @JvmStatic
        public fun restored(secret: ByteArray): IdentityKey = IdentityKey(failing { Handle.restored(secret) })
    }
}

/** A login, and whose word both devices take for who a person is. */
public class Identity(
    /** The ID token of a login with the nonce of [key]. */
    public val idToken: String,
    /** The key that it names. */
    public val key: IdentityKey,
    /** The one issuer that counts, exactly as its tokens have it. */
    public val issuer: String,
    /**
     * The client ids for which tokens count: those of the app and of the page. No relay and no other service
     * may take their tokens for a login.
     */
    public val audiences: List<String>,
    /** The document at the issuer's `jwks_uri`, which the app has fetched there. */
    public val jwks: String,
) {
    /** Shows the issuer only. */
    override fun toString(): String = "Identity($issuer)"

    internal fun generated(): Generated = Generated(idToken, key.handle, issuer, audiences, jwks)
}
