package kr.naru.demo.model

import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kr.naru.NaruException
import kr.naru.OriginalFate
import kr.naru.VerificationException.Reason
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Assert.fail
import org.junit.Test

class GivingTest {
    @Test
    fun `sends once the person has unlocked and typed the code`() = crossing {
        phoneKeepsSample()
        val receiving = receives()
        model.give(rows.single())
        model.scan(code.await())
        assertEquals("업무용 PC", sees<Screen.Recipient>().name)
        model.confirmRecipient()
        assertEquals(Screen.TypingCode(), screen)
        model.submitCode(digits.await())
        val sent = sees<Screen.Sent>()
        assertEquals("업무용 PC", sent.location)
        assertEquals("받은 기기에서 개인키를 확인했습니다.", sent.finding)
        model.deleteOriginal()
        assertEquals(Screen.Done(Texts(Language.KOREAN).deleted), screen)
        assertEquals(OriginalFate.DELETED, receiving.await())
        assertEquals(emptyList<CertificateRow>(), rows)
    }

    @Test
    fun `what was moved and kept can go later`() = crossing {
        phoneKeepsSample()
        val receiving = receives()
        phoneGivesUntilCode()
        model.submitCode(digits.await())
        sees<Screen.Sent>()
        model.keepOriginal()
        assertEquals(Screen.Done("원본을 남겨 두었습니다."), screen)
        assertEquals(OriginalFate.KEPT, receiving.await())
        model.stop()
        model.state.first { it.certificates.single().wasMoved }
        model.delete(rows.single())
        assertEquals(emptyList<CertificateRow>(), rows)
    }

    @Test
    fun `sends nothing while the person does not unlock the phone`() = crossing {
        phoneKeepsSample()
        val receiving = receives()
        model.give(rows.single())
        model.scan(code.await())
        sees<Screen.Recipient>()
        for (reason in Reason.entries) {
            person.refuses = reason
            model.confirmRecipient()
            val problem = sees<Screen.Recipient> { it.problem != null }.problem
            assertTrue("$problem", problem?.code.orEmpty().isNotEmpty())
            model.submitCode(digits.await())
            assertTrue("$screen", screen is Screen.Recipient)
        }
        receiving.cancelAndJoin()
    }

    @Test
    fun `a certificate stays when the person does not unlock`() = crossing {
        phoneKeepsSample()
        person.refuses = Reason.FAILED
        model.delete(rows.single())
        assertTrue("${model.state.value.listProblem}", model.state.value.listProblem?.message.orEmpty().isNotEmpty())
        assertEquals(1, rows.size)
    }

    @Test
    fun `a QR of the other direction is named`() = crossing {
        val receiving = receives()
        model.receive()
        model.scan(code.await())
        val problem = sees<Screen.Failed>().problem
        assertEquals("wrong_direction", problem.code)
        assertTrue("$problem", problem.message.contains("반대 방향"))
        receiving.cancelAndJoin()
    }

    @Test
    fun `digits that are no code are corrected where they were typed`() = crossing {
        phoneKeepsSample()
        val receiving = receives()
        phoneGivesUntilCode()
        model.submitCode("12")
        assertTrue("$screen", sees<Screen.TypingCode>().problem?.message.orEmpty().isNotEmpty())
        receiving.cancelAndJoin()
    }

    @Test
    fun `three wrong codes end it, and the certificate stays`() = crossing(language = Language.ENGLISH) {
        phoneKeepsSample()
        val receiving = receives()
        phoneGivesUntilCode()
        val wrong = wrong(digits.await())
        for (left in listOf(2, 1)) {
            model.submitCode(wrong)
            sees<Screen.TypingCode> { it.problem?.message == "The code is wrong. $left tries are left." }
        }
        model.submitCode(wrong)
        assertEquals("too_many_wrong_codes", sees<Screen.Failed>().problem.code)
        assertEquals(1, rows.size)
        try {
            receiving.await()
            fail("it was received")
        } catch (_: NaruException) {
            // Stopped by the phone.
        }
    }

    @Test
    fun `cancelling before the code sends nothing, and the other device hears of it`() = crossing {
        phoneKeepsSample()
        val receiving = receives()
        phoneGivesUntilCode()
        model.stop()
        assertEquals(Screen.Home, screen)
        try {
            receiving.await()
            fail("it was received")
        } catch (failure: NaruException) {
            assertEquals("cancelled_by_peer", failure.code)
        }
        assertEquals(1, rows.size)
    }

    @Test
    fun `a certificate that is gone meanwhile is not sent`() = crossing {
        phoneKeepsSample()
        val receiving = receives()
        val row = rows.single()
        model.delete(row)
        model.give(row)
        model.scan(code.await())
        assertEquals(Screen.Home, screen)
        receiving.cancelAndJoin()
    }
}
