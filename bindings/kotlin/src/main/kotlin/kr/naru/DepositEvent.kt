package kr.naru

import kotlin.time.Duration
import kotlinx.coroutines.flow.Flow
import kr.naru.generated.Depositing
import kr.naru.generated.DepositingEvent
import kr.naru.generated.DepositStatus as GeneratedStatus

/** What happens to a deposit. */
public sealed interface DepositEvent {
    /**
     * The relay keeps it: show the codes, once. This device can go away from here on; cancelling the
     * collection leaves the deposit where it is.
     */
    public class Stored internal constructor(
        /** Opens the deposit, for whoever has it: [Naru.fetch]. */
        public val recoveryCode: String,
        /** Looks after it later without opening it: [Naru.depositStatus] and [Naru.withdrawDeposit]. */
        public val withdrawCode: String,
        /** How long the relay keeps it. */
        public val expiresIn: Duration,
        private val handle: Depositing,
    ) : DepositEvent {
        /** Takes the deposit back. One that was fetched cannot be taken back any more. */
        public fun withdraw(): Unit = alive { handle.withdraw() }
    }

    /** Somebody with the recovery code is fetching it. */
    public data object Claimed : DepositEvent

    /** Whoever was fetching it has given it back. */
    public data object Released : DepositEvent

    /** It has been stored and checked elsewhere: [Naru.deleteOriginal] may follow. */
    public data class Fetched(
        /** Whether the moved key itself says so. */
        public val isSigned: Boolean,
        /** Where it is, in that device's words. */
        public val location: String,
    ) : DepositEvent

    /** The relay does not answer; the deposit goes on trying. */
    public data object Reconnecting : DepositEvent

    /** The relay answers again. */
    public data object Reconnected : DepositEvent
}

/** Where a deposit stands. */
public sealed interface DepositStatus {
    /** Nobody has come yet. */
    public data class Waiting(
        /** How long the relay keeps it. */
        public val expiresIn: Duration,
    ) : DepositStatus

    /** Somebody is fetching it. */
    public data class Claimed(
        /** How long the relay keeps it. */
        public val expiresIn: Duration,
    ) : DepositStatus

    /** It has been fetched. */
    public data object Fetched : DepositStatus
}

internal fun depositing(open: () -> Depositing): Flow<DepositEvent> = transfer(
    open = open,
    run = { run() },
    cancel = { leave() },
    events = { handle -> while (true) emit((handle.next() ?: break).facade(handle)) },
    ended = { },
)

private fun DepositingEvent.facade(handle: Depositing): DepositEvent = when (this) {
    is DepositingEvent.Stored ->
        DepositEvent.Stored(recoveryCode, withdrawCode, expiresInSeconds.duration(), handle)
    is DepositingEvent.Claimed -> DepositEvent.Claimed
    is DepositingEvent.Released -> DepositEvent.Released
    is DepositingEvent.Fetched -> DepositEvent.Fetched(signed, location)
    is DepositingEvent.Reconnecting -> DepositEvent.Reconnecting
    is DepositingEvent.Reconnected -> DepositEvent.Reconnected
}

internal fun GeneratedStatus.facade(): DepositStatus = when (this) {
    is GeneratedStatus.Waiting -> DepositStatus.Waiting(expiresInSeconds.duration())
    is GeneratedStatus.Claimed -> DepositStatus.Claimed(expiresInSeconds.duration())
    is GeneratedStatus.Fetched -> DepositStatus.Fetched
}
