package kr.naru

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.FlowCollector
import kotlinx.coroutines.flow.flow

/** Transfers go on here when their collectors have gone, for the seconds that a farewell takes. */
private val transfers = CoroutineScope(SupervisorJob() + Dispatchers.Default)

/**
 * One transfer as a flow: each collection is one of its own, and cancelling the collection aborts the
 * request under way, while the other device is told so behind it.
 */
internal fun <H : AutoCloseable, E, R> transfer(
    open: () -> H,
    run: suspend H.() -> R,
    cancel: H.() -> Unit,
    events: suspend FlowCollector<E>.(H) -> Unit,
    ended: suspend FlowCollector<E>.(R) -> Unit,
): Flow<E> = flow {
    val handle = failing { open() }
    val running = transfers.async { failing { handle.run() } }
    try {
        events(handle)
        ended(running.await())
    } finally {
        if (!running.isCompleted) handle.cancel()
        running.invokeOnCompletion { handle.close() }
    }
}
