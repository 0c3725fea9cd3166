// The relay and the person at the PC, as programs that run beside a test.
package kr.naru

import java.io.File
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread
import kotlin.random.Random
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.yield
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

const val PASSWORD = "naru-sample-1!"
val root: File = File(System.getProperty("naru.root")).canonicalFile

/** The relay on a free port, or on this one. */
class RelayProcess(vararg options: String, at: Int = 0) : AutoCloseable {
    private val log = File.createTempFile("naru-relay", ".log").apply { deleteOnExit() }
    private val process: Process = ProcessBuilder(
        root.resolve("target/debug/naru-relay").path, "--listen", "127.0.0.1:$at", *options,
    ).redirectError(log).start()
    val port: Int = process.inputStream.bufferedReader().let { output ->
        val line = output.readLine() ?: throw NotStarted("the relay: ${log.readText()}")
        thread(isDaemon = true) { output.forEachLine { } }
        line.substringAfterLast(':').filter(Char::isDigit).toInt()
    }
    val origin: String = "http://localhost:$port"

    /** Reads the rules of its agencies again, as its operator tells it to. */
    suspend fun reloads() {
        ProcessBuilder("kill", "-HUP", "${process.pid()}").start().waitFor()
        while ("rules are changed" !in log.readText()) yield()
    }

    override fun close() {
        process.destroyForcibly().waitFor()
    }

    class NotStarted(message: String) : IllegalStateException(message)
}

/** A relay that has to be told its port before it listens. */
fun relayThatKnowsItsPort(options: (port: Int) -> Array<String>): RelayProcess {
    var triesLeft = 5
    while (true) {
        // Below those that systems give away, none is taken by chance.
        val port = Random.nextInt(20_000, 32_768)
        try {
            return RelayProcess(*options(port), at = port)
        } catch (taken: RelayProcess.NotStarted) {
            if (--triesLeft == 0) throw taken
        }
    }
}

/** A relay at which people log in, of agencies whose rules are these. */
fun relayOf(provider: ProviderProcess, agencies: String, agency: String = "mois"): RelayProcess {
    val folder = temporaryFolder()
    val (identityFile, agenciesFile) = listOf("identity.toml", "agencies.toml").map(folder::resolve)
    agenciesFile.writeText(agencies)
    return relayThatKnowsItsPort { port ->
        identityFile.writeText(
            """
            origin = "http://localhost:$port"
            [provider.mois]
            issuer = "${provider.issuer}"
            client_id = "naru-relay"
            app_client_ids = ["mail-app"]
            domains = ["mois.example"]
            agency = "$agency"
            """.trimIndent(),
        )
        arrayOf("--identity", identityFile.path, "--agencies", agenciesFile.path)
    }
}

/** The tests' OpenID provider, and the browsers of the people who are known to it. */
class ProviderProcess : AutoCloseable {
    private val process: Process = ProcessBuilder(root.resolve("target/debug/naru-test-provider").path)
        .redirectError(ProcessBuilder.Redirect.INHERIT).start()
    private val input = process.outputStream.bufferedWriter()
    private val output = process.inputStream.bufferedReader()
    val issuer: String = output.readLine() ?: error("the provider did not start")

    /** An ID token of the app's for a person. */
    fun token(person: String): String = ask(person)

    /** A person's devices that may do something, oldest first, as the relay's page lists them. */
    fun devices(relay: RelayProcess, person: String): List<String> =
        Json.parseToJsonElement(ask("devices ${relay.origin} $person")).jsonArray.map { it.jsonObject }
            .filterNot { it.getValue("revoked").jsonPrimitive.boolean }
            .map { it.getValue("id").jsonPrimitive.content }

    /** The person revokes a device on the relay's page. */
    fun revoke(relay: RelayProcess, person: String, device: String) {
        ask("revoke ${relay.origin} $person $device")
    }

    @Synchronized
    private fun ask(line: String): String {
        input.write("$line\n")
        input.flush()
        return output.readLine() ?: error("the provider has ended")
    }

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

    @Volatile
    private var end: IllegalStateException? = null

    init {
        thread(isDaemon = true) {
            val read = runCatching {
                process.inputStream.bufferedReader().forEachLine { line ->
                    val answer = Json.parseToJsonElement(line).jsonObject
                    answers.getValue(answer.getValue("id").jsonPrimitive.int).complete(answer)
                }
            }
            val end = IllegalStateException("the browser's driver has ended", read.exceptionOrNull())
            this.end = end
            answers.values.forEach { it.completeExceptionally(end) }
        }
    }

    suspend fun doing(deed: String, vararg values: Pair<String, String>): Map<String, String> {
        val id = next.incrementAndGet()
        val answer = CompletableDeferred<JsonObject>()
        answers[id] = answer
        // Whoever asks too late is not among those that were told.
        end?.let { throw it }
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
