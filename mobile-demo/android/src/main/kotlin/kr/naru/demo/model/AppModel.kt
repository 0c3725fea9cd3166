package kr.naru.demo.model

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Job
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import kr.naru.Certificate
import kr.naru.CertificateReport
import kr.naru.CertificateSummary
import kr.naru.CertificateValidity
import kr.naru.FrameContent
import kr.naru.GiveEvent
import kr.naru.Naru
import kr.naru.NaruException
import kr.naru.OriginalFate
import kr.naru.ReceiveEvent

/**
 * What the app knows and does: the views show [state] and call the rest.
 *
 * @param scope where transfers run; its dispatcher is the one thread that all of this is called on
 */
class AppModel(private val naru: Naru, private val scope: CoroutineScope, language: Language) : AutoCloseable {
    private val now = MutableStateFlow(State(language))

    /** What the person sees. */
    val state: StateFlow<State> = now

    private val texts get() = now.value.texts
    private var screen: Screen
        get() = now.value.screen
        set(value) = now.update { it.copy(screen = value) }

    private var owned = emptyList<Certificate>()
    private var isListOld = true
    private var transfer: Job? = null
    private var arrival: ReceiveEvent.Arrived? = null
    private var accepting: ReceiveEvent.Arrived? = null
    private var recipient: GiveEvent.Joined? = null
    private var receipt: GiveEvent.Received? = null
    private var fate: OriginalFate? = null
    private var tried: Purpose = Purpose.Receive
    private var typed = ""

    // Home

    /** Reads the list of certificates. */
    suspend fun refresh() {
        try {
            val read = naru.certificates()
            owned.forEach(Certificate::close)
            owned = read
            isListOld = false
            now.update { it.copy(certificates = read.map { one -> row(one.summary) }, listProblem = null) }
        } catch (failure: NaruException) {
            now.update { it.copy(listProblem = texts.problem(failure)) }
        }
    }

    /** Deletes a certificate of this phone, which the person has confirmed. */
    suspend fun delete(row: CertificateRow) {
        val certificate = certificate(row.id) ?: return
        try {
            if (row.wasMoved) naru.deleteOriginal(certificate) else naru.delete(certificate)
        } catch (failure: NaruException) {
            now.update { it.copy(listProblem = texts.problem(failure)) }
            return
        }
        refresh()
    }

    /** The person wants to receive. */
    fun receive() = begin(Purpose.Receive)

    /** The person wants to send a certificate. */
    fun give(row: CertificateRow) = begin(Purpose.Give(row.id))

    /** The person would rather read the other language. */
    fun speak(language: Language) {
        now.update { it.copy(language = language, certificates = owned.map { one -> Texts(language).row(one.summary) }) }
    }

    // Connecting

    /** What a frame of the camera shows. */
    fun see(content: FrameContent) {
        val scanning = screen as? Screen.Scanning ?: return
        when (content) {
            is FrameContent.Code -> scan(content.text)
            FrameContent.NotOurs -> if (scanning.hint == null) screen = scanning.copy(hint = texts.notOurs)
            FrameContent.NotFound -> {}
        }
    }

    /** What a scanner of the system has read. */
    fun scan(text: String) {
        val scanning = screen as? Screen.Scanning ?: return
        try {
            naru.inspect(text)
        } catch (failure: NaruException) {
            // The next code may be a better one.
            screen = scanning.copy(hint = texts.problem(failure))
            return
        }
        start(scanning.purpose, { naru.receive(scanning = text) }, { naru.give(it, scanning = text) })
    }

    /** There is no camera, or the person does not allow its use. */
    fun cameraFails() {
        val scanning = screen as? Screen.Scanning ?: return
        screen = Screen.TypingNumber(scanning.purpose, texts.noCamera)
    }

    /** The person would rather type. */
    fun typeNumber() {
        val scanning = screen as? Screen.Scanning ?: return
        screen = Screen.TypingNumber(scanning.purpose)
    }

    /** The connection number that the person has typed. */
    fun submitNumber(number: String) {
        val typing = screen as? Screen.TypingNumber ?: return
        typed = number
        start(typing.purpose, { naru.receiveByNumber(number) }, { naru.giveByNumber(it, number) })
    }

    // Receiving

    /** The person recognises the certificate. With its password the key is checked before it is stored. */
    suspend fun accept(password: String?) {
        val shown = screen as? Screen.Arrived ?: return
        val arrival = arrival ?: return
        screen = Screen.Checking
        accepting = arrival
        try {
            if (password != null) arrival.certificates.forEach { it.check(password) }
            val report = arrival.accept().firstOrNull()
            isListOld = true
            // A transfer that has ended meanwhile has said so itself.
            if (screen == Screen.Checking && report != null) screen = stored(report)
        } catch (failure: NaruException) {
            if (screen == Screen.Checking) screen = shown.copy(problem = texts.problem(failure))
            return
        } finally {
            accepting = null
            if (this.arrival !== arrival) close(arrival)
        }
        refresh()
    }

    /** The person does not know the certificate. */
    fun refuse() {
        if (screen !is Screen.Arrived) return
        val arrival = arrival ?: return
        attempt({ arrival.refuse() }) { screen = Screen.Failed(it) } ?: return
        screen = Screen.Done(texts.refused)
    }

    // Giving

    /** The person wants to send to this device, and unlocks the phone for it. */
    suspend fun confirmRecipient() {
        if (screen !is Screen.Recipient) return
        val recipient = recipient ?: return
        try {
            recipient.confirmRecipient()
            if (screen is Screen.Recipient) screen = Screen.TypingCode()
        } catch (failure: NaruException) {
            (screen as? Screen.Recipient)?.let { screen = it.copy(problem = texts.problem(failure)) }
        }
    }

    /** The digits that the person has typed. */
    fun submitCode(code: String) {
        if (screen !is Screen.TypingCode) return
        val recipient = recipient ?: return
        attempt({ recipient.enterCode(code) }) { screen = Screen.TypingCode(it) }
    }

    /** The original stays. */
    fun keepOriginal() {
        val sent = screen as? Screen.Sent ?: return
        val receipt = receipt ?: return
        attempt({ receipt.keepOriginal() }) { screen = sent.copy(problem = it) } ?: return
        screen = Screen.Done(texts.kept)
    }

    /** The original goes. */
    suspend fun deleteOriginal() {
        if (screen !is Screen.Sent) return
        val receipt = receipt ?: return
        try {
            receipt.deleteOriginal()
            screen = Screen.Done(texts.deleted)
        } catch (failure: NaruException) {
            (screen as? Screen.Sent)?.let { screen = it.copy(problem = texts.problem(failure)) }
        }
        refresh()
    }

    // Everywhere

    /** The person stops, or has read how it ended. */
    suspend fun stop() {
        // What is stored or given stays so; the other device may still be saying what it did.
        if (screen !is Screen.Stored && screen !is Screen.Done && screen !is Screen.Failed) transfer?.cancel()
        forget()
        screen = Screen.Home
        if (isListOld) refresh()
    }

    /** The app is no longer seen: a transfer that needs the person is not left open. */
    fun leave() {
        when (screen) {
            is Screen.Connecting, is Screen.SecurityCode, is Screen.Arrived, is Screen.Recipient, is Screen.TypingCode,
            Screen.Sending,
            -> {
                transfer?.cancel()
                forget()
                screen = Screen.Failed(texts.left)
            }
            // Nothing is under way, or it is stored here or there by now, which nothing takes back.
            else -> {}
        }
    }

    /** The same once more. */
    fun retry() {
        if (screen is Screen.Failed) begin(tried)
    }

    /** Stops everything and lets go of the certificates. */
    override fun close() {
        transfer?.cancel()
        forget()
        owned.forEach(Certificate::close)
        owned = emptyList()
    }

    private fun begin(purpose: Purpose) {
        tried = purpose
        forget()
        screen = Screen.Scanning(purpose)
    }

    private fun forget() {
        // What is being checked at this moment is closed after that.
        arrival?.let { if (it !== accepting) close(it) }
        arrival = null
        recipient = null
        receipt = null
        fate = null
        typed = ""
        now.update { it.copy(isReconnecting = false) }
    }

    private fun close(arrival: ReceiveEvent.Arrived) = arrival.certificates.forEach(Certificate::close)

    private fun start(purpose: Purpose, receive: () -> Flow<ReceiveEvent>, give: (Certificate) -> Flow<GiveEvent>) {
        screen = Screen.Connecting(purpose)
        when (purpose) {
            Purpose.Receive -> listen(receive(), ::show)
            is Purpose.Give -> {
                val certificate = certificate(purpose.fingerprint)
                if (certificate == null) screen = Screen.Home else listen(give(certificate), ::show)
            }
        }
    }

    private fun <E> listen(events: Flow<E>, show: (E) -> Unit) {
        transfer?.cancel()
        // At once: the certificate that is given may be closed by the next reading of the list.
        transfer = scope.launch(start = CoroutineStart.UNDISPATCHED) {
            try {
                events.collect { show(it) }
            } catch (failure: NaruException) {
                ensureActive()
                fail(failure)
            }
        }
    }

    private fun show(event: ReceiveEvent) {
        when (event) {
            is ReceiveEvent.SecurityCode -> screen = Screen.SecurityCode(event.code, event.peer?.name)
            is ReceiveEvent.Arrived -> {
                arrival = event
                val summaries = event.certificates.map(Certificate::summary)
                screen = Screen.Arrived(
                    rows = summaries.map(::row),
                    mark = summaries.firstOrNull()?.shortFingerprint.orEmpty(),
                    sender = event.peer?.name,
                    warning = summaries.firstNotNullOfOrNull(texts::warning),
                )
            }
            is ReceiveEvent.Received -> {
                fate = event.original
                (screen as? Screen.Stored)?.let { screen = it.copy(original = texts.original(event.original)) }
            }
            ReceiveEvent.Reconnecting -> connection(isLost = true)
            ReceiveEvent.Reconnected -> connection(isLost = false)
            // This app scans and types; what it displays itself is not its part.
            else -> {}
        }
    }

    private fun show(event: GiveEvent) {
        when (event) {
            is GiveEvent.Joined -> {
                recipient = event
                screen = Screen.Recipient(event.peer?.name.orEmpty())
            }
            is GiveEvent.WrongCode -> screen = Screen.TypingCode(texts.wrongCode(event.triesLeft))
            GiveEvent.Sending -> screen = Screen.Sending
            is GiveEvent.Received -> {
                receipt = event
                isListOld = true
                screen = Screen.Sent(event.location, texts.finding(event.isSigned))
            }
            GiveEvent.Given -> {
                // Only now it is noted that the certificate was moved.
                isListOld = true
                if (screen == Screen.Home) scope.launch { refresh() }
            }
            GiveEvent.Reconnecting -> connection(isLost = true)
            GiveEvent.Reconnected -> connection(isLost = false)
            else -> {}
        }
    }

    private fun fail(failure: NaruException) {
        connection(isLost = false)
        val shown = screen
        when {
            // What is stored stays stored, and what was refused or decided is known.
            shown is Screen.Stored || shown is Screen.Done || shown == Screen.Home -> {}
            // A mistyped number is corrected where it was typed.
            shown is Screen.Connecting && failure is NaruException.Input && failure.isRetryable ->
                screen = Screen.TypingNumber(shown.purpose, texts.problem(failure), typed)
            else -> screen = Screen.Failed(texts.problem(failure))
        }
    }

    private fun connection(isLost: Boolean) = now.update { it.copy(isReconnecting = isLost) }

    /** What the deed yields, or null once its failure was shown. */
    private inline fun attempt(deed: () -> Unit, show: (Problem) -> Unit): Unit? = try {
        deed()
    } catch (failure: NaruException) {
        show(texts.problem(failure))
        null
    }

    private fun certificate(fingerprint: String) = owned.firstOrNull { it.summary.fingerprint == fingerprint }

    private fun row(summary: CertificateSummary) = texts.row(summary)

    private fun stored(report: CertificateReport) = Screen.Stored(
        name = report.summary.name,
        validity = texts.validity(report.summary),
        findings = texts.findings(report),
        original = fate?.let(texts::original),
    )
}

private fun Texts.row(summary: CertificateSummary) = CertificateRow(
    id = summary.fingerprint,
    name = summary.name,
    issuer = summary.issuer,
    validity = validity(summary),
    isExpired = summary.validity == CertificateValidity.Expired,
    wasMoved = summary.movedAt != null,
)
