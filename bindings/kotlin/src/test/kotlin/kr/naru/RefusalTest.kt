package kr.naru

import java.util.Locale
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.collect
import kotlinx.coroutines.flow.first
import kotlin.time.Duration.Companion.hours
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource

/** Who may have two devices. */
const val MINISTRY = """
[agency.mois]
name = { ko = "행정안전부", en = "Interior" }
devices = 2
[agency.mois.desk]
name = { ko = "정보화담당관실", en = "IT office" }
phone = "02-2100-0000"
hours = { ko = "평일", en = "weekdays" }
"""

private val NAME = LocalisedText("행정안전부", "Interior")
private val DESK = SupportDesk(
    LocalisedText("정보화담당관실", "IT office"), "02-2100-0000", "desk@mois.example", LocalisedText("평일", "weekdays"),
)
private val CENTRE = SupportDesk(LocalisedText("통합 지원센터", "Support centre"), "110", null, null)

/** What a relay does not allow its people, each by another rule of their agency's. */
class RefusalTest {
    private val opened = mutableListOf<AutoCloseable>()

    @AfterEach
    fun close() = opened.asReversed().onEach(AutoCloseable::close).clear()

    /** A rule that does not allow something, and what the person is told of it. */
    class Case(
        val rule: String,
        val doing: String,
        val agency: LocalisedText? = NAME,
        val desk: SupportDesk? = DESK,
        val line: String = "",
        val agencyOfThePeople: String = "mois",
        val logsIn: Boolean = true,
        val act: suspend Phone.() -> Unit,
    ) {
        val agencies get() = """
            [desk]
            name = { ko = "통합 지원센터", en = "Support centre" }
            phone = "110"
            [agency.mois]
            name = { ko = "행정안전부", en = "Interior" }
            $line
            [agency.mois.desk]
            name = { ko = "정보화담당관실", en = "IT office" }
            phone = "02-2100-0000"
            mail = "desk@mois.example"
            hours = { ko = "평일", en = "weekdays" }
            [agency.nts]
            name = { ko = "국세청", en = "Tax" }
            networks = ["198.51.100.0/24"]
        """.trimIndent()

        override fun toString() = "$rule, $doing"
    }

    @ParameterizedTest
    @MethodSource("cases")
    fun `a refusal names the rule, the agency and its desk`(case: Case) = test {
        val provider = ProviderProcess().also(opened::add)
        val relay = when (case.logsIn) {
            true -> relayOf(provider, case.agencies, case.agencyOfThePeople)
            false -> RelayProcess("--agencies", temporaryFolder().resolve("agencies.toml").apply { writeText(case.agencies) }.path)
        }.also(opened::add)
        val phones = List(2) { Phone(listOf(relay.origin), login = Login { provider.token("hong") }.takeIf { case.logsIn }).also(opened::add) }
        if (case.rule == "devices") phones[0].opens()
        val failure = failsBy<NaruException> { phones[1].(case.act)() }
        assertEquals("not_allowed", failure.code)
        assertFalse(failure.isRetryable)
        val refusal = when (failure) {
            is NaruException.DeviceLimit -> failure.refusal.also { assertEquals("devices", case.rule) }
            is NaruException.NotAllowed -> failure.refusal
            else -> throw failure
        }
        assertEquals(RuleRefusal(case.rule, case.agency, case.desk), refusal)
        val words = mapOf("directions" to "in this direction", "issuers" to "of this issuer", "policies" to "of this kind")
        val (korean, english) = listOf(Locale.KOREA, Locale.UK).map(failure::messageIn)
        for (said in listOfNotNull(case.agency?.korean, case.desk?.name?.korean, case.desk?.phone)) assertTrue(said in korean) { korean }
        for (said in listOfNotNull(case.agency?.english, case.desk?.name?.english, case.desk?.phone, words[case.rule])) assertTrue(said in english) { english }
    }

    /** Whose rule has changed in the middle of a transfer: what has come is not stored. */
    @Test
    fun `what has come by another issuer than allowed is not stored`() = test {
        val agencies = temporaryFolder().resolve("agencies.toml").apply { writeText(Case("", "") {}.agencies) }
        val relay = RelayProcess("--agencies", agencies.path).also(opened::add)
        val (giver, receiver) = List(2) { Phone(listOf(relay.origin)).also(opened::add) }
        val certificate = giver.owns().also(opened::add)
        val (scanned, code) = List(2) { CompletableDeferred<String>() }
        val receiving = async {
            failsBy<NaruException.NotAllowed> {
                receiver.naru.receive(scanning = scanned.await()).collect { event ->
                    if (event is ReceiveEvent.SecurityCode) code.complete(event.code)
                    if (event is ReceiveEvent.Arrived) {
                        opened += event.certificates
                        agencies.writeText(Case("", "", line = """issuers = ["CA131000002"]""") {}.agencies)
                        relay.reloads()
                        try { event.accept() } finally { event.refuse() }
                    }
                }
            }
        }
        failsBy<NaruException.OtherDevice> {
            giver.naru.giveByDisplaying(certificate).give(code = { code.await() }) { event ->
                if (event is GiveEvent.Displaying) scanned.complete(event.qr.text)
            }
        }
        assertEquals(RuleRefusal("issuers", NAME, DESK), receiving.await().refusal)
        assertEquals(emptyList<Certificate>(), receiver.naru.certificates())
    }

    companion object {
        private const val ELSEWHERE = """networks = ["192.0.2.0/24"]"""

        private suspend fun Phone.owning(act: suspend Phone.(Certificate) -> Unit) = owns().use { act(it) }

        @JvmStatic
        fun cases() = listOf(
            Case("networks", "showing a code", line = ELSEWHERE) { opens() },
            Case("networks", "giving", line = ELSEWHERE) { owning { naru.giveByDisplaying(it).collect() } },
            Case("networks", "typing a number", line = ELSEWHERE) { naru.receiveByNumber("4815 1623 4283").collect() },
            Case("networks", "depositing", line = ELSEWHERE) { owning { naru.deposit(it, keepFor = 1.hours).collect() } },
            Case("networks", "where nobody logs in", agency = null, desk = CENTRE, line = ELSEWHERE, logsIn = false) { opens() },
            Case("deposits", "depositing", line = "deposits = false") { owning { naru.deposit(it, keepFor = 1.hours).collect() } },
            Case("deposits", "where nobody logs in", line = "deposits = false", logsIn = false) {
                owning { naru.deposit(it, keepFor = 1.hours).collect() }
            },
            Case("directions", "receiving", line = """directions = ["to-pc"]""") { opens() },
            Case("directions", "giving", line = """directions = ["from-pc"]""") { owning { naru.giveByDisplaying(it).collect() } },
            Case("directions", "where nobody logs in", line = """directions = ["to-pc"]""", logsIn = false) { opens() },
            Case("issuers", "giving", line = """issuers = ["CA131000002"]""") { owning { naru.giveByDisplaying(it).collect() } },
            Case("issuers", "depositing", line = """issuers = ["CA131000002"]""") {
                owning { naru.deposit(it, keepFor = 1.hours).collect() }
            },
            Case("policies", "giving", line = """policies = ["1.2.410.100001.2.1.1"]""") {
                owning { naru.giveByDisplaying(it).collect() }
            },
            Case("devices", "one more", line = "devices = 1") { opens() },
            Case("devices", "giving from one more", line = "devices = 1") { owning { naru.giveByDisplaying(it).collect() } },
            Case("accounts", "of an agency without rules", agency = null, desk = CENTRE, agencyOfThePeople = "gone") { opens() },
        )
    }
}
