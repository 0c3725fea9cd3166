package kr.naru

import java.io.File
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.TimeSource
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.launchIn
import kotlinx.coroutines.flow.onEach
import okhttp3.OkHttpClient
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

/** The library on the phone, the real page in the real browser on the PC, the real relay between them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WithThePageTest {
    private val relay = RelayProcess()
    private val person = PersonAtPc()
    private val opened = mutableListOf<AutoCloseable>()

    @AfterEach
    fun close() = opened.asReversed().onEach(AutoCloseable::close).clear()

    @AfterAll
    fun leave() {
        person.close()
        relay.close()
    }

    private fun phone(transport: Transport = UrlConnectionTransport()) = Phone(relay, transport).also(opened::add)

    @ParameterizedTest
    @ValueSource(strings = ["GPKI", "NPKI", "PFX"])
    fun `receives by a photograph of the screen, checks, and the original goes`(sample: String) = test {
        val phone = phone()
        val pc = File(person.doing("give", "origin" to relay.origin, "certificate" to sample).getValue("folder"))
        val fate = phone.naru.receive(scanning = person.scan()).receive(
            showing = { person.doing("enterCode", "code" to it) },
        ) { event ->
            if (event is ReceiveEvent.Arrived) {
                person.sees("휴대전화에 저장하고 확인했습니다.")
                person.presses("원본 삭제")
            }
        }
        person.sees("원본을 삭제했습니다.")
        assertEquals(OriginalFate.DELETED, fate)
        assertEquals(emptyList<File>(), pc.walk().filter(File::isFile).toList())
        val stored = FolderCertificateStore(phone.folder)
        val files = stored.load(stored.list().single())?.files.orEmpty()
        assertEquals(contents(sampleFiles(sample)), contents(files))
    }

    @Test
    fun `shows whose certificate has come, and what checking has shown`() = test {
        val phone = phone()
        person.doing("give", "origin" to relay.origin, "certificate" to "NPKI")
        phone.naru.receive(scanning = person.scan()).receive(showing = { person.doing("enterCode", "code" to it) }) { event ->
            if (event is ReceiveEvent.Arrived) {
                assertNotNull(event.peer)
                person.presses("남겨 두기")
            }
        }
        val certificate = phone.naru.certificates().single()
        opened += certificate
        assertEquals("홍길동()0010045200807021234567", certificate.summary.name)
        assertTrue(certificate.summary.isStored)
        assertInstanceOf(CertificateValidity.Valid::class.java, certificate.summary.validity)
        assertEquals(KeyCheck.NOT_CHECKED, certificate.report.key)
        assertEquals("wrong_password", failsBy<NaruException.Password> { certificate.check("wrong") }.code)
        assertEquals(KeyCheck.MATCHES, certificate.check(PASSWORD).key)
    }

    @Test
    fun `gives by a photograph of the screen, and deletes the original`() = test {
        val phone = phone(OkHttpTransport(OkHttpClient()))
        val certificate = phone.owns("GPKI").also(opened::add)
        person.doing("receive", "origin" to relay.origin)
        val scanned = person.scan()
        assertEquals(PairingCodeInfo.Direction.GIVE, phone.naru.inspect(scanned).direction)
        var isSigned = false
        phone.naru.give(certificate, scanning = scanned).collect { event ->
            when (event) {
                is GiveEvent.Joined -> {
                    assertEquals("recipient_not_confirmed", failsBy<NaruException.Misuse> { event.enterCode("123456") }.code)
                    event.confirmRecipient()
                    event.enterCode(person.doing("readCode").getValue("code"))
                }
                is GiveEvent.Sending -> person.doing("store")
                is GiveEvent.Received -> {
                    isSigned = event.isSigned
                    event.deleteOriginal()
                }
                else -> {}
            }
        }
        assertTrue(isSigned)
        assertEquals(1, phone.unlockedFor.size)
        assertInstanceOf(VerificationPurpose.Send::class.java, phone.unlockedFor.single())
        assertEquals(emptyList<Certificate>(), phone.naru.certificates())
    }

    @Test
    fun `a typed number takes the place of the QR, in both directions`() = test {
        val phone = phone()
        person.doing("give", "origin" to relay.origin)
        val number = person.doing("showNumber").getValue("number")
        phone.naru.receiveByNumber(number).receive(showing = { person.doing("enterCode", "code" to it) }) { event ->
            if (event is ReceiveEvent.Arrived) person.presses("남겨 두기")
        }
        val certificate = phone.naru.certificates().single().also(opened::add)
        person.doing("receive", "origin" to relay.origin)
        val other = person.doing("showNumber").getValue("number")
        phone.naru.giveByNumber(certificate, other).give(code = { person.doing("readCode").getValue("code") }) { event ->
            if (event is GiveEvent.Sending) person.doing("store")
        }
        person.sees("저장했습니다.")
    }

    @Test
    fun `a number that this phone shows is typed on the page`() = test {
        val phone = phone()
        val certificate = phone.owns().also(opened::add)
        person.doing("receive", "origin" to relay.origin)
        phone.naru.giveByDisplaying(certificate).give(code = { person.doing("readCode").getValue("code") }) { event ->
            when (event) {
                is GiveEvent.Displaying -> event.requestNumber()
                is GiveEvent.ConnectionNumber -> person.doing("enterNumber", "number" to event.number)
                is GiveEvent.Sending -> person.doing("store")
                else -> {}
            }
        }
        person.sees("저장했습니다.")
    }

    @Test
    fun `fetches what was left with the relay`() = test {
        val phone = phone()
        val codes = person.doing("deposit", "origin" to relay.origin)
        assertInstanceOf(DepositStatus.Waiting::class.java, phone.naru.depositStatus(codes.getValue("withdraw")))
        phone.naru.fetch(codes.getValue("recovery")).receive(showing = {})
        person.sees("다른 기기가 받아서 저장했습니다.")
        assertEquals(DepositStatus.Fetched, phone.naru.depositStatus(codes.getValue("withdraw")))
        phone.naru.certificates().single().close()
    }

    @Test
    fun `three wrong codes stop it`() = test {
        val phone = phone()
        person.doing("give", "origin" to relay.origin)
        val scanned = person.scan()
        val failure = failsBy<NaruException.Security> {
            phone.naru.receive(scanning = scanned).receive(showing = { code ->
                val wrong = (if (code.startsWith("0")) "1" else "0") + code.drop(1)
                person.doing("enterCode", "code" to wrong)
                person.sees("2번 남았습니다")
                person.doing("enterCode", "code" to wrong)
                person.sees("1번 남았습니다")
                person.doing("enterCode", "code" to wrong)
            })
        }
        assertEquals("too_many_wrong_codes", failure.code)
        assertEquals(emptyList<Certificate>(), phone.naru.certificates())
    }

    @Test
    fun `a tab that is reloaded ends it`() = test {
        person.doing("give", "origin" to relay.origin)
        val scanned = person.scan()
        val failure = failsBy<NaruException.OtherDevice> {
            phone().naru.receive(scanning = scanned).receive(showing = { person.doing("reload") })
        }
        assertEquals("ended", failure.code)
        assertTrue(failure.isRetryable)
    }

    @Test
    fun `a second phone on the same QR is refused`() = test {
        person.doing("give", "origin" to relay.origin)
        val scanned = person.scan()
        phone().naru.receive(scanning = scanned).receive(showing = { code ->
            val second = failsBy<NaruException.Security> { phone().naru.receive(scanning = scanned).collect {} }
            assertEquals("already_joined", second.code)
            person.doing("enterCode", "code" to code)
        }) { event -> if (event is ReceiveEvent.Arrived) person.presses("남겨 두기") }
    }

    @ParameterizedTest
    @ValueSource(booleans = [false, true])
    fun `cancelling in the middle drops the request at once, and the page hears of it`(byOkHttp: Boolean) = test {
        assertTakesLessThan(200.milliseconds) {
            Wire(relay.port).use { wire ->
                val phone = phone(wire.under(if (byOkHttp) OkHttpTransport() else UrlConnectionTransport()))
                person.doing("give", "origin" to relay.origin)
                val shown = CompletableDeferred<Unit>()
                val collecting = phone.naru.receive(scanning = person.scan())
                    .onEach { if (it is ReceiveEvent.SecurityCode) shown.complete(Unit) }
                    .launchIn(this)
                shown.await()
                wire.waits()
                val cancelled = TimeSource.Monotonic.markNow()
                collecting.cancelAndJoin()
                val returned = cancelled.elapsedNow()
                val dropped = wire.droppedAt() - cancelled
                person.sees("휴대전화에서 취소했습니다.")
                maxOf(returned, dropped)
            }
        }
    }

    @Test
    fun `a relay that cannot be reached for a while is waited for`() = test {
        Wire(relay.port).use { wire ->
            val phone = phone(wire.under(UrlConnectionTransport()))
            person.doing("give", "origin" to relay.origin)
            val seen = mutableListOf<ReceiveEvent>()
            var code = ""
            phone.naru.receive(scanning = person.scan()).receive(showing = { code = it; wire.cut() }) { event ->
                seen += event
                when (event) {
                    is ReceiveEvent.Reconnecting -> wire.mend()
                    is ReceiveEvent.Reconnected -> person.doing("enterCode", "code" to code)
                    is ReceiveEvent.Arrived -> person.presses("남겨 두기")
                    else -> {}
                }
            }
            assertTrue(ReceiveEvent.Reconnecting in seen && ReceiveEvent.Reconnected in seen)
        }
    }
}
