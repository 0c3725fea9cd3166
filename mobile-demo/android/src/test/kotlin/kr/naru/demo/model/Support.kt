package kr.naru.demo.model

import java.io.File
import java.nio.file.Files
import kotlin.concurrent.thread
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async

import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.mapNotNull
import kotlinx.coroutines.job
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kr.naru.Certificate
import kr.naru.CertificateFile
import kr.naru.FolderCertificateStore
import kr.naru.GiveEvent
import kr.naru.Naru
import kr.naru.NaruOptions
import kr.naru.OriginalFate
import kr.naru.QrCode
import kr.naru.ReceiveEvent
import kr.naru.UrlConnectionTransport
import kr.naru.UserVerification
import kr.naru.VerificationException
import kr.naru.VerificationPurpose

const val PASSWORD = "naru-sample-1!"
val root: File = File(System.getProperty("naru.root")).canonicalFile

/** The relay on a free port. */
class RelayProcess(vararg options: String) : AutoCloseable {
    private val process: Process = ProcessBuilder(
        root.resolve("target/debug/naru-relay").path, "--listen", "127.0.0.1:0", *options,
    ).redirectError(ProcessBuilder.Redirect.DISCARD).start()
    val origin: String = process.inputStream.bufferedReader().let { output ->
        val line = output.readLine() ?: error("the relay did not start")
        thread(isDaemon = true) { runCatching { output.forEachLine { } } }
        "http://localhost:" + line.substringAfterLast(':').filter(Char::isDigit)
    }

    override fun close() {
        process.destroyForcibly().waitFor()
    }
}

/** The person who is asked to unlock the phone. */
class Person : UserVerification {
    @Volatile
    var refuses: VerificationException.Reason? = null

    override suspend fun verify(purpose: VerificationPurpose) {
        refuses?.let { throw VerificationException(it) }
    }
}

fun naru(relay: String, name: String, person: Person = Person()): Naru = Naru(
    UrlConnectionTransport(),
    FolderCertificateStore(Files.createTempDirectory("naru").toFile()),
    person,
    NaruOptions(listOf(relay), name, "test"),
)

fun samples(name: String = "NPKI"): List<CertificateFile> {
    val folder = root.resolve("target/samples").resolve(name)
    return folder.walk().filter(File::isFile)
        .map { CertificateFile(it.relativeTo(folder).invariantSeparatorsPath, it.readBytes()) }.toList()
}

suspend fun Naru.keepSample() = findCertificates(samples()).certificates.forEach { it.use { one -> save(one) } }

/** The device at the other end: the SDK itself. */
class OtherDevice(relay: RelayProcess, private val scope: CoroutineScope) : AutoCloseable {
    private val naru = naru(relay.origin, "업무용 PC")

    /** What it shows to be scanned. */
    val code = CompletableDeferred<String>()

    /** The same, as a picture. */
    val qr = CompletableDeferred<QrCode>()

    /** What it shows to be typed. */
    val number = CompletableDeferred<String>()

    /** The security code: what it shows when it receives, what is typed there when it gives. */
    val digits = CompletableDeferred<String>()

    /** Shows a code and gives. */
    fun gives(conclude: suspend (GiveEvent.Received) -> Unit = { it.keepOriginal() }) = scope.async {
        naru.findCertificates(samples()).certificates.first().use { certificate ->
            naru.giveByDisplaying(certificate).collect { event ->
                when (event) {
                    is GiveEvent.Displaying -> {
                        event.requestNumber()
                        qr.complete(event.qr)
                        code.complete(event.qr.text)
                    }
                    is GiveEvent.ConnectionNumber -> number.complete(event.number)
                    is GiveEvent.Joined -> {
                        event.confirmRecipient()
                        event.enterCode(digits.await())
                    }
                    is GiveEvent.Received -> conclude(event)
                    else -> {}
                }
            }
        }
    }

    /** Shows a code and receives. */
    fun receives() = scope.async {
        var fate: OriginalFate? = null
        naru.receiveByDisplaying().collect { event ->
            when (event) {
                is ReceiveEvent.Displaying -> code.complete(event.qr.text)
                is ReceiveEvent.SecurityCode -> digits.complete(event.code)
                is ReceiveEvent.Arrived -> {
                    event.certificates.forEach { it.check(PASSWORD) }
                    event.accept()
                    event.certificates.forEach(Certificate::close)
                }
                is ReceiveEvent.Received -> fate = event.original
                else -> {}
            }
        }
        fate
    }

    override fun close() = naru.close()
}

/** A phone with the app and another device, by a real relay. */
class Crossing(val relay: RelayProcess, scope: CoroutineScope, language: Language) : AutoCloseable {
    val person = Person()
    private val job = SupervisorJob(scope.coroutineContext.job)
    private val scope = CoroutineScope(scope.coroutineContext + job)
    private val phone = naru(relay.origin, "갤럭시 S30", person)
    private val pc = OtherDevice(relay, this.scope)
    val model = AppModel(phone, this.scope, language)
    val code get() = pc.code
    val qr get() = pc.qr
    val number get() = pc.number
    val digits get() = pc.digits
    val screen get() = model.state.value.screen
    val rows get() = model.state.value.certificates

    fun gives(conclude: suspend (GiveEvent.Received) -> Unit = { it.keepOriginal() }) = pc.gives(conclude)

    fun receives() = pc.receives()

    /** Waits until the app shows a screen of this kind that holds this. */
    suspend inline fun <reified S : Screen> sees(crossinline holds: (S) -> Boolean = { true }): S =
        model.state.mapNotNull { state ->
            val shown = state.screen
            if (shown is Screen.Failed && Screen.Failed::class != S::class) error("failed: ${shown.problem}")
            (shown as? S)?.takeIf(holds)
        }.first()

    suspend fun phoneKeepsSample() {
        phone.keepSample()
        model.refresh()
    }

    /** The phone scans, and the person at the other device types what the phone shows. */
    suspend fun phoneReceivesUntilArrived(): Screen.Arrived {
        model.receive()
        model.scan(code.await())
        digits.complete(sees<Screen.SecurityCode>().digits)
        return sees<Screen.Arrived>()
    }

    /** The phone scans, and the person agrees to send. */
    suspend fun phoneGivesUntilCode() {
        model.give(rows.single())
        model.scan(code.await())
        sees<Screen.Recipient>()
        model.confirmRecipient()
        sees<Screen.TypingCode>()
    }

    override fun close() {
        model.close()
        job.cancel()
        phone.close()
        pc.close()
    }
}

/** A test by a relay of its own, in real time, which ends. */
fun crossing(vararg options: String, language: Language = Language.KOREAN, block: suspend Crossing.() -> Unit) =
    RelayProcess(*options).use { relay ->
        runBlocking {
            withTimeout(60.seconds) {
                Crossing(relay, this, language).use { it.block() }
            }
        }
    }

fun wrong(digits: String) = (if (digits.startsWith("0")) "1" else "0") + digits.drop(1)
