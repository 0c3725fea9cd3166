package kr.naru.demo.model

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kr.naru.FrameContent
import kr.naru.Naru
import kr.naru.NaruException
import kr.naru.ReceiveEvent
import kr.naru.readFrame
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertTrue
import org.junit.Assert.fail
import org.junit.Test

class ReceivingTest {
    @Test
    fun `receives, checks and lists the certificate`() = crossing {
        val giving = gives()
        val arrived = phoneReceivesUntilArrived()
        assertEquals(4, arrived.mark.length)
        assertEquals("업무용 PC", arrived.sender)
        model.accept(PASSWORD)
        val stored = sees<Screen.Stored> { it.original != null }
        assertEquals("보낸 기기에 원본이 남아 있습니다.", stored.original)
        assertTrue("${stored.findings}", "개인키가 인증서와 맞습니다." in stored.findings)
        giving.await()
        assertTrue(rows.single().validity, rows.single().validity.startsWith("유효기간 20"))
        model.stop()
        assertEquals(Screen.Home, screen)
    }

    @Test
    fun `asks for a wrong password again, and stores nothing meanwhile`() = crossing {
        val giving = gives()
        phoneReceivesUntilArrived()
        model.accept("틀린 비밀번호")
        val problem = sees<Screen.Arrived> { it.problem != null }.problem
        assertEquals("wrong_password", problem?.code)
        assertTrue("$problem", problem?.message.orEmpty().contains("비밀번호가 맞지 않습니다"))
        model.refresh()
        assertEquals(emptyList<CertificateRow>(), rows)
        model.accept(PASSWORD)
        sees<Screen.Stored>()
        giving.await()
    }

    @Test
    fun `refuses a certificate that the person does not know`() = crossing {
        val giving = gives { fail("it was stored") }
        phoneReceivesUntilArrived()
        model.refuse()
        assertEquals(Screen.Done("저장하지 않았습니다. 원본은 그대로입니다."), screen)
        try {
            giving.await()
            fail("it was given")
        } catch (failure: NaruException) {
            assertEquals("refused_by_peer", failure.code)
        }
        assertEquals(emptyList<CertificateRow>(), rows)
    }

    @Test
    fun `says what is wrong with a code and goes on scanning`() = crossing(language = Language.ENGLISH) {
        model.receive()
        model.scan("https://example.com")
        val hint = sees<Screen.Scanning> { it.hint != null }.hint
        assertEquals("not_naru", hint?.code)
        assertTrue("$hint", hint?.message.orEmpty().contains("not a Naru code"))
    }

    @Test
    fun `names a code of something else that the camera sees`() = crossing {
        model.receive()
        model.see(FrameContent.NotOurs)
        assertEquals("나루의 QR이 아닙니다.", sees<Screen.Scanning>().hint?.message)
    }

    @Test
    fun `a code in a frame of the camera connects`() = crossing {
        val giving = gives()
        val qr = qr.await()
        model.receive()
        // Four pixels a module, a quiet zone, and rows that are longer than what they hold.
        val side = (qr.width + 8) * 4
        val stride = side + 24
        val luma = ByteArray(stride * side) { at ->
            val (x, y) = (at % stride) / 4 - 4 to (at / stride) / 4 - 4
            if (x in 0 until qr.width && y in 0 until qr.width && qr.isDark(x, y)) 0 else -1
        }
        model.see(readFrame(luma, side, side, stride))
        sees<Screen.SecurityCode>()
        model.stop()
        giving.cancelAndJoin()
    }

    @Test
    fun `a frame without a code changes nothing`() = crossing {
        model.receive()
        model.see(FrameContent.NotFound)
        assertEquals(Screen.Scanning(Purpose.Receive), screen)
    }

    @Test
    fun `a frame that comes late changes nothing`() = crossing {
        model.see(FrameContent.Code("late"))
        model.see(FrameContent.NotOurs)
        assertEquals(Screen.Home, screen)
    }

    @Test
    fun `without a camera the number is typed`() = crossing {
        model.receive()
        model.cameraFails()
        val problem = sees<Screen.TypingNumber>().problem
        assertEquals("카메라를 쓸 수 없습니다. 연결번호를 입력하세요.", problem?.message)
        assertEquals("no_camera", problem?.code)
    }

    @Test
    fun `a number that is none is corrected where it was typed`() = crossing {
        for ((typed, code) in listOf("123" to "not_twelve_digits", "1234 5678 9012" to "number_mistyped")) {
            model.receive()
            model.typeNumber()
            model.submitNumber(typed)
            val corrected = sees<Screen.TypingNumber> { it.problem != null }
            assertEquals(code, corrected.problem?.code)
            assertEquals(typed, corrected.typed)
        }
    }

    @Test
    fun `receives by the number, without its password`() = crossing {
        val giving = gives()
        model.receive()
        model.typeNumber()
        model.submitNumber(number.await())
        digits.complete(sees<Screen.SecurityCode>().digits)
        sees<Screen.Arrived>()
        model.accept(null)
        val stored = sees<Screen.Stored>()
        assertTrue("${stored.findings}", "개인키를 아직 확인하지 않았습니다." in stored.findings)
        giving.await()
    }

    @Test
    fun `a relay that is gone is said while it tries again`() = crossing {
        val giving = gives()
        model.receive()
        model.scan(code.await())
        sees<Screen.SecurityCode>()
        relay.close()
        model.state.first { it.isReconnecting }
        model.stop()
        assertFalse(model.state.value.isReconnecting)
        assertEquals(Screen.Home, screen)
        giving.cancelAndJoin()
    }

    @Test
    fun `an expired code can be tried again`() = crossing("--join-ttl=1") {
        val giving = gives()
        val text = code.await()
        try {
            giving.await()
        } catch (_: NaruException) {
            // It has expired, which is meant.
        }
        model.receive()
        model.scan(text)
        val problem = sees<Screen.Failed>().problem
        assertTrue("$problem", problem.canRetry)
        assertFalse("$problem", problem.code.isEmpty())
        model.retry()
        assertEquals(Screen.Scanning(Purpose.Receive), screen)
    }

    @Test
    fun `a code that another device has joined by is named`() = crossing {
        val giving = gives()
        val text = code.await()
        val stranger = naru(relay.origin, "남의 전화")
        val joined = CompletableDeferred<Unit>()
        val receiving = CoroutineScope(Dispatchers.Default).launch {
            stranger.receive(scanning = text).collect { if (it is ReceiveEvent.SecurityCode) joined.complete(Unit) }
        }
        joined.await()
        model.receive()
        model.scan(text)
        val problem = sees<Screen.Failed>().problem
        assertEquals("already_joined", problem.code)
        assertTrue("$problem", "다른 기기가 먼저 연결했습니다" in problem.message)
        receiving.cancelAndJoin()
        stranger.close()
        giving.cancelAndJoin()
    }

    @Test
    fun `leaving the app stops a transfer that waits for the person, and the other device hears of it`() = crossing {
        val giving = gives()
        model.receive()
        model.scan(code.await())
        sees<Screen.SecurityCode>()
        model.leave()
        assertEquals("left_app", sees<Screen.Failed>().problem.code)
        try {
            digits.complete("000000")
            giving.await()
            fail("it was given")
        } catch (failure: NaruException) {
            assertEquals("cancelled_by_peer", failure.code)
        }
        model.stop()
        assertEquals(emptyList<CertificateRow>(), rows)
    }

    @Test
    fun `leaving the app takes nothing back that is stored`() = crossing {
        val giving = gives()
        phoneReceivesUntilArrived()
        model.accept(PASSWORD)
        model.leave()
        assertNotNull(sees<Screen.Stored> { it.original != null }.original)
        giving.await()
    }

    @Test
    fun `lets go of all that the library holds`() {
        // What other tests have cancelled is collected first; from then on closing has to do.
        awaitNoObjects { System.gc() }
        crossing {
            val giving = gives()
            phoneReceivesUntilArrived()
            model.accept(PASSWORD)
            sees<Screen.Stored> { it.original != null }
            giving.await()
            model.stop()
            model.refresh()
            model.receive()
            model.scan(code.await())
            model.leave()
        }
        // The last farewell may be under way.
        awaitNoObjects { Thread.yield() }
    }

    private fun awaitNoObjects(meanwhile: () -> Unit) {
        val deadline = System.nanoTime() + 20_000_000_000
        while (Naru.liveObjects() > 0 && System.nanoTime() < deadline) meanwhile()
        assertEquals(0, Naru.liveObjects())
    }

    @Test
    fun `answers that come too early or too late do nothing`() = crossing {
        model.accept(PASSWORD)
        model.refuse()
        model.confirmRecipient()
        model.submitCode("123456")
        model.submitNumber("1234 5678 9012")
        model.keepOriginal()
        model.deleteOriginal()
        model.retry()
        model.leave()
        assertEquals(Screen.Home, screen)
    }
}
