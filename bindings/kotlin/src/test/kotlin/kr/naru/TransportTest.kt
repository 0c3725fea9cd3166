package kr.naru

import java.io.EOFException
import java.io.IOException
import java.io.InputStream
import java.net.InetAddress
import java.net.ServerSocket
import java.net.Socket
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource

class TransportTest {
    private val server = ServerSocket(0, 50, InetAddress.getLoopbackAddress())

    @AfterEach
    fun close() = server.close()

    private fun request(method: String, body: ByteArray = ByteArray(0), timeout: Duration = 20.seconds) =
        HttpRequest(method, "http://localhost:${server.localPort}/v1/x?after=1", listOf("Authorization" to "Bearer secret"), body, timeout)

    /** Takes one request, and gives this answer. */
    private suspend fun answer(response: String): String = withContext(Dispatchers.IO) {
        server.accept().use { socket ->
            val request = socket.read()
            socket.getOutputStream().write(response.toByteArray(Charsets.ISO_8859_1))
            request
        }
    }

    private fun Socket.read(): String {
        val taken = StringBuilder()
        val input = getInputStream()
        while ("\r\n\r\n" !in taken) taken.append(input.next())
        val length = Regex("(?i)content-length: (\\d+)").find(taken)?.groupValues?.get(1)?.toInt() ?: 0
        repeat(length) { taken.append(input.next()) }
        return taken.toString()
    }

    private fun InputStream.next(): Char = read().also { if (it < 0) throw EOFException("the request broke off") }.toChar()

    /** The next connection with a whole request: the JVM opens one that was broken again, and that one is broken too. */
    private fun acceptWhole(): Socket {
        while (true) {
            val socket = server.accept()
            try {
                socket.read()
                return socket
            } catch (_: IOException) {
                socket.close()
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun `sends every method with headers and body, and gives back whatever comes`(transport: Transport) = test {
        for (method in listOf("GET", "PUT", "POST", "DELETE")) {
            val body = if (method == "PUT") byteArrayOf(0, -1, 7) else ByteArray(0)
            val taken = async { answer("HTTP/1.1 410 Gone\r\nNaru-Problem: mailbox_ended\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc") }
            val response = transport.send(request(method, body))
            assertTrue(taken.await().startsWith("$method /v1/x?after=1 HTTP/1.1\r\n"))
            assertTrue("authorization: bearer secret\r\n" in taken.await().lowercase())
            if (method == "PUT") assertTrue(taken.await().endsWith("\u0000\u00ff\u0007"))
            assertEquals(410, response.status)
            assertEquals("mailbox_ended", response.headers.single { it.first.equals("naru-problem", ignoreCase = true) }.second)
            assertArrayEquals("abc".toByteArray(), response.body)
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun `takes an answer without a body`(transport: Transport) = test {
        val taken = async { answer("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n") }
        assertEquals(0, transport.send(request("DELETE")).body.size)
        taken.await()
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun `gives back a refusal of the token`(transport: Transport) = test {
        for (challenge in listOf("", "WWW-Authenticate: Bearer\r\n")) {
            val taken = async { answer("HTTP/1.1 401 Unauthorized\r\n${challenge}Content-Length: 2\r\nConnection: close\r\n\r\nno") }
            val response = transport.send(request("PUT", byteArrayOf(1)))
            assertEquals(401, response.status)
            assertArrayEquals("no".toByteArray(), response.body)
            taken.await()
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun `follows no redirect`(transport: Transport) = test {
        val taken = async { answer("HTTP/1.1 302 Found\r\nLocation: http://localhost:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") }
        assertEquals(302, transport.send(request("GET")).status)
        taken.await()
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun `gives up in time when no answer comes`(transport: Transport) = test {
        assertTakesLessThan(2.seconds) {
            val started = TimeSource.Monotonic.markNow()
            failsBy<IOException> { transport.send(request("GET", timeout = 300.milliseconds)) }
            started.elapsedNow().also { assertTrue(it >= 300.milliseconds) }
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun `gives up when an answer breaks off`(transport: Transport) = test {
        val taken = async { answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc") }
        failsBy<IOException> { transport.send(request("GET")) }
        taken.await()
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun `gives up when nobody is there`(transport: Transport) = test {
        val nobodys = HttpRequest("PUT", "http://localhost:1/v1/x", emptyList(), byteArrayOf(1), 20.seconds)
        failsBy<IOException> { transport.send(nobodys) }
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun `closes the connection of a request that is cancelled`(transport: Transport) = test {
        assertTakesLessThan(200.milliseconds) {
            val sending = launch { transport.send(request("GET")) }
            withContext(Dispatchers.IO) {
                acceptWhole().use { socket ->
                    val started = TimeSource.Monotonic.markNow()
                    sending.cancelAndJoin()
                    assertEquals(-1, socket.getInputStream().read())
                    started.elapsedNow()
                }
            }
        }
    }

    companion object {
        @JvmStatic
        fun transports() = listOf(UrlConnectionTransport(), OkHttpTransport())
    }
}
