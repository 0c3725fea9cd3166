package kr.naru

import java.net.ConnectException
import java.net.InetAddress
import java.net.ServerSocket
import java.net.Socket
import java.net.SocketException
import java.net.URI
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.concurrent.thread
import kotlin.time.TimeSource
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.update

/** A wire between a phone and a relay, on which requests can be seen to begin and to be dropped, and that can be cut. */
class Wire(private var relayPort: Int) : AutoCloseable {
    private val server = ServerSocket(0, 200, InetAddress.getLoopbackAddress())
    private val open = ConcurrentHashMap.newKeySet<Socket>()
    private val waiting = MutableStateFlow(0)
    private val dropped = MutableStateFlow<TimeSource.Monotonic.ValueTimeMark?>(null)

    private var isCut = false

    init {
        thread(isDaemon = true) {
            while (!server.isClosed) {
                val phone = try { server.accept() } catch (_: SocketException) { return@thread }
                carry(phone)
            }
        }
    }

    /** Carries the phone's requests over this wire, whatever transport the app has. */
    fun under(transport: Transport) = object : Transport {
        override suspend fun send(request: HttpRequest): HttpResponse {
            val there = URI(request.url)
            val here = URI(there.scheme, null, "localhost", server.localPort, there.path, there.query, null)
            return transport.send(HttpRequest(request.method, here.toString(), request.headers, request.body, request.timeout))
        }
    }

    /** Returns when a request waits for the other device. */
    suspend fun waits() {
        waiting.first { it > 0 }
    }

    /** When the phone dropped the request that was waiting. */
    suspend fun droppedAt(): TimeSource.Monotonic.ValueTimeMark = dropped.first { it != null } ?: error("not dropped")

    @Synchronized
    fun cut() {
        isCut = true
        open.forEach(Socket::close)
    }

    /** Another relay takes the place of the one at the end. */
    @Synchronized
    fun leadsTo(port: Int) {
        relayPort = port
        open.forEach(Socket::close)
    }

    @Synchronized
    fun mend() {
        isCut = false
    }

    /** The way to the relay; none where the wire is cut. A connection is seen by [cut], or sees that it has happened. */
    @Synchronized
    private fun connect(phone: Socket): Socket? {
        val relay = if (isCut) null else try { Socket(InetAddress.getLoopbackAddress(), relayPort) } catch (_: ConnectException) { null }
        if (relay == null) phone.close() else open += listOf(phone, relay)
        return relay
    }

    private fun carry(phone: Socket) {
        val relay = connect(phone) ?: return
        val isWaiting = AtomicBoolean()
        thread(isDaemon = true) {
            val buffer = ByteArray(1 shl 16)
            try {
                while (true) {
                    val count = phone.getInputStream().read(buffer)
                    if (count < 0) break
                    if (String(buffer, 0, count, Charsets.ISO_8859_1).startsWith("GET ")) {
                        isWaiting.set(true)
                        waiting.update { it + 1 }
                    }
                    relay.getOutputStream().write(buffer, 0, count)
                }
            } catch (_: SocketException) {
                // The test has cut the wire, or the phone has dropped the request.
            }
            if (isWaiting.get()) dropped.value = TimeSource.Monotonic.markNow()
            close(phone, relay)
        }
        thread(isDaemon = true) {
            val buffer = ByteArray(1 shl 16)
            try {
                while (true) {
                    val count = relay.getInputStream().read(buffer)
                    if (count < 0) break
                    if (isWaiting.getAndSet(false)) waiting.update { it - 1 }
                    phone.getOutputStream().write(buffer, 0, count)
                }
            } catch (_: SocketException) {
                // As above.
            }
            close(phone, relay)
        }
    }

    private fun close(phone: Socket, relay: Socket) {
        open -= setOf(phone, relay)
        phone.close()
        relay.close()
    }

    override fun close() {
        server.close()
        cut()
    }
}
