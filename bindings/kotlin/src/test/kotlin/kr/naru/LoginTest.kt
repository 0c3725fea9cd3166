package kr.naru

import java.io.File
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Phones whose relay wants to know who the person is. */
class LoginTest {
    private val opened = mutableListOf<AutoCloseable>()

    @AfterEach
    fun close() = opened.asReversed().onEach(AutoCloseable::close).clear()

    private val provider = ProviderProcess().also(opened::add)
    private val relay = relayOf(provider, MINISTRY).also(opened::add)

    private fun phone(login: Login?, folder: File = temporaryFolder()) =
        Phone(listOf(relay.origin), folder = folder, login = login).also(opened::add)

    private fun of(person: String): Login = Login { provider.token(person) }

    @Test
    fun `one person's two phones move a certificate`() = test {
        val asked = AtomicInteger()
        val counting = Login { asked.incrementAndGet(); provider.token("hong") }
        val (giver, receiver) = phone(of("hong")) to phone(counting)
        val certificate = giver.owns().also(opened::add)
        val scanned = CompletableDeferred<String>()
        val code = CompletableDeferred<String>()
        val receiving = async { receiver.naru.receive(scanning = scanned.await()).receive(showing = { code.complete(it) }) }
        giver.naru.giveByDisplaying(certificate).give(code = { code.await() }) { event ->
            if (event is GiveEvent.Displaying) scanned.complete(event.qr.text)
        }
        receiving.await()
        assertTrue(asked.get() > 1, "the token is asked for again, so that it can be renewed")
    }

    @Test
    fun `whoever is not logged in hears so`() = test {
        for (login in listOf(null, Login { null }, Login { error("no network") }, Login { "a.b.c" })) {
            val failure = failsBy<NaruException.LoginRequired> { phone(login).opens() }
            assertEquals("login_required", failure.code)
        }
    }

    @Test
    fun `another person's phone gets nothing`() = test {
        val giver = phone(of("hong"))
        val certificate = giver.owns().also(opened::add)
        val other = phone(of("kim"))
        val scanned = CompletableDeferred<String>()
        val giving = async { failsBy<NaruException.Cancelled> { giver.naru.giveByDisplaying(certificate).give(code = { "000000" }) { event ->
            if (event is GiveEvent.Displaying) scanned.complete(event.qr.text)
        } } }
        val text = scanned.await()
        failsBy<NaruException.OtherPerson> { other.naru.receive(scanning = text).receive(showing = {}) }
        assertTrue(other.naru.certificates().isEmpty())
        giving.cancel()
    }

    @Test
    fun `the limit of devices is told with rule, agency and desk`() = test {
        val folder = temporaryFolder()
        phone(of("hong"), folder).opens()
        phone(of("hong")).opens()
        // The first device once more: its key is in the store.
        phone(of("hong"), folder).opens()
        val refusal = failsBy<NaruException.DeviceLimit> { phone(of("hong")).opens() }.refusal!!
        assertEquals("devices", refusal.rule)
        assertEquals(LocalisedText("행정안전부", "Interior"), refusal.agency)
        assertEquals(SupportDesk(LocalisedText("정보화담당관실", "IT office"), "02-2100-0000", null, LocalisedText("평일", "weekdays")), refusal.desk)
        phone(of("kim")).opens()
    }

    @Test
    fun `a stranger's account is none of an agency's`() = test {
        val failure = failsBy<NaruException.NotAllowed> { phone(of("stranger@elsewhere.example")).opens() }
        assertEquals("not_a_member", failure.code)
        assertNull(failure.refusal)
    }
}
