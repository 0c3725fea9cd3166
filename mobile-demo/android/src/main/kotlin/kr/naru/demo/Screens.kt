package kr.naru.demo

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.launch
import kr.naru.demo.model.AppModel
import kr.naru.demo.model.Screen

/** What is on each screen of a transfer, and what its buttons do. */
class Screens(
    private val column: Column,
    private val model: AppModel,
    private val scope: CoroutineScope,
    private val preview: () -> CameraPreview,
) {
    private val texts = column.texts

    fun build(screen: Screen): Unit = with(column) {
        when (screen) {
            Screen.Home -> {}
            is Screen.Scanning -> scanning()
            is Screen.TypingNumber -> typingNumber(screen)
            is Screen.Connecting -> waiting(texts.connecting)
            is Screen.SecurityCode -> securityCode(screen)
            is Screen.Arrived -> arrived(screen)
            Screen.Checking -> progress(texts.checking)
            is Screen.Stored -> stored(screen)
            is Screen.Recipient -> recipient(screen)
            is Screen.TypingCode -> typingCode()
            Screen.Sending -> waiting(texts.sending)
            is Screen.Sent -> sent(screen)
            is Screen.Done -> {
                heading(screen.message)
                close()
            }
            is Screen.Failed -> {
                problemPlace()
                if (screen.problem.canRetry) button(texts.retry, model::retry)
                close()
            }
        }
    }

    private fun Column.scanning() {
        heading(texts.scan)
        add(preview(), height = 0, weight = 1f)
        problemPlace()
        button(texts.typeNumber, model::typeNumber)
        cancel()
    }

    private fun Column.typingNumber(screen: Screen.TypingNumber) {
        heading(texts.typeNumber)
        text(texts.numberExplained)
        val number = numberField(texts.typeNumber)
        number.setText(screen.typed)
        problemPlace()
        button(texts.connect) { model.submitNumber(number.text.toString()) }
        cancel()
    }

    private fun Column.waiting(words: String) {
        progress(words)
        cancel()
    }

    private fun Column.securityCode(screen: Screen.SecurityCode) {
        heading(texts.receiveQuestion)
        screen.peer?.let { text(it) }
        digits(screen.digits)
        text(texts.codeExplained)
        cancel()
    }

    private fun Column.arrived(screen: Screen.Arrived) {
        heading(texts.arrivedTitle)
        screen.rows.forEach { certificate(it) }
        text(texts.mark(screen.mark))
        screen.sender?.let { text(it) }
        screen.warning?.let { warning(it) }
        val password = passwordField(texts.password)
        text(texts.passwordExplained, sp = 14f)
        problemPlace()
        button(texts.checkAndStore) {
            val typed = password.take()
            scope.launch { model.accept(typed) }
        }
        button(texts.storeWithoutCheck) { scope.launch { model.accept(null) } }
        button(texts.refuse, model::refuse)
    }

    private fun Column.stored(screen: Screen.Stored) {
        heading(texts.stored)
        text(screen.name, sp = 19f)
        text(screen.validity)
        screen.findings.forEach { text(it, sp = 14f) }
        screen.original?.let { text(it) }
        close()
    }

    private fun Column.recipient(screen: Screen.Recipient) {
        heading(texts.sendQuestion(screen.name))
        warning(texts.sendWarning)
        problemPlace()
        button(texts.confirm) { scope.launch { model.confirmRecipient() } }
        cancel()
    }

    private fun Column.typingCode() {
        heading(texts.typeCode)
        val code = numberField(texts.typeCode)
        problemPlace()
        button(texts.confirm) { model.submitCode(code.take()) }
        cancel()
    }

    private fun Column.sent(screen: Screen.Sent) {
        heading(texts.sent)
        text(screen.location)
        text(screen.finding)
        text(texts.originalQuestion)
        problemPlace()
        button(texts.keep, model::keepOriginal)
        button(texts.deleteOriginal) { scope.launch { model.deleteOriginal() } }
    }

    private fun Column.cancel() = button(texts.cancel) { scope.launch { model.stop() } }

    private fun Column.close() = button(texts.close) { scope.launch { model.stop() } }
}
