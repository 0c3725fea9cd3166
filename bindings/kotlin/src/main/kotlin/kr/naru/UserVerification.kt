package kr.naru

/** Asks the person to unlock the device: by a fingerprint, a face or the screen lock. */
public fun interface UserVerification {
    /**
     * Returns when the person has been verified for this purpose, which the app shows.
     *
     * @throws VerificationException when the person was not.
     */
    @Throws(VerificationException::class)
    public suspend fun verify(purpose: VerificationPurpose)
}

/** For what the person is to unlock the device. */
public sealed interface VerificationPurpose {
    /** A certificate is about to be sent to another device. */
    public data class Send(
        /** What the other device calls itself; empty when it did not say. */
        public val recipient: String,
    ) : VerificationPurpose

    /** A certificate is about to be left with the relay. */
    public data object Deposit : VerificationPurpose

    /** A certificate is about to become a file. */
    public data object Export : VerificationPurpose

    /** A certificate is about to be deleted. */
    public data object Delete : VerificationPurpose
}

/** Why the person was not verified. */
public class VerificationException @JvmOverloads constructor(
    /** What an app can act on. */
    public val reason: Reason,
    cause: Throwable? = null,
) : Exception("the person was not verified: $reason", cause) {
    /** What an app can act on. */
    public enum class Reason {
        /** The person did not want to. */
        CANCELLED,

        /** It was somebody else, or the device has locked itself. */
        FAILED,

        /** The device has no lock: one has to be set up first. */
        UNAVAILABLE,
    }
}
