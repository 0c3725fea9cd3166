package kr.naru

import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.flow.Flow
import kr.naru.generated.Receiving
import kr.naru.generated.ReceivingEvent
import kr.naru.generated.OriginalFate as GeneratedFate

/** What happens while a certificate is received, in this order. */
public sealed interface ReceiveEvent {
    /** This device shows a QR for the other one to scan, or a number for those who cannot scan. */
    public class Displaying internal constructor(
        /** The QR to show. */
        public val qr: QrCode,
        private val handle: Receiving,
    ) : ReceiveEvent {
        /** Asks for a number that the other device can type; it comes as [ConnectionNumber]. */
        public fun requestNumber(): Unit = alive { handle.requestNumber() }
    }

    /** The code of [Displaying] can be scanned. */
    public data class Open(
        /** For how long. */
        public val expiresIn: Duration,
    ) : ReceiveEvent

    /** A number for those who cannot scan. */
    public data class ConnectionNumber(
        /** Twelve digits, in groups. */
        public val number: String,
        /** For how long it can be typed, once. */
        public val expiresIn: Duration,
    ) : ReceiveEvent {
        /** Does not show the number. */
        override fun toString(): String = "ConnectionNumber"
    }

    /** Somebody has typed the number wrongly: it is used up, and another has to be asked for. */
    public data object ConnectionNumberUsed : ReceiveEvent

    /** No number could be made; the code can still be scanned. */
    public data class ConnectionNumberUnavailable(
        /** A stable name of the cause. */
        public val code: String,
    ) : ReceiveEvent

    /** The other device is there: show the code, large. The person types it there. */
    public data class SecurityCode(
        /** Six digits. */
        public val code: String,
        /** Who the other device says it is; one that shows the QR says so only with the certificate. */
        public val peer: Peer?,
        /** How long the whole transfer may still take. */
        public val expiresIn: Duration,
    ) : ReceiveEvent {
        /** Does not show the code. */
        override fun toString(): String = "SecurityCode"
    }

    /** Certificates have come: show whose they are, then [accept] or [refuse] them. */
    public class Arrived internal constructor(
        /** Who has sent them. */
        public val peer: Peer?,
        /** Usually one. They are the app's to close. */
        public val certificates: List<Certificate>,
        private val handle: Receiving,
    ) : ReceiveEvent {
        /**
         * The person agrees: stores the certificates, reads them back, compares, and tells the sending device.
         *
         * Where their passwords were checked by then ([Certificate.check]), their keys sign that. When the
         * store fails, nothing is told, and this can be called again.
         *
         * @throws NaruException.Storage when the store fails.
         */
        public suspend fun accept(): List<CertificateReport> =
            alive { handle.accept().map { it.facade() } }

        /** The person does not want what has come; the sending device is told so. */
        public fun refuse(): Unit = alive { handle.refuse() }
    }

    /** The sending device can know that the certificate is stored here: it is safe to leave. */
    public data object Acknowledged : ReceiveEvent

    /** The relay does not answer; the transfer goes on trying. */
    public data object Reconnecting : ReceiveEvent

    /** The relay answers again. */
    public data object Reconnected : ReceiveEvent

    /** It is over, and the certificate is stored here. The last event. */
    public data class Received(
        /** What became of the original on the sending device. */
        public val original: OriginalFate,
    ) : ReceiveEvent
}

/** What became of the original on the sending device. */
public enum class OriginalFate {
    /** It was deleted. */
    DELETED,

    /** It was kept. */
    KEPT,

    /** That device did not say. */
    UNKNOWN,
}

internal fun receiving(displays: Boolean, open: () -> Receiving): Flow<ReceiveEvent> = transfer(
    open = open,
    run = { run() },
    cancel = { cancel() },
    events = { handle ->
        if (displays) emit(ReceiveEvent.Displaying(handle.qr().facade(), handle))
        while (true) emit((handle.next() ?: break).facade(handle))
    },
    ended = { emit(ReceiveEvent.Received(it.facade())) },
)

private fun ReceivingEvent.facade(handle: Receiving): ReceiveEvent = when (this) {
    is ReceivingEvent.Open -> ReceiveEvent.Open(expiresInSeconds.duration())
    is ReceivingEvent.ConnectionNumber -> ReceiveEvent.ConnectionNumber(number, expiresInSeconds.duration())
    is ReceivingEvent.ConnectionNumberUsed -> ReceiveEvent.ConnectionNumberUsed
    is ReceivingEvent.ConnectionNumberUnavailable -> ReceiveEvent.ConnectionNumberUnavailable(code)
    is ReceivingEvent.SecurityCode -> ReceiveEvent.SecurityCode(code, peer?.facade(), expiresInSeconds.duration())
    is ReceivingEvent.Arrived -> ReceiveEvent.Arrived(peer?.facade(), handle.certificates().map(::Certificate), handle)
    is ReceivingEvent.Acknowledged -> ReceiveEvent.Acknowledged
    is ReceivingEvent.Reconnecting -> ReceiveEvent.Reconnecting
    is ReceivingEvent.Reconnected -> ReceiveEvent.Reconnected
}

private fun GeneratedFate.facade() = when (this) {
    GeneratedFate.DELETED -> OriginalFate.DELETED
    GeneratedFate.KEPT -> OriginalFate.KEPT
    GeneratedFate.UNKNOWN -> OriginalFate.UNKNOWN
}

internal fun ULong.duration(): Duration = toLong().seconds
