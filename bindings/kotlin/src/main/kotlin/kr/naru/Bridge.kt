// Between this package and the generated one.
package kr.naru

import kotlin.coroutines.cancellation.CancellationException
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Instant
import kr.naru.generated.Failure
import kr.naru.generated.FailureKind
import kr.naru.generated.HttpHeader
import kr.naru.generated.LoginException
import kr.naru.generated.Options
import kr.naru.generated.PairingCodeDirection
import kr.naru.generated.TransportException
import kr.naru.generated.CertificateFile as GeneratedFile
import kr.naru.generated.CertificateFormat as GeneratedFormat
import kr.naru.generated.CertificateHolder as GeneratedHolder
import kr.naru.generated.CertificateReport as GeneratedReport
import kr.naru.generated.CertificateStore as GeneratedStore
import kr.naru.generated.CertificateSummary as GeneratedSummary
import kr.naru.generated.CertificateValidity as GeneratedValidity
import kr.naru.generated.ChainCheck as GeneratedChain
import kr.naru.generated.FoundCertificates as GeneratedFound
import kr.naru.generated.FrameContent as GeneratedFrame
import kr.naru.generated.HttpRequest as GeneratedRequest
import kr.naru.generated.HttpResponse as GeneratedResponse
import kr.naru.generated.KeyCheck as GeneratedKey
import kr.naru.generated.LocalisedText as GeneratedText
import kr.naru.generated.LogEntry as GeneratedEntry
import kr.naru.generated.LogLevel as GeneratedLevel
import kr.naru.generated.LogSink as GeneratedLog
import kr.naru.generated.Login as GeneratedLogin
import kr.naru.generated.PairingCodeInfo as GeneratedCodeInfo
import kr.naru.generated.PasswordPolicy as GeneratedPolicy
import kr.naru.generated.Peer as GeneratedPeer
import kr.naru.generated.QrCode as GeneratedQr
import kr.naru.generated.RuleRefusal as GeneratedRefusal
import kr.naru.generated.StoreException as GeneratedStoreException
import kr.naru.generated.StoredCertificate as GeneratedStored
import kr.naru.generated.Transport as GeneratedTransport
import kr.naru.generated.UserVerification as GeneratedVerification
import kr.naru.generated.VerificationException as GeneratedVerificationException
import kr.naru.generated.VerificationPurpose as GeneratedPurpose

/** Turns what the library throws into what apps catch. */
internal inline fun <R> failing(block: () -> R): R =
    try {
        block()
    } catch (failure: Failure.Failed) {
        throw failure.facade()
    }

/** The same for an answer to an event, whose transfer may have ended. */
internal inline fun <R> alive(block: () -> R): R =
    try {
        failing(block)
    } catch (cancelled: CancellationException) {
        throw cancelled
    } catch (_: IllegalStateException) {
        throw NaruException.Misuse(
            "transfer_ended",
            true,
            "인증서 이동이 이미 끝났습니다. 새 QR로 다시 시작하세요.",
            "The transfer has already ended. Start again with a new QR.",
        )
    }

internal fun Failure.Failed.facade(): NaruException = when (kind) {
    FailureKind.CANCELLED -> NaruException.Cancelled(code, retryable, messageKo, messageEn)
    FailureKind.EXPIRED -> NaruException.Expired(code, retryable, messageKo, messageEn)
    FailureKind.OTHER_DEVICE -> NaruException.OtherDevice(code, retryable, messageKo, messageEn)
    FailureKind.LOGIN_REQUIRED -> NaruException.LoginRequired(code, retryable, messageKo, messageEn)
    FailureKind.OTHER_PERSON -> NaruException.OtherPerson(code, retryable, messageKo, messageEn)
    FailureKind.NOT_ALLOWED -> NaruException.NotAllowed(code, retryable, messageKo, messageEn, refusal?.facade())
    FailureKind.DEVICE_LIMIT -> NaruException.DeviceLimit(code, retryable, messageKo, messageEn, refusal?.facade())
    FailureKind.DEVICE_REVOKED -> NaruException.DeviceRevoked(code, retryable, messageKo, messageEn)
    FailureKind.NETWORK -> NaruException.Network(code, retryable, messageKo, messageEn)
    FailureKind.RELAY -> NaruException.Relay(code, retryable, messageKo, messageEn)
    FailureKind.SECURITY -> NaruException.Security(code, retryable, messageKo, messageEn)
    FailureKind.INPUT -> NaruException.Input(code, retryable, messageKo, messageEn)
    FailureKind.PASSWORD -> NaruException.Password(code, retryable, messageKo, messageEn)
    FailureKind.CERTIFICATE -> NaruException.InvalidCertificate(code, retryable, messageKo, messageEn)
    FailureKind.STORAGE -> NaruException.Storage(code, retryable, messageKo, messageEn)
    FailureKind.VERIFICATION -> NaruException.Verification(code, retryable, messageKo, messageEn)
    FailureKind.UNSUPPORTED -> NaruException.Unsupported(code, retryable, messageKo, messageEn)
    FailureKind.MISUSE -> NaruException.Misuse(code, retryable, messageKo, messageEn)
}

internal class TransportBridge(private val transport: Transport) : GeneratedTransport {
    override suspend fun send(request: GeneratedRequest): GeneratedResponse {
        val headers = request.headers.map { it.name to it.value }
        val timeout = request.timeoutMilliseconds.toLong().milliseconds
        val response = try {
            transport.send(HttpRequest(request.method, request.url, headers, request.body, timeout))
        } catch (cancelled: CancellationException) {
            throw cancelled
        } catch (_: Exception) {
            // Its message may hold the URL, which is secret.
            throw TransportException.NoAnswer()
        }
        val answered = response.headers.map { (name, value) -> HttpHeader(name, value) }
        return GeneratedResponse(response.status.toUShort(), answered, response.body)
    }
}

internal class StoreBridge(private val store: CertificateStore) : GeneratedStore {
    override suspend fun save(certificate: GeneratedStored) = storing {
        store.save(StoredCertificate(certificate.id, certificate.files.map { it.facade() }))
    }

    override suspend fun list(): List<String> = storing { store.list() }

    override suspend fun load(id: String): GeneratedStored? = storing {
        store.load(id)?.let { stored -> GeneratedStored(stored.id, stored.files.map { it.generated() }) }
    }

    override suspend fun delete(id: String) = storing { store.delete(id) }

    override suspend fun saveNote(name: String, content: ByteArray) = storing { store.saveNote(name, content) }

    override suspend fun loadNote(name: String): ByteArray? = storing { store.loadNote(name) }

    override suspend fun deleteNote(name: String) = storing { store.deleteNote(name) }

    private inline fun <R> storing(block: () -> R): R =
        try {
            block()
        } catch (cancelled: CancellationException) {
            throw cancelled
        } catch (failure: Exception) {
            throw when ((failure as? StoreException)?.reason) {
                StoreException.Reason.LOCKED -> GeneratedStoreException.Locked()
                StoreException.Reason.FULL -> GeneratedStoreException.Full()
                StoreException.Reason.KEY_LOST -> GeneratedStoreException.KeyLost()
                StoreException.Reason.FAILED, null -> GeneratedStoreException.Failed()
            }
        }
}

internal class VerificationBridge(private val verification: UserVerification) : GeneratedVerification {
    override suspend fun verify(purpose: GeneratedPurpose) {
        try {
            verification.verify(purpose.facade())
        } catch (cancelled: CancellationException) {
            throw cancelled
        } catch (failure: Exception) {
            throw when ((failure as? VerificationException)?.reason) {
                VerificationException.Reason.CANCELLED -> GeneratedVerificationException.Cancelled()
                VerificationException.Reason.UNAVAILABLE -> GeneratedVerificationException.Unavailable()
                VerificationException.Reason.FAILED, null -> GeneratedVerificationException.Failed()
            }
        }
    }
}

internal class LoginBridge(private val login: Login) : GeneratedLogin {
    override suspend fun token(): String? =
        try {
            login.token()
        } catch (cancelled: CancellationException) {
            throw cancelled
        } catch (_: Exception) {
            // Its message may hold what is secret.
            throw LoginException.NoToken()
        }
}

private fun GeneratedRefusal.facade() = RuleRefusal(
    rule,
    agency?.facade(),
    desk?.let { SupportDesk(it.name.facade(), it.phone, it.mail, it.hours?.facade()) },
)

private fun GeneratedText.facade() = LocalisedText(ko, en)

internal class LogBridge(private val log: LogSink) : GeneratedLog {
    override fun log(entry: GeneratedEntry) {
        val level = when (entry.level) {
            GeneratedLevel.INFO -> LogLevel.INFO
            GeneratedLevel.WARNING -> LogLevel.WARNING
            GeneratedLevel.ERROR -> LogLevel.ERROR
        }
        log.log(LogEntry(level, entry.code, entry.message))
    }
}

private fun GeneratedPurpose.facade() = when (this) {
    is GeneratedPurpose.Send -> VerificationPurpose.Send(recipient)
    is GeneratedPurpose.Deposit -> VerificationPurpose.Deposit
    is GeneratedPurpose.Export -> VerificationPurpose.Export
    is GeneratedPurpose.Delete -> VerificationPurpose.Delete
}

internal fun NaruOptions.generated() = Options(
    relays,
    deviceName,
    platform,
    roots,
    passwordPolicy?.let { GeneratedPolicy(it.minCharacters.coerceAtLeast(0).toUInt(), it.minKinds.coerceAtLeast(0).toUInt()) },
)

internal fun CertificateFile.generated() = GeneratedFile(path, content)

internal fun GeneratedFile.facade() = CertificateFile(path, content)

internal fun GeneratedFound.facade() =
    FoundCertificates(certificates.map(::Certificate), problems.map { FileProblem(it.path, it.code) })

internal fun GeneratedPeer.facade() = Peer(name, platform)

internal fun GeneratedQr.facade() = QrCode(text, width.toInt(), modules)

internal fun GeneratedFrame.facade(): FrameContent = when (this) {
    is GeneratedFrame.NotFound -> FrameContent.NotFound
    is GeneratedFrame.NotOurs -> FrameContent.NotOurs
    is GeneratedFrame.Code -> FrameContent.Code(text)
}

internal fun GeneratedCodeInfo.facade() = PairingCodeInfo(
    when (direction) {
        PairingCodeDirection.RECEIVE -> PairingCodeInfo.Direction.RECEIVE
        PairingCodeDirection.GIVE -> PairingCodeInfo.Direction.GIVE
    },
    relay,
)

internal fun GeneratedReport.facade() = CertificateReport(
    when (key) {
        GeneratedKey.NOT_CHECKED -> KeyCheck.NOT_CHECKED
        GeneratedKey.MATCHES -> KeyCheck.MATCHES
        GeneratedKey.UNKNOWN -> KeyCheck.UNKNOWN
    },
    when (chain) {
        GeneratedChain.NOT_CONFIGURED -> ChainCheck.NOT_CONFIGURED
        GeneratedChain.TRUSTED -> ChainCheck.TRUSTED
        GeneratedChain.UNTRUSTED -> ChainCheck.UNTRUSTED
    },
    identityInformation,
    summary.facade(),
)

internal fun GeneratedSummary.facade() = CertificateSummary(
    fingerprint,
    shortFingerprint,
    when (format) {
        GeneratedFormat.GPKI -> CertificateFormat.GPKI
        GeneratedFormat.NPKI -> CertificateFormat.NPKI
        GeneratedFormat.PKCS12 -> CertificateFormat.PKCS12
    },
    isStored,
    movedAt?.let(Instant::fromEpochSeconds),
    name,
    issuer,
    when (holder) {
        GeneratedHolder.OFFICIAL -> CertificateHolder.OFFICIAL
        GeneratedHolder.PUBLIC_BODY -> CertificateHolder.PUBLIC_BODY
        GeneratedHolder.SEAL -> CertificateHolder.SEAL
        GeneratedHolder.SERVER -> CertificateHolder.SERVER
        GeneratedHolder.SPECIAL_PURPOSE -> CertificateHolder.SPECIAL_PURPOSE
        GeneratedHolder.PERSON -> CertificateHolder.PERSON
        GeneratedHolder.COMPANY -> CertificateHolder.COMPANY
        GeneratedHolder.UNKNOWN -> CertificateHolder.UNKNOWN
    },
    notBefore?.let(Instant::fromEpochSeconds),
    notAfter?.let(Instant::fromEpochSeconds),
    when (validity) {
        is GeneratedValidity.Unknown -> CertificateValidity.Unknown
        is GeneratedValidity.NotYet -> CertificateValidity.NotYet
        is GeneratedValidity.Valid -> CertificateValidity.Valid((validity as GeneratedValidity.Valid).daysLeft)
        is GeneratedValidity.Expired -> CertificateValidity.Expired
    },
)
