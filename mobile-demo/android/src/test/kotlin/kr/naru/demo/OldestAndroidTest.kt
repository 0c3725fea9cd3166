package kr.naru.demo

import android.app.Activity
import android.content.Intent
import kr.naru.FrameContent
import kr.naru.demo.model.PASSWORD
import org.junit.After
import org.junit.Assert.assertNull
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config

/** On Android 7, whose prompt for the lock is an activity of the system's. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [24])
class OldestAndroidTest {
    private val phone = Phone(ownsSample = true)

    @After
    fun close() = phone.close()

    /** The system's prompt, among what the activity has asked the system for. */
    private fun asked(transfer: ActivityController<TransferActivity>): Intent? =
        generateSequence { shadowOf(transfer.get()).nextStartedActivityForResult }.map { it.intent }
            .firstOrNull { it.action == "android.app.action.CONFIRM_DEVICE_CREDENTIAL" }

    private fun answers(transfer: ActivityController<TransferActivity>, result: Int) = phone.run {
        val asked = until("the system asks") { asked(transfer) }
        transfer.pause().stop()
        transfer.restart().start()
        shadowOf(transfer.get()).receiveResult(asked, result, null)
        transfer.resume()
    }

    @Test
    fun `a certificate comes`(): Unit = phone.run {
        pc.gives()
        presses("PC에서 가져오기")
        follow()
        presses("연결번호 입력")
        types(outcome(pc.number))
        presses("연결")
        pc.digits.complete(digits())
        types(PASSWORD)
        presses("확인하고 저장")
        sees("개인키가 인증서와 맞습니다.")
    }

    @Test
    fun `a certificate goes once the phone is unlocked, and not before`(): Unit = phone.run {
        hasALock()
        pc.receives()
        presses("다른 기기로 보내기")
        val transfer = follow()
        model.see(FrameContent.Code(outcome(pc.code)))
        presses("보내기")
        answers(transfer, Activity.RESULT_CANCELED)
        sees("문의 코드: ")
        presses("보내기")
        answers(transfer, Activity.RESULT_OK)
        sees("다른 기기에 보이는 보안번호를 입력하세요")
        types(outcome(pc.digits))
        presses("보내기")
        sees("다른 기기에 저장했습니다.")
    }

    @Test
    fun `a phone without a lock does not send`(): Unit = phone.run {
        hasALock(false)
        pc.receives()
        presses("다른 기기로 보내기")
        val transfer = follow()
        model.see(FrameContent.Code(outcome(pc.code)))
        presses("보내기")
        sees("문의 코드: ")
        assertNull(asked(transfer))
    }
}
