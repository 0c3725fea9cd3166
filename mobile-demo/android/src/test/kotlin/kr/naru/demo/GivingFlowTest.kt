package kr.naru.demo

import android.hardware.biometrics.BiometricPrompt
import kr.naru.FrameContent
import kr.naru.OriginalFate
import kr.naru.demo.model.wrong
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.shadows.ShadowAlertDialog
import org.robolectric.shadows.ShadowBiometricPrompt

@RunWith(RobolectricTestRunner::class)
class GivingFlowTest {
    private val phone = Phone(ownsSample = true)

    @After
    fun close() = phone.close()

    /** The camera reads the other device's code, and the app asks whether to send there. */
    private fun scans() = phone.run {
        presses("다른 기기로 보내기")
        follow().also {
            model.see(FrameContent.Code(outcome(pc.code)))
            sees("업무용 PC(으)로 인증서를 보냅니다.")
            sees("전화나 메시지로 받은 QR이면 취소하세요.")
        }
    }

    private fun unlocks() {
        phone.until("the system asks") { ShadowBiometricPrompt.getCurrentPrompt() }
        ShadowBiometricPrompt.authenticateCurrentSessionSuccessfully()
    }

    private fun doesNotUnlock(error: Int) {
        phone.until("the system asks") { ShadowBiometricPrompt.getCurrentPrompt() }
        ShadowBiometricPrompt.authenticateCurrentSessionWithError(error, "")
    }

    @Test
    fun `a certificate goes once the phone is unlocked and the code typed`(): Unit = phone.run {
        hasALock()
        val receiving = pc.receives()
        val transfer = scans()
        presses("보내기")
        unlocks()
        sees("다른 기기에 보이는 보안번호를 입력하세요")
        val digits = outcome(pc.digits)
        types(wrong(digits))
        presses("보내기")
        sees("보안번호가 다릅니다. 2번 남았습니다.")
        types(digits)
        presses("보내기")
        sees("다른 기기에 저장했습니다.")
        presses("남겨 두기")
        sees("원본을 남겨 두었습니다.")
        assertEquals(OriginalFate.KEPT, outcome(receiving))
        presses("닫기")
        returns(transfer)
        sees("다른 기기에 옮김")
    }

    @Test
    fun `nothing goes while the person does not unlock the phone`(): Unit = phone.run {
        hasALock()
        pc.receives()
        scans()
        for (error in listOf(BiometricPrompt.BIOMETRIC_ERROR_USER_CANCELED, BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT)) {
            presses("보내기")
            doesNotUnlock(error)
            sees("문의 코드: ")
        }
    }

    @Test
    fun `a phone without a lock does not send`(): Unit = phone.run {
        hasALock(false)
        pc.receives()
        scans()
        presses("보내기")
        sees("문의 코드: ")
        assertNull(ShadowBiometricPrompt.getCurrentPrompt())
    }

    @Test
    fun `the prompt for the lock hiding the app is not leaving it`(): Unit = phone.run {
        hasALock()
        pc.receives()
        val transfer = scans()
        presses("보내기")
        until("the system asks") { ShadowBiometricPrompt.getCurrentPrompt() }
        transfer.pause().stop()
        transfer.restart().start().resume()
        unlocks()
        sees("다른 기기에 보이는 보안번호를 입력하세요")
    }

    @Test
    fun `leaving the app while it asks for the lock stops the transfer`(): Unit = phone.run {
        hasALock()
        val receiving = pc.receives()
        val transfer = scans()
        presses("보내기")
        until("the system asks") { ShadowBiometricPrompt.getCurrentPrompt() }
        transfer.pause().stop()
        doesNotUnlock(BiometricPrompt.BIOMETRIC_ERROR_CANCELED)
        until("it has stopped") { model.state.value.screen as? kr.naru.demo.model.Screen.Failed }
        assertEquals("cancelled_by_peer", failureOf(receiving))
    }

    @Test
    fun `a certificate is deleted once the person has confirmed and unlocked`(): Unit = phone.run {
        hasALock()
        presses("이 휴대전화에서 삭제")
        ShadowAlertDialog.getLatestDialog().let { it as android.app.AlertDialog }.getButton(-1).performClick()
        unlocks()
        sees("이 휴대전화에 인증서가 없습니다.")
    }

    @Test
    fun `a certificate stays when the person does not unlock`(): Unit = phone.run {
        hasALock()
        presses("이 휴대전화에서 삭제")
        ShadowAlertDialog.getLatestDialog().let { it as android.app.AlertDialog }.getButton(-1).performClick()
        doesNotUnlock(BiometricPrompt.BIOMETRIC_ERROR_USER_CANCELED)
        sees("문의 코드: ")
        sees("홍길동")
        assertTrue(model.state.value.certificates.isNotEmpty())
    }
}
