package kr.naru.demo

import android.app.Activity
import android.app.AlertDialog
import android.content.Intent
import android.os.Bundle
import android.widget.ScrollView
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.launch
import kr.naru.demo.model.AppModel
import kr.naru.demo.model.CertificateRow
import kr.naru.demo.model.Language
import kr.naru.demo.model.Screen
import kr.naru.demo.model.State
import kr.naru.demo.model.Texts

/** The certificates of this phone, and what can be done with them. */
class HomeActivity : Activity() {
    private val app get() = application as DemoApplication
    private val seen: CoroutineScope = MainScope()
    private var dialog: AlertDialog? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val model = app.model
        if (model == null) {
            setContentView(Column(this, Texts(Language.ENGLISH)).apply { warning(app.problem) })
            return
        }
        seen.launch { model.state.map { it.copy(screen = Screen.Home) }.distinctUntilChanged().collect { show(model, it) } }
    }

    override fun onResume() {
        super.onResume()
        app.lock.attach(this)
    }

    override fun onPause() {
        app.lock.detach(this)
        super.onPause()
    }

    override fun onDestroy() {
        dialog?.dismiss()
        seen.cancel()
        super.onDestroy()
    }

    override fun onActivityResult(requestCode: Int, resultCode: Int, intent: Intent?) {
        app.lock.onActivityResult(requestCode, resultCode)
    }

    private fun show(model: AppModel, state: State) {
        val texts = state.texts
        val column = Column(this, texts)
        column.heading(texts.title)
        column.problemPlace()
        column.showProblem(state.listProblem)
        if (state.listProblem != null) column.button(texts.retry) { app.scope.launch { model.refresh() } }
        if (state.certificates.isEmpty()) column.text(texts.noCertificates)
        state.certificates.forEach { row ->
            column.certificate(row)
            column.button(texts.give) { begin { model.give(row) } }
            column.button(texts.delete) { ask(model, row) }
        }
        column.button(texts.receive) { begin { model.receive() } }
        column.button(texts.otherLanguage) { model.speak(Language.entries.first { it != state.language }) }
        setContentView(ScrollView(this).apply {
            fitsSystemWindows = true
            addView(column)
        })
    }

    private fun begin(purpose: () -> Unit) {
        purpose()
        startActivity(Intent(this, TransferActivity::class.java))
    }

    private fun ask(model: AppModel, row: CertificateRow) {
        val texts = model.state.value.texts
        dialog = AlertDialog.Builder(this)
            .setTitle(texts.delete)
            .setMessage("${row.name}\n${row.validity}")
            .setPositiveButton(texts.delete) { _, _ -> app.scope.launch { model.delete(row) } }
            .setNegativeButton(texts.cancel, null)
            .show()
    }
}

/** A certificate, in a list or on its way. */
fun Column.certificate(row: CertificateRow) {
    text(row.name, sp = 19f)
    text(row.issuer)
    if (row.isExpired) warning(row.validity) else text(row.validity)
    if (row.wasMoved) text(texts.moved)
}
