package kr.naru

import java.io.File
import java.util.Locale
import kotlin.time.Duration.Companion.hours
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.collect
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Phones that their owner revokes on the relay's page. */
class RevokedDeviceTest {
    private val opened = mutableListOf<AutoCloseable>()

    @AfterEach
    fun close() = opened.asReversed().onEach(AutoCloseable::close).clear()

    private val provider = ProviderProcess().also(opened::add)
    private val relay = relayOf(provider, MINISTRY).also(opened::add)

    private fun phone(folder: File = temporaryFolder()) =
        Phone(listOf(relay.origin), folder = folder, login = Login { provider.token("hong") }).also(opened::add)

    /** A phone that the relay knows, and its name there. */
    private suspend fun known(folder: File = temporaryFolder()): Pair<Phone, String> {
        val before = provider.devices(relay, "hong")
        val phone = phone(folder).apply { opens() }
        return phone to (provider.devices(relay, "hong") - before.toSet()).single()
    }

    private fun revoke(device: String) = provider.revoke(relay, "hong", device)

    @Test
    fun `a revoked device can do nothing from that moment on, and says what to do`() = test {
        val folder = temporaryFolder()
        val (phone, device) = known(folder)
        val (other, _) = known()
        val certificate = phone.owns().also(opened::add)
        revoke(device)
        val attempts = listOf<suspend () -> Unit>(
            { phone.opens() },
            { phone.naru.giveByDisplaying(certificate).collect() },
            { phone.naru.deposit(certificate, keepFor = 1.hours).collect() },
            { phone.naru.receiveByNumber("4815 1623 4283").collect() },
            // The app has started anew.
            { phone(folder).opens() },
        )
        for (attempt in attempts) {
            val failure = failsBy<NaruException.DeviceRevoked> { attempt() }
            assertEquals("device_revoked", failure.code)
            assertFalse(failure.isRetryable)
            val (korean, english) = listOf(Locale.KOREA, Locale.UK).map(failure::messageIn)
            assertTrue("등록을 해제한 기기" in korean && "IT 담당자에게 알리세요" in korean) { korean }
            assertTrue("This device was removed" in english && "tell your IT desk" in english) { english }
        }
        other.opens()
        assertEquals(1, phone.naru.certificates().onEach(opened::add).size)
    }

    @Test
    fun `a receiver that is revoked in the middle hears so, and gets nothing`() = test {
        val (giver, receiver) = List(2) { known() }
        val certificate = giver.first.owns().also(opened::add)
        val scanned = CompletableDeferred<String>()
        val code = CompletableDeferred<String>()
        val giving = async {
            giver.first.naru.giveByDisplaying(certificate).give(code = { code.await() }) { event ->
                if (event is GiveEvent.Displaying) scanned.complete(event.qr.text)
            }
        }
        val failure = failsBy<NaruException.DeviceRevoked> {
            receiver.first.naru.receive(scanning = scanned.await()).receive(showing = {
                revoke(receiver.second)
                code.complete(it)
            })
        }
        assertEquals("device_revoked", failure.code)
        assertEquals(emptyList<Certificate>(), receiver.first.naru.certificates())
        giving.cancelAndJoin()
    }

    @Test
    fun `a giver that is revoked in the middle hears so, and gives nothing`() = test {
        val (giver, receiver) = List(2) { known() }
        val certificate = giver.first.owns().also(opened::add)
        val scanned = CompletableDeferred<String>()
        val code = CompletableDeferred<String>()
        val receiving = async { receiver.first.naru.receive(scanning = scanned.await()).receive(showing = { code.complete(it) }) }
        val failure = failsBy<NaruException.DeviceRevoked> {
            giver.first.naru.giveByDisplaying(certificate).give(
                code = { code.await().also { revoke(giver.second) } },
            ) { event -> if (event is GiveEvent.Displaying) scanned.complete(event.qr.text) }
        }
        assertEquals("device_revoked", failure.code)
        receiving.cancelAndJoin()
        assertEquals(emptyList<Certificate>(), receiver.first.naru.certificates())
    }

    @Test
    fun `a revoked device may begin anew as another one`() = test {
        val folder = temporaryFolder()
        val (phone, device) = known(folder)
        revoke(device)
        failsBy<NaruException.DeviceRevoked> { phone.opens() }
        phone.naru.renewDevice()
        phone.opens()
        // It stays the new one when the app starts anew.
        phone(folder).opens()
        assertFalse(device == provider.devices(relay, "hong").single())
    }

    @Test
    fun `a device that begins anew counts, and waits for room`() = test {
        val (phone, device) = known()
        revoke(device)
        val (_, second) = List(2) { known() }.map { it.second }
        phone.naru.renewDevice()
        assertEquals("devices", failsBy<NaruException.DeviceLimit> { phone.opens() }.refusal?.rule)
        revoke(second)
        phone.opens()
    }
}
