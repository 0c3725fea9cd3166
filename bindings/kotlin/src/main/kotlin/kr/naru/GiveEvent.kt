package kr.naru

import kotlin.time.Duration
import kotlinx.coroutines.flow.Flow
import kr.naru.generated.Giving
import kr.naru.generated.GivingEvent

/** What happens while a certificate is given away, in this order. */
public sealed interface GiveEvent {
    /** This device shows a QR for the other one to scan, or a number for those who cannot scan. */
    public class Displaying internal constructor(
        /** The QR to show. */
        public val qr: QrCode,
        private val handle: Giving,
    ) : GiveEvent {
        /** Asks for a number that the other device can type; it comes as [ConnectionNumber]. */
        public fun requestNumber(): Unit = alive { handle.requestNumber() }
    }

    /** The code of [Displaying] can be scanned. */
    public data class Open(
        /** For how long. */
        public val expiresIn: Duration,
    ) : GiveEvent

    /** A number for those who cannot scan. */
    public data class ConnectionNumber(
        /** Twelve digits, in groups. */
        public val number: String,
        /** For how long it can be typed, once. */
        public val expiresIn: Duration,
    ) : GiveEvent {
        /** Does not show the number. */
        override fun toString(): String = "ConnectionNumber"
    }

    /** Somebody has typed the number wrongly: it is used up, and another has to be asked for. */
    public data object ConnectionNumberUsed : GiveEvent

    /** No number could be made; the code can still be scanned. */
    public data class ConnectionNumberUnavailable(
        /** A stable name of the cause. */
        public val code: String,
    ) : GiveEvent

    /**
     * The other device is there: show who would receive the certificate, warn of codes that came by phone
     * or message and, once the person wants to send, [confirmRecipient] and [enterCode].
     */
    public class Joined internal constructor(
        /** Who it says it is. */
        public val peer: Peer?,
        /** How long the whole transfer may still take. */
        public val expiresIn: Duration,
        private val handle: Giving,
    ) : GiveEvent {
        /**
         * The person wants to send to [peer], and unlocks this device for it by the app's [UserVerification].
         * Nothing of the certificate can be sent before.
         *
         * @throws NaruException.Verification when the device was not unlocked.
         */
        public suspend fun confirmRecipient(): Unit = alive { handle.confirmRecipient() }

        /**
         * Takes the security code that the receiving device shows. [Sending] or [WrongCode] answers.
         *
         * @throws NaruException.Input when it is not six digits.
         * @throws NaruException.Misuse before [confirmRecipient].
         */
        public fun enterCode(code: String): Unit = alive { handle.enterCode(code) }
    }

    /** The security code was wrong: ask again. */
    public class WrongCode internal constructor(
        /** How often the person may still try. */
        public val triesLeft: Int,
        private val handle: Giving,
    ) : GiveEvent {
        /** Takes another try. */
        public fun enterCode(code: String): Unit = alive { handle.enterCode(code) }
    }

    /** The code was right, and the certificate is on its way. */
    public data object Sending : GiveEvent

    /**
     * The other device has stored and checked it: ask what to do with the original, keeping it by default.
     * The transfer is over when it has been decided.
     */
    public class Received internal constructor(
        /** Whether the moved key itself says so; otherwise nobody has given its password there yet. */
        public val isSigned: Boolean,
        /** Where it is, in that device's words. */
        public val location: String,
        private val handle: Giving,
    ) : GiveEvent {
        /** The person keeps the original. It can be deleted later: the receipt is remembered. */
        public fun keepOriginal(): Unit = alive { handle.keepOriginal() }

        /** Deletes the original from the store of this device, and tells the other one. */
        public suspend fun deleteOriginal(): Unit = alive { handle.deleteOriginal() }

        /** The app has deleted an original that was not in the store. */
        public fun originalDeleted(): Unit = alive { handle.originalDeleted() }
    }

    /** The relay does not answer; the transfer goes on trying. */
    public data object Reconnecting : GiveEvent

    /** The relay answers again. */
    public data object Reconnected : GiveEvent

    /** It is over, and the other device knows what became of the original. The last event. */
    public data object Given : GiveEvent
}

internal fun giving(displays: Boolean, open: () -> Giving): Flow<GiveEvent> = transfer(
    open = open,
    run = { run() },
    cancel = { cancel() },
    events = { handle ->
        if (displays) emit(GiveEvent.Displaying(handle.qr().facade(), handle))
        while (true) emit((handle.next() ?: break).facade(handle))
    },
    ended = { emit(GiveEvent.Given) },
)

private fun GivingEvent.facade(handle: Giving): GiveEvent = when (this) {
    is GivingEvent.Open -> GiveEvent.Open(expiresInSeconds.duration())
    is GivingEvent.ConnectionNumber -> GiveEvent.ConnectionNumber(number, expiresInSeconds.duration())
    is GivingEvent.ConnectionNumberUsed -> GiveEvent.ConnectionNumberUsed
    is GivingEvent.ConnectionNumberUnavailable -> GiveEvent.ConnectionNumberUnavailable(code)
    is GivingEvent.Joined -> GiveEvent.Joined(peer?.facade(), expiresInSeconds.duration(), handle)
    is GivingEvent.WrongCode -> GiveEvent.WrongCode(triesLeft.toInt(), handle)
    is GivingEvent.Sending -> GiveEvent.Sending
    is GivingEvent.Received -> GiveEvent.Received(signed, location, handle)
    is GivingEvent.Reconnecting -> GiveEvent.Reconnecting
    is GivingEvent.Reconnected -> GiveEvent.Reconnected
}
