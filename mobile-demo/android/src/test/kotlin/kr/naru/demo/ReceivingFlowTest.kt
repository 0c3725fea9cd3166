package kr.naru.demo

import android.Manifest
import android.view.WindowManager.LayoutParams.FLAG_SECURE
import kr.naru.demo.model.PASSWORD
import kr.naru.demo.model.Screen
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf

@RunWith(RobolectricTestRunner::class)
class ReceivingFlowTest {
    private val phone = Phone()

    @After
    fun close() = phone.close()

    private fun opensReceiving() = phone.run {
        presses("PC에서 가져오기")
        follow()
    }

    /** The person types the number in place of the camera, and the security code is seen. */
    private fun connects() = opensReceiving().also {
        phone.presses("연결번호 입력")
        phone.types(phone.outcome(phone.pc.number))
        phone.presses("연결")
        phone.sees("이 보안번호를 PC에 입력하세요.")
    }

    @Test
    fun `a certificate comes by the number, is checked and listed`(): Unit = phone.run {
        sees("이 휴대전화에 인증서가 없습니다.")
        val giving = pc.gives()
        val transfer = opensReceiving()
        refusesTheCamera(transfer)
        sees("카메라를 쓸 수 없습니다. 연결번호를 입력하세요.")
        sees("문의 코드: no_camera")
        types(outcome(pc.number))
        presses("연결")
        pc.digits.complete(digits())
        sees("인증서가 왔습니다")
        types("틀린 비밀번호")
        presses("확인하고 저장")
        sees("비밀번호가 맞지 않습니다")
        sees("문의 코드: wrong_password")
        types(PASSWORD)
        presses("확인하고 저장")
        sees("개인키가 인증서와 맞습니다.")
        sees("보낸 기기에 원본이 남아 있습니다.")
        outcome(giving)
        presses("닫기")
        returns(transfer)
        sees("홍길동")
        sees("유효기간 20")
    }

    @Test
    fun `a phone without a camera has the number typed`(): Unit = phone.run {
        shadowOf(app).grantPermissions(Manifest.permission.CAMERA)
        opensReceiving()
        sees("카메라를 쓸 수 없습니다. 연결번호를 입력하세요.")
    }

    @Test
    fun `security codes and passwords are in no screenshot`(): Unit = phone.run {
        val transfer = opensReceiving()
        assertNotEquals(0, transfer.get().window.attributes.flags and FLAG_SECURE)
    }

    @Test
    fun `a wrong number is corrected where it was typed`(): Unit = phone.run {
        opensReceiving()
        presses("연결번호 입력")
        types("1234 5678 9012")
        presses("연결")
        sees("문의 코드: number_mistyped")
        presses("연결")
    }

    @Test
    fun `turning the phone goes on with the transfer`(): Unit = phone.run {
        pc.gives()
        val transfer = connects()
        val digits = digits()
        transfer.recreate()
        looksAt(transfer.get())
        assertEquals(digits, digits())
        pc.digits.complete(digits)
        sees("인증서가 왔습니다")
    }

    @Test
    fun `going to another app stops the transfer, which is said on return and to the other device`(): Unit = phone.run {
        val giving = pc.gives()
        val transfer = connects()
        transfer.pause().stop()
        pc.digits.complete("000000")
        assertEquals("cancelled_by_peer", failureOf(giving))
        transfer.restart().start().resume()
        sees("앱을 벗어나 중단했습니다. 원본은 그대로입니다.")
        sees("문의 코드: left_app")
        presses("다시 시도")
        sees("PC 화면의 QR 코드를 비추세요")
    }

    @Test
    fun `going back stops the transfer`(): Unit = phone.run {
        val giving = pc.gives()
        val transfer = connects()
        @Suppress("DEPRECATION")
        transfer.get().onBackPressed()
        returns(transfer)
        assertEquals(Screen.Home, model.state.value.screen)
        pc.digits.complete("000000")
        assertEquals("cancelled_by_peer", failureOf(giving))
        sees("이 휴대전화에 인증서가 없습니다.")
    }

    @Test
    fun `closing the activity otherwise stops the transfer too`(): Unit = phone.run {
        val giving = pc.gives()
        val transfer = connects()
        transfer.get().finish()
        returns(transfer)
        until("home") { Screen.Home.takeIf { it == model.state.value.screen } }
        pc.digits.complete("000000")
        assertEquals("cancelled_by_peer", failureOf(giving))
    }

    @Test
    fun `a transfer whose process has died is not shown again`() {
        val transfer = Robolectric.buildActivity(TransferActivity::class.java).create(android.os.Bundle())
        assertTrue(transfer.get().isFinishing)
        transfer.destroy()
    }

    @Test
    fun `refuses a certificate that the person does not know`(): Unit = phone.run {
        val giving = pc.gives()
        val transfer = connects()
        pc.digits.complete(digits())
        presses("받지 않음")
        sees("저장하지 않았습니다. 원본은 그대로입니다.")
        assertEquals("refused_by_peer", failureOf(giving))
        presses("닫기")
        returns(transfer)
        sees("이 휴대전화에 인증서가 없습니다.")
    }

    @Test
    fun `speaks the other language`(): Unit = phone.run {
        presses("English")
        sees("There is no certificate on this phone.")
        presses("Bring from a PC")
        follow()
        sees("Point the camera at the QR code on the PC")
    }
}
