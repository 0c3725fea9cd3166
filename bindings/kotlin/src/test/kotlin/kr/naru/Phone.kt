package kr.naru

import java.io.File
import java.nio.file.Files
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.fail

/** A phone with an app that is made of the library. */
class Phone(
    relays: List<String>,
    transport: Transport = UrlConnectionTransport(),
    val folder: File = temporaryFolder(),
    store: CertificateStore = FolderCertificateStore(folder),
    unlock: UserVerification? = null,
    log: LogSink? = null,
    login: Login? = null,
) : AutoCloseable {
    val unlockedFor = mutableListOf<VerificationPurpose>()
    val naru = Naru(
        transport,
        store,
        unlock ?: UserVerification { unlockedFor += it },
        NaruOptions(relays, deviceName = "갤럭시 S30", platform = "Android 17"),
        log,
        login,
    )

    constructor(relay: RelayProcess, transport: Transport = UrlConnectionTransport()) : this(listOf(relay.origin), transport)

    /** Has a sample certificate in its store, with its password checked. */
    suspend fun owns(sample: String = "NPKI"): Certificate {
        val found = naru.findCertificates(sampleFiles(sample)).certificates
        val certificate = found.first()
        naru.save(certificate)
        certificate.check(PASSWORD)
        return certificate
    }

    /** Opens a transfer and leaves it to whoever scans its code. */
    suspend fun opens() {
        naru.receiveByDisplaying().first { it is ReceiveEvent.Open }
    }

    override fun close() = naru.close()
}

fun temporaryFolder(): File = Files.createTempDirectory("naru").toFile().apply { deleteOnExit() }

fun sampleFiles(name: String): List<CertificateFile> {
    val folder = root.resolve("target/samples").resolve(name)
    return folder.walk().filter(File::isFile).map { CertificateFile(it.relativeTo(folder).invariantSeparatorsPath, it.readBytes()) }.toList()
}

/** What is in a folder, whatever its names: the sorted bytes. */
fun contents(files: List<CertificateFile>): List<String> = files.map { it.content.toHexString() }.sorted()

/** A test in real time, which ends. */
fun test(within: Duration = 120.seconds, block: suspend CoroutineScope.() -> Unit) = runBlocking { withTimeout(within, block) }

/** The best of a few tries, since a machine that has much else to do may be late with any one of them. */
suspend fun assertTakesLessThan(limit: Duration, attempt: suspend () -> Duration) {
    val taken = mutableListOf<Duration>()
    repeat(4) {
        taken += attempt()
        if (taken.last() < limit) return
    }
    fail<Nothing>("it took $taken")
}

/** Receives as a person who knows the password would. */
suspend fun Flow<ReceiveEvent>.receive(
    showing: suspend (String) -> Unit,
    other: suspend (ReceiveEvent) -> Unit = {},
): OriginalFate? {
    var fate: OriginalFate? = null
    collect { event ->
        when (event) {
            is ReceiveEvent.SecurityCode -> showing(event.code)
            is ReceiveEvent.Arrived -> {
                event.certificates.forEach { it.check(PASSWORD) }
                event.accept()
                event.certificates.forEach(Certificate::close)
            }
            is ReceiveEvent.Received -> fate = event.original
            else -> {}
        }
        other(event)
    }
    return fate
}

/** Gives as a person who wants to would, and keeps the original. */
suspend fun Flow<GiveEvent>.give(code: suspend () -> String, other: suspend (GiveEvent) -> Unit = {}) = collect { event ->
    when (event) {
        is GiveEvent.Joined -> {
            event.confirmRecipient()
            event.enterCode(code())
        }
        is GiveEvent.Received -> event.keepOriginal()
        else -> {}
    }
    other(event)
}

/** What a transfer that must fail has failed by. */
suspend inline fun <reified E : Throwable> failsBy(crossinline block: suspend () -> Unit): E = try {
    block()
    null
} catch (thrown: Throwable) {
    if (thrown is E) thrown else throw thrown
} ?: throw AssertionError("nothing failed")
