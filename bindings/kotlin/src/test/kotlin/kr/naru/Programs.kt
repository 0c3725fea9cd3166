// The relay and the person at the PC, as programs that run beside a test.
package kr.naru

import java.io.File
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread
import kotlinx.coroutines.CompletableDeferred
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

const val PASSWORD = "naru-sample-1!"
val root: File = File(System.getProperty("naru.root")).canonicalFile

/** The relay on a free port, or on this one. */
class RelayProcess(vararg options: String, at: Int = 0) : AutoCloseable {
    private val process: Process = ProcessBuilder(
        root.resolve("target/debug/naru-relay").path, "--listen", "127.0.0.1:$at", *options,
    ).redirectError(ProcessBuilder.Redirect.DISCARD).start()
    val port: Int = process.inputStream.bufferedReader().let { output ->
        val line = output.readLine() ?: error("the relay did not start")
        thread(isDaemon = true) { output.forEachLine { } }
        line.substringAfterLast(':').filter(Char::isDigit).toInt()
    }
    val origin: String = "http://localhost:$port"

    override fun close() {
        process.destroyForcibly().waitFor()
    }
}

/** What a phone's camera would see. */
class Photograph(val luma: ByteArray, val width: Int, val height: Int)

/** The real page in the real browser, and the person before it. */
class PersonAtPc : AutoCloseable {
    private val process: Process = ProcessBuilder("node", root.resolve("tests/browser/peer.mjs").path)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .apply { environment().putIfAbsent("NARU_SAMPLES", root.resolve("target/samples").path) }
        .start()
    private val input = process.outputStream.bufferedWriter()
    private val answers = ConcurrentHashMap<Int, CompletableDeferred<JsonObject>>()
    private val next = AtomicInteger()

    init {
        thread(isDaemon = true) {
            process.inputStream.bufferedReader().forEachLine { line ->
                val answer = Json.parseToJsonElement(line).jsonObject
                answers.getValue(answer.getValue("id").jsonPrimitive.int).complete(answer)
            }
            answers.values.forEach { it.completeExceptionally(IllegalStateException("the browser's driver has ended")) }
        }
    }

    suspend fun doing(deed: String, vararg values: Pair<String, String>): Map<String, String> {
        val id = next.incrementAndGet()
        val answer = CompletableDeferred<JsonObject>()
        answers[id] = answer
        val line = JsonObject(mapOf("id" to JsonPrimitive(id), "do" to JsonPrimitive(deed)) + values.toMap().mapValues { JsonPrimitive(it.value) })
        synchronized(input) {
            input.write("$line\n")
            input.flush()
        }
        val said = answer.await()
        said["error"]?.let { error("${it.jsonPrimitive.content}\non the page: ${said["seen"]}") }
        return said.filterValues { it is JsonPrimitive }.mapValues { it.value.jsonPrimitive.content }
    }

    suspend fun photograph(): Photograph {
        val made = doing("photograph")
        return Photograph(File(made.getValue("luma")).readBytes(), made.getValue("width").toInt(), made.getValue("height").toInt())
    }

    /** Photographs the screen and reads the pairing code in it, as a phone does. */
    suspend fun scan(): String {
        val picture = photograph()
        val content = readFrame(picture.luma, picture.width, picture.height, picture.width)
        return (content as? FrameContent.Code)?.text ?: error("no pairing code in the picture: $content")
    }

    suspend fun sees(text: String) {
        doing("see", "text" to text)
    }

    suspend fun presses(button: String) {
        doing("press", "button" to button)
    }

    override fun close() {
        input.close()
        if (!process.waitFor(20, TimeUnit.SECONDS)) process.destroyForcibly()
    }
}
