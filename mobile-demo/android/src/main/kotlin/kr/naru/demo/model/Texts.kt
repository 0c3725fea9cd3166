package kr.naru.demo.model

import java.util.Calendar
import java.util.Locale
import java.util.TimeZone
import kotlin.time.Instant
import kr.naru.CertificateReport
import kr.naru.CertificateSummary
import kr.naru.CertificateValidity
import kr.naru.ChainCheck
import kr.naru.KeyCheck
import kr.naru.NaruException
import kr.naru.OriginalFate
import kr.naru.VerificationPurpose

/** The person's language. */
enum class Language(val locale: Locale) {
    /** 한국어. */
    KOREAN(Locale.KOREAN),

    /** English. */
    ENGLISH(Locale.ENGLISH);

    companion object {
        /** What a device that is set to this locale speaks. */
        fun of(locale: Locale): Language = if (locale.language == "ko") KOREAN else ENGLISH
    }
}

/** What the app says. Causes of failures have their words from the SDK. */
class Texts(private val language: Language) {
    // Home

    val title get() = pick("인증서", "Certificates")
    val receive get() = pick("PC에서 가져오기", "Bring from a PC")
    val give get() = pick("다른 기기로 보내기", "Send to another device")
    val delete get() = pick("이 휴대전화에서 삭제", "Delete from this phone")
    val noCertificates get() = pick("이 휴대전화에 인증서가 없습니다.", "There is no certificate on this phone.")
    val moved get() = pick("다른 기기에 옮김", "Moved to another device")

    /** The button that switches to the other language. */
    val otherLanguage get() = pick("English", "한국어")

    // Connecting

    val scan get() = pick("PC 화면의 QR 코드를 비추세요", "Point the camera at the QR code on the PC")
    val notOurs get() = Problem(pick("나루의 QR이 아닙니다.", "This is not a Naru code."), "not_naru", canRetry = true)
    val noCamera
        get() = Problem(
            pick("카메라를 쓸 수 없습니다. 연결번호를 입력하세요.", "The camera cannot be used. Type the connection number."),
            "no_camera",
            canRetry = false,
        )
    val typeNumber get() = pick("연결번호 입력", "Type the connection number")
    val numberExplained get() = pick("다른 기기에 보이는 열두 자리 숫자입니다.", "The twelve digits that the other device shows.")
    val connect get() = pick("연결", "Connect")
    val connecting get() = pick("연결하는 중", "Connecting")
    val reconnecting get() = pick("연결이 끊겼습니다. 다시 연결하는 중…", "The connection is lost. Reconnecting…")

    // Receiving

    val receiveQuestion get() = pick("이 PC로부터 받을까요?", "Receive from this PC?")
    val codeExplained get() = pick("이 보안번호를 PC에 입력하세요.", "Type this security code on the PC.")
    val arrivedTitle get() = pick("인증서가 왔습니다", "A certificate has come")
    fun mark(digits: String) = pick("지문 끝자리 $digits", "Fingerprint ends in $digits")
    val password get() = pick("인증서 비밀번호", "Certificate password")
    val passwordExplained
        get() = pick(
            "비밀번호로 개인키를 확인합니다. 비밀번호는 이 휴대전화 밖으로 나가지 않습니다.",
            "The password checks the private key. It stays on this phone.",
        )
    val checkAndStore get() = pick("확인하고 저장", "Check and store")
    val storeWithoutCheck get() = pick("확인하지 않고 저장", "Store without checking")
    val refuse get() = pick("받지 않음", "Do not take it")
    val checking get() = pick("인증서를 확인하는 중", "Checking the certificate")
    val stored get() = pick("저장했습니다.", "Stored.")
    fun original(fate: OriginalFate) = when (fate) {
        OriginalFate.DELETED -> pick("보낸 기기의 원본을 삭제했습니다.", "The original was deleted on the other device.")
        OriginalFate.KEPT -> pick("보낸 기기에 원본이 남아 있습니다.", "The original was kept on the other device.")
        OriginalFate.UNKNOWN ->
            pick("원본이 어떻게 되었는지 알 수 없습니다.", "The other device did not say what became of the original.")
    }
    val refused get() = pick("저장하지 않았습니다. 원본은 그대로입니다.", "Not stored. The original is untouched.")

    // Giving

    fun sendQuestion(name: String) =
        if (name.isEmpty()) pick("이 기기로 인증서를 보냅니다.", "The certificate goes to this device.")
        else pick("$name(으)로 인증서를 보냅니다.", "The certificate goes to $name.")
    val sendWarning get() = pick("전화나 메시지로 받은 QR이면 취소하세요.", "If the QR came by telephone or message, cancel.")
    val confirm get() = pick("보내기", "Send")
    val typeCode get() = pick("다른 기기에 보이는 보안번호를 입력하세요", "Type the security code that the other device shows")
    fun wrongCode(triesLeft: Int) = Problem(
        pick("보안번호가 다릅니다. ${triesLeft}번 남았습니다.", "The code is wrong. $triesLeft tries are left."),
        "wrong_code",
        canRetry = true,
    )
    val sending get() = pick("보내는 중입니다. 앱을 닫지 마세요.", "Sending. Keep the app open.")
    val sent get() = pick("다른 기기에 저장했습니다.", "Stored on the other device.")
    fun finding(isSigned: Boolean) =
        if (isSigned) pick("받은 기기에서 개인키를 확인했습니다.", "The private key was checked there.")
        else pick("받은 기기에서 아직 비밀번호를 확인하지 않았습니다.", "The password has not been checked there yet.")
    val originalQuestion
        get() = pick(
            "원본을 삭제할까요? 삭제하면 이 휴대전화에서 쓸 수 없습니다.",
            "Delete the original? This phone cannot use it any more then.",
        )
    val keep get() = pick("남겨 두기", "Keep")
    val deleteOriginal get() = pick("원본 삭제", "Delete original")
    val kept get() = pick("원본을 남겨 두었습니다.", "The original was kept.")
    val deleted
        get() = pick(
            "원본을 삭제했습니다. 파일 복구가 불가능하다는 뜻은 아닙니다.",
            "The original was deleted. That does not make its recovery impossible.",
        )

    // Everywhere

    /** The title of the system's prompt for the screen lock. */
    val unlock get() = pick("본인 확인", "Is it you?")
    val readCertificates get() = pick("저장된 인증서를 엽니다.", "The stored certificates are opened.")
    val cancel get() = pick("취소", "Cancel")
    val retry get() = pick("다시 시도", "Try again")
    val close get() = pick("닫기", "Close")
    val left
        get() = Problem(
            pick(
                "앱을 벗어나 중단했습니다. 원본은 그대로입니다.",
                "It stopped because the app was left. The original is untouched.",
            ),
            "left_app",
            canRetry = true,
        )
    fun helpDesk(code: String) = pick("문의 코드: $code", "Code for the help desk: $code")

    /** What the system shows while it asks for a finger, a face or the screen lock. */
    fun reason(purpose: VerificationPurpose) = when (purpose) {
        is VerificationPurpose.Send -> sendQuestion(purpose.recipient)
        VerificationPurpose.Deposit -> pick("인증서를 맡깁니다.", "The certificate is left with the relay.")
        VerificationPurpose.Export -> pick("인증서를 파일로 내보냅니다.", "The certificate becomes a file.")
        VerificationPurpose.Delete -> pick("인증서를 삭제합니다.", "The certificate is deleted.")
    }

    internal fun problem(failure: NaruException) =
        Problem(failure.messageIn(language.locale), failure.code, failure.isRetryable)

    internal fun validity(summary: CertificateSummary): String {
        val until = summary.notAfter
            ?: return pick("비밀번호를 입력하면 유효기간을 알 수 있습니다.", "Its time is known once its password is given.")
        val day = day(until)
        return if (summary.validity == CertificateValidity.Expired) pick("만료됨 $day", "Expired $day")
        else pick("유효기간 $day", "Valid until $day")
    }

    internal fun warning(summary: CertificateSummary): String? {
        if (summary.validity != CertificateValidity.Expired) return null
        val day = day(summary.notAfter ?: return null)
        return pick(
            "만료된 인증서입니다($day). 재발급 후 옮기세요.",
            "The certificate expired on $day. Have it issued anew, then move it.",
        )
    }

    internal fun findings(report: CertificateReport): List<String> {
        val key = when (report.key) {
            KeyCheck.MATCHES -> pick("개인키가 인증서와 맞습니다.", "The private key belongs to the certificate.")
            KeyCheck.NOT_CHECKED -> pick("개인키를 아직 확인하지 않았습니다.", "The private key has not been checked yet.")
            KeyCheck.UNKNOWN -> pick("이 앱이 열 수 없는 개인키입니다.", "This app cannot open the private key.")
        }
        val chain = when (report.chain) {
            ChainCheck.TRUSTED -> pick("신뢰하는 기관이 발급했습니다.", "A trusted authority has issued it.")
            ChainCheck.UNTRUSTED -> pick("신뢰하는 발급 기관을 찾지 못했습니다.", "No trusted authority was found.")
            ChainCheck.NOT_CONFIGURED -> null
        }
        val revocation = pick("폐지 여부는 확인하지 않았습니다.", "Whether it was revoked was not looked up.")
        return listOfNotNull(key, chain, revocation)
    }

    private fun pick(korean: String, english: String) = if (language == Language.KOREAN) korean else english

    private fun day(instant: Instant): String {
        // java.time is not in Android 7.
        val day = Calendar.getInstance(TimeZone.getTimeZone("GMT+9"), Locale.ROOT)
        day.timeInMillis = instant.toEpochMilliseconds()
        return "${day[Calendar.YEAR]}.${day[Calendar.MONTH] + 1}.${day[Calendar.DAY_OF_MONTH]}"
    }
}
