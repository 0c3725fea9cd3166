package kr.naru.demo.model

import java.util.Locale
import kotlin.time.Instant
import kr.naru.CertificateFormat
import kr.naru.CertificateHolder
import kr.naru.CertificateSummary
import kr.naru.CertificateValidity
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Test

class TextsTest {
    private fun summary(validity: CertificateValidity, until: Long?) = CertificateSummary(
        "", "", CertificateFormat.NPKI, false, null, "홍길동", "", CertificateHolder.PERSON,
        null, until?.let(Instant::fromEpochSeconds), validity,
    )

    @Test
    fun `says where a certificate would go`() {
        assertEquals("업무용 PC(으)로 인증서를 보냅니다.", Texts(Language.KOREAN).sendQuestion("업무용 PC"))
        assertEquals("The certificate goes to this device.", Texts(Language.ENGLISH).sendQuestion(""))
    }

    @Test
    fun `warns of an expired certificate with its day in Korea`() {
        val expired = summary(CertificateValidity.Expired, 1_740_754_800)
        assertEquals("만료된 인증서입니다(2025.3.1). 재발급 후 옮기세요.", Texts(Language.KOREAN).warning(expired))
        assertEquals("만료됨 2025.3.1", Texts(Language.KOREAN).validity(expired))
    }

    @Test
    fun `does not warn of what is valid, not yet valid or unknown`() {
        val others = listOf(CertificateValidity.Valid(1), CertificateValidity.NotYet, CertificateValidity.Unknown)
        others.forEach { assertNull(Texts(Language.ENGLISH).warning(summary(it, 1_740_754_800))) }
        assertEquals(
            "Its time is known once its password is given.",
            Texts(Language.ENGLISH).validity(summary(CertificateValidity.Unknown, null)),
        )
    }

    @Test
    fun `speaks Korean where the device does, and English everywhere else`() {
        assertEquals(Language.KOREAN, Language.of(Locale.KOREA))
        listOf(Locale.US, Locale.JAPAN, Locale.ROOT).forEach { assertEquals(Language.ENGLISH, Language.of(it)) }
    }
}
