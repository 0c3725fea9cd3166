package kr.naru

import java.io.IOException
import java.util.Locale
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.minutes
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.collect
import kotlinx.coroutines.flow.filterIsInstance
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.yield
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Two phones, and the real relay between them. */
class WithoutThePageTest {
    private val opened = mutableListOf<AutoCloseable>()

    @AfterEach
    fun close() = opened.asReversed().onEach(AutoCloseable::close).clear()

    private fun relay(vararg options: String) = RelayProcess(*options).also(opened::add)

    private fun phone(relay: RelayProcess, transport: Transport = UrlConnectionTransport()) =
        Phone(relay, transport).also(opened::add)

    private suspend fun Phone.owned(sample: String = "NPKI") = owns(sample).also(opened::add)

    private val unreachable = object : Transport {
        override suspend fun send(request: HttpRequest): HttpResponse = throw IOException()
    }

    /** One phone shows a QR and gives, the other scans it and receives. */
    private suspend fun move(giver: Phone, certificate: Certificate, receiver: Phone, heard: suspend (GiveEvent) -> Unit = {}) = coroutineScope {
        val scanned = CompletableDeferred<String>()
        val code = CompletableDeferred<String>()
        val receiving = async { receiver.naru.receive(scanning = scanned.await()).receive(showing = { code.complete(it) }) }
        giver.naru.giveByDisplaying(certificate).give(code = { code.await() }) { event ->
            if (event is GiveEvent.Displaying) scanned.complete(event.qr.text)
            heard(event)
        }
        receiving.await()
    }

    @Test
    fun `from phone to phone, and the kept original may go later`() = test {
        val relay = relay()
        val (old, new) = List(2) { phone(relay) }
        val certificate = old.owned()
        assertEquals("not_moved", failsBy<NaruException.InvalidCertificate> { old.naru.deleteOriginal(certificate) }.code)
        assertEquals(OriginalFate.KEPT, move(old, certificate, new))
        old.naru.deleteOriginal(certificate)
        assertEquals(emptyList<Certificate>(), old.naru.certificates())
        assertEquals(certificate.summary.fingerprint, new.naru.certificates().single().also(opened::add).summary.fingerprint)
        assertEquals(VerificationPurpose.Delete, old.unlockedFor.last())
    }

    @Test
    fun `a wrong code may be typed again`() = test {
        val relay = relay()
        val (giver, receiver) = List(2) { phone(relay) }
        val certificate = giver.owned()
        val scanned = CompletableDeferred<String>()
        val code = CompletableDeferred<String>()
        val receiving = async { receiver.naru.receive(scanning = scanned.await()).receive(showing = { code.complete(it) }) }
        var left = 3
        giver.naru.giveByDisplaying(certificate).collect { event ->
            when (event) {
                is GiveEvent.Displaying -> scanned.complete(event.qr.text)
                is GiveEvent.Joined -> {
                    assertEquals("갤럭시 S30", event.peer?.name)
                    event.confirmRecipient()
                    assertEquals("not_six_digits", failsBy<NaruException.Input> { event.enterCode("12345") }.code)
                    event.enterCode(wrong(code.await()))
                }
                is GiveEvent.WrongCode -> {
                    left = event.triesLeft
                    event.enterCode(code.await())
                }
                is GiveEvent.Received -> event.keepOriginal()
                else -> {}
            }
        }
        assertEquals(2, left)
        receiving.await()
    }

    private fun wrong(code: String) = (if (code.startsWith("0")) "1" else "0") + code.drop(1)

    @Test
    fun `nothing is sent when the person does not unlock the device`() = test {
        val relay = relay()
        val receiver = phone(relay)
        val giver = Phone(listOf(relay.origin), unlock = { throw VerificationException(VerificationException.Reason.CANCELLED) }).also(opened::add)
        val certificate = giver.owned()
        val scanned = CompletableDeferred<String>()
        val receiving = async { failsBy<NaruException.OtherDevice> { receiver.naru.receive(scanning = scanned.await()).collect {} } }
        val failure = failsBy<NaruException.Verification> {
            giver.naru.giveByDisplaying(certificate).collect { event ->
                if (event is GiveEvent.Displaying) scanned.complete(event.qr.text)
                if (event is GiveEvent.Joined) event.confirmRecipient()
            }
        }
        assertEquals("verification_cancelled", failure.code)
        assertEquals("cancelled_by_peer", receiving.await().code)
    }

    @Test
    fun `a store that fails is said, tells the sender nothing, and may be tried again`() = test {
        val relay = relay()
        val giver = phone(relay)
        val certificate = giver.owned()
        val folder = temporaryFolder()
        val store = object : CertificateStore by FolderCertificateStore(folder) {
            var isFull = true

            override suspend fun save(certificate: StoredCertificate) {
                if (isFull) throw StoreException(StoreException.Reason.FULL)
                FolderCertificateStore(folder).save(certificate)
            }
        }
        val receiver = Phone(listOf(relay.origin), store = store).also(opened::add)
        val scanned = CompletableDeferred<String>()
        val code = CompletableDeferred<String>()
        val receiving = async {
            receiver.naru.receive(scanning = scanned.await()).collect { event ->
                when (event) {
                    is ReceiveEvent.SecurityCode -> code.complete(event.code)
                    is ReceiveEvent.Arrived -> {
                        opened += event.certificates
                        assertEquals("store_full", failsBy<NaruException.Storage> { event.accept() }.code)
                        store.isFull = false
                        event.accept()
                    }
                    else -> {}
                }
            }
        }
        giver.naru.giveByDisplaying(certificate).give(code = { code.await() }) { event ->
            if (event is GiveEvent.Displaying) scanned.complete(event.qr.text)
            if (event is GiveEvent.Received) assertFalse(event.isSigned)
        }
        receiving.await()
    }

    @Test
    fun `what a store throws unasked is a failure of the store`() = test {
        val store = object : CertificateStore by FolderCertificateStore(temporaryFolder()) {
            override suspend fun list(): List<String> = error("a path that nobody is to see")
        }
        val phone = Phone(listOf("https://relay.example"), unreachable, store = store).also(opened::add)
        val failure = failsBy<NaruException.Storage> { phone.naru.certificates() }
        assertEquals("store_failed", failure.code)
        assertFalse("path" in failure.toString())
    }

    @Test
    fun `what is refused is not stored, and the sender hears of it`() = test {
        val relay = relay()
        val (giver, receiver) = List(2) { phone(relay) }
        val certificate = giver.owned()
        val scanned = CompletableDeferred<String>()
        val code = CompletableDeferred<String>()
        val receiving = async {
            failsBy<NaruException.Cancelled> {
                receiver.naru.receive(scanning = scanned.await()).collect { event ->
                    if (event is ReceiveEvent.SecurityCode) code.complete(event.code)
                    if (event is ReceiveEvent.Arrived) event.refuse()
                }
            }
        }
        val failure = failsBy<NaruException.OtherDevice> {
            giver.naru.giveByDisplaying(certificate).give(code = { code.await() }) { event ->
                if (event is GiveEvent.Displaying) scanned.complete(event.qr.text)
            }
        }
        assertEquals("refused_by_peer", failure.code)
        receiving.await()
        assertEquals(emptyList<Certificate>(), receiver.naru.certificates())
    }

    @Test
    fun `a code that nobody scans in time expires`() = test {
        val relay = relay("--join-ttl", "2")
        val failure = failsBy<NaruException.Expired> { phone(relay).naru.receiveByDisplaying().collect {} }
        assertTrue(failure.isRetryable)
    }

    @Test
    fun `a transfer that is not finished in time expires on both sides`() = test {
        val relay = relay("--transfer-ttl", "3")
        val (giver, receiver) = List(2) { phone(relay) }
        val certificate = giver.owned()
        val scanned = CompletableDeferred<String>()
        val receiving = async { failsBy<NaruException.Expired> { receiver.naru.receive(scanning = scanned.await()).collect {} } }
        val failure = failsBy<NaruException.Expired> {
            giver.naru.giveByDisplaying(certificate).collect { event ->
                if (event is GiveEvent.Displaying) scanned.complete(event.qr.text)
            }
        }
        assertEquals("expired", failure.code)
        assertEquals("expired", receiving.await().code)
    }

    @Test
    fun `a code that has expired cannot be joined`() = test {
        val relay = relay("--join-ttl", "2")
        val shown = phone(relay)
        var text = ""
        failsBy<NaruException.Expired> {
            shown.naru.receiveByDisplaying().collect { if (it is ReceiveEvent.Displaying) text = it.qr.text }
        }
        val giver = phone(relay)
        val certificate = giver.owned()
        failsBy<NaruException.Expired> { giver.naru.give(certificate, scanning = text).collect {} }
    }

    @Test
    fun `a relay that has restarted without a memory ends it`() = test {
        val relay = relay()
        Wire(relay.port).use { wire ->
            val phone = phone(relay, wire.under(UrlConnectionTransport()))
            val failure = failsBy<NaruException.Relay> {
                phone.naru.receiveByDisplaying().collect { event ->
                    if (event is ReceiveEvent.Open) {
                        wire.waits()
                        wire.leadsTo(relay().port)
                    }
                }
            }
            assertEquals("relay_lost", failure.code)
        }
    }

    @Test
    fun `a relay that cannot be reached at all is given up`() = test {
        // Nobody listens at that port on any machine.
        val phone = Phone(listOf("http://localhost:1")).also(opened::add)
        val failure = failsBy<NaruException.Network> { phone.naru.receiveByDisplaying().collect {} }
        assertEquals("relay_unreachable", failure.code)
        assertEquals("중계 서버에 연결할 수 없습니다. 네트워크를 확인하세요.", failure.messageIn(Locale.KOREA))
        assertEquals("The relay cannot be reached. Check the network.", failure.messageIn(Locale.UK))
        assertEquals("The relay cannot be reached. Check the network. (relay_unreachable)", failure.message)
        assertTrue(failure.toString().endsWith(failure.message.orEmpty()))
    }

    @Test
    fun `a deposit is left, claimed, and withdrawn`() = test {
        val relay = relay()
        val (owner, other) = List(2) { phone(relay) }
        val certificate = owner.owned()
        val stored = owner.naru.deposit(certificate, keepFor = 1.hours).filterIsInstance<DepositEvent.Stored>().first()
        assertEquals(VerificationPurpose.Deposit, owner.unlockedFor.single())
        assertInstanceOf(DepositStatus.Waiting::class.java, owner.naru.depositStatus(stored.withdrawCode))
        other.naru.fetch(stored.recoveryCode).receive(showing = {})
        assertEquals(DepositStatus.Fetched, owner.naru.depositStatus(stored.withdrawCode))
        val second = owner.naru.deposit(certificate, keepFor = 1.hours).filterIsInstance<DepositEvent.Stored>().first()
        owner.naru.withdrawDeposit(second.withdrawCode)
        failsBy<NaruException> { other.naru.fetch(second.recoveryCode).collect {} }
    }

    @Test
    fun `a password is changed in the store, and exported under`() = test {
        val phone = phone(relay())
        val certificate = phone.owned()
        assertInstanceOf(NaruException.Password::class.java, failsBy<NaruException> { phone.naru.checkNewPassword("short") })
        val changed = phone.naru.changePassword(certificate, "New-Password9").also(opened::add)
        val kept = phone.naru.certificates().single().also(opened::add)
        failsBy<NaruException.Password> { kept.check(PASSWORD) }
        assertEquals(KeyCheck.MATCHES, kept.check("New-Password9").key)
        val pfx = phone.naru.exportPfx(changed, forOldPrograms = false)
        val found = phone.naru.findCertificates(listOf(pfx)).certificates.single().also(opened::add)
        assertEquals(CertificateFormat.PKCS12, found.summary.format)
        assertEquals(KeyCheck.MATCHES, found.check("New-Password9").key)
    }

    @Test
    fun `codes of others are told apart before anything is sent`() = test {
        val sent = AtomicInteger()
        val offline = object : Transport {
            override suspend fun send(request: HttpRequest): HttpResponse {
                sent.incrementAndGet()
                throw IOException()
            }
        }
        val shows = List(2) { Phone(listOf("https://${if (it == 0) "relay" else "other"}.example"), unreachable).also(opened::add) }
        val (own, foreign) = shows.map { (it.naru.receiveByDisplaying().first() as ReceiveEvent.Displaying).qr.text }
        val phone = Phone(listOf("https://relay.example"), offline).also(opened::add)
        val certificate = phone.owned()
        assertEquals("not_naru", failsBy<NaruException.Input> { phone.naru.inspect("https://example.com") }.code)
        assertEquals("unknown_relay", failsBy<NaruException.Input> { phone.naru.give(certificate, foreign).collect {} }.code)
        assertEquals("wrong_direction", failsBy<NaruException.Input> { phone.naru.receive(own).collect {} }.code)
        assertEquals("number_mistyped", failsBy<NaruException.Input> { phone.naru.receiveByNumber("1234 5678 9012").collect {} }.code)
        assertEquals(0, sent.get())
    }

    @Test
    fun `an answer to a transfer that has ended is refused`() = test {
        val relay = relay()
        val (giver, receiver) = List(2) { phone(relay) }
        var late: GiveEvent.Received? = null
        move(giver, giver.owned(), receiver) { if (it is GiveEvent.Received) late = it }
        val received = late ?: error("nothing was received")
        assertEquals("transfer_ended", failsBy<NaruException.Misuse> { received.deleteOriginal() }.code)
    }

    @Test
    fun `the log says what happens, and nothing of anybody`() = test {
        val relay = relay()
        val entries = CopyOnWriteArrayList<LogEntry>()
        val giver = Phone(listOf(relay.origin), log = entries::add).also(opened::add)
        move(giver, giver.owned(), phone(relay))
        assertEquals(listOf("giving", "joined", "receipt", "given"), entries.map(LogEntry::code))
        assertTrue(entries.none { "홍길동" in it.message || "갤럭시" in it.message })
    }

    @Test
    fun `two hundred transfers at once go through one instance, and none is left over`() = test(within = 5.minutes) {
        val relay = relay("--network-mailboxes", "10000", "--network-joins", "10000")
        awaitNoObjects()
        Phone(relay).use { phone ->
            phone.owns().use { certificate ->
                val fates = List(100) { async { move(phone, certificate, phone) } }.awaitAll()
                assertEquals(List(100) { OriginalFate.KEPT }, fates)
            }
        }
        awaitNoObjects()
    }

    @Test
    fun `transfers that are cancelled, fail or are forgotten leave nothing behind`() = test {
        val relay = relay()
        awaitNoObjects()
        Phone(relay).use { phone ->
            phone.owns().use { certificate ->
                phone.naru.giveByDisplaying(certificate).first()
                phone.naru.receiveByDisplaying().first()
                failsBy<NaruException.Input> { phone.naru.receive("no code").collect {} }
                val collecting = launch { phone.naru.receiveByDisplaying().collect() }
                yield()
                collecting.cancelAndJoin()
            }
            phone.naru.certificates()
        }
        awaitNoObjects()
    }

    /** Returns when the collector has taken what was forgotten, and farewells are over. */
    private suspend fun awaitNoObjects() {
        while (Naru.liveObjects() > 0) {
            System.gc()
            yield()
        }
    }
}
