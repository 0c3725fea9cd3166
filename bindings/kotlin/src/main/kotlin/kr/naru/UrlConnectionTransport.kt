package kr.naru

import java.io.IOException
import java.net.HttpURLConnection
import java.net.SocketTimeoutException
import java.net.URL
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.DelicateCoroutinesApi
import kotlinx.coroutines.GlobalScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull

/** HTTP by what every Android and every JVM has. A request that waits takes a thread. */
public class UrlConnectionTransport : Transport {
    // A waiting request does nothing else, and must not keep others from starting.
    private val waiting = Dispatchers.IO.limitedParallelism(MOST_AT_ONCE)

    @OptIn(DelicateCoroutinesApi::class)
    override suspend fun send(request: HttpRequest): HttpResponse {
        val connection = open(request)
        // Not a child: whoever cancels does not wait for the thread.
        val exchange = GlobalScope.async(waiting, CoroutineStart.ATOMIC) {
            runCatching { connection.exchange(request) }
        }
        try {
            val answer = withTimeoutOrNull(request.timeout) { exchange.await() }
            return (answer ?: throw SocketTimeoutException()).getOrThrow()
        } finally {
            if (!exchange.isCompleted) abort(connection, exchange)
        }
    }

    private fun open(request: HttpRequest): HttpURLConnection {
        val connection = URL(request.url).openConnection() as HttpURLConnection
        connection.requestMethod = request.method
        connection.instanceFollowRedirects = false
        connection.useCaches = false
        connection.connectTimeout = CONNECT.inWholeMilliseconds.toInt()
        connection.readTimeout = request.timeout.inWholeMilliseconds.coerceIn(1, Int.MAX_VALUE.toLong()).toInt()
        request.headers.forEach { (name, value) -> connection.setRequestProperty(name, value) }
        return connection
    }

    private fun HttpURLConnection.exchange(request: HttpRequest): HttpResponse {
        if (request.body.isNotEmpty() || request.method == "PUT" || request.method == "POST") {
            // Not streamed: the JVM would take a 401 for no answer. Every request may be sent twice.
            doOutput = true
            outputStream.use { it.write(request.body) }
        }
        val status = responseCode
        if (status < 0) throw IOException()
        // It has no stream where an error came without a body.
        val stream = if (status < 400) inputStream else errorStream
        val body = stream?.use { it.readBytes() } ?: ByteArray(0)
        // The JVM takes an answer that broke off for a whole one.
        if (contentLength > body.size) throw IOException()
        val headers = headerFields.flatMap { (name, values) ->
            if (name == null) emptyList() else values.map { name to it }
        }
        return HttpResponse(status, headers, body)
    }

    /** Closes the connection until its thread has noticed: the JVM opens a broken one again, once. */
    @OptIn(DelicateCoroutinesApi::class)
    private fun abort(connection: HttpURLConnection, exchange: Job) {
        GlobalScope.launch(Dispatchers.IO) {
            while (!exchange.isCompleted) {
                connection.disconnect()
                delay(RETRY)
            }
        }
    }

    private companion object {
        const val MOST_AT_ONCE = 512
        val CONNECT = 10.seconds
        val RETRY = 20.milliseconds
    }
}
