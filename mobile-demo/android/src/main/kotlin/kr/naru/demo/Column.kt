package kr.naru.demo

import android.content.Context
import android.content.res.Configuration
import android.graphics.Color
import android.graphics.Typeface
import android.text.InputType
import android.util.TypedValue
import android.view.View
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.view.inputmethod.EditorInfo
import android.widget.Button
import android.widget.EditText
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.TextView
import kr.naru.demo.model.Problem
import kr.naru.demo.model.Texts

/** Things below each other, in a size that can be read and touched. */
class Column(context: Context, val texts: Texts) : LinearLayout(context) {
    /** Where [showProblem] says it. */
    private var problem: TextView? = null

    init {
        orientation = VERTICAL
        val space = dp(16)
        setPadding(space, space, space, space)
        // Another app may lie over this one, and have the person press what is below it.
        filterTouchesWhenObscured = true
    }

    fun heading(words: String): TextView = text(words, sp = 24f).apply {
        typeface = Typeface.DEFAULT_BOLD
        beHeading()
        this@Column.beCalled(words)
    }

    fun text(words: String, sp: Float = 17f): TextView = add(TextView(context)).apply {
        text = words
        setTextSize(TypedValue.COMPLEX_UNIT_SP, sp)
    }

    fun warning(words: String): TextView = text(words).apply { setTextColor(warningColour()) }

    /** Six digits, read out one by one. */
    fun digits(digits: String): TextView = text(digits, sp = 56f).apply {
        typeface = Typeface.create(Typeface.MONOSPACE, Typeface.BOLD)
        textAlignment = View.TEXT_ALIGNMENT_CENTER
        maxLines = 1
        fitBetween(24, 56)
        contentDescription = digits.toList().joinToString(" ")
    }

    fun button(words: String, press: () -> Unit): Button = add(Button(context)).apply {
        text = words
        isAllCaps = false
        minimumHeight = dp(48)
        setTextSize(TypedValue.COMPLEX_UNIT_SP, 17f)
        setOnClickListener { press() }
    }

    fun numberField(label: String): EditText = field(label).apply {
        // With the spaces that a connection number is shown with.
        inputType = InputType.TYPE_CLASS_PHONE
        setTextSize(TypedValue.COMPLEX_UNIT_SP, 28f)
    }

    fun passwordField(label: String): EditText = field(label).apply {
        inputType = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_VARIATION_PASSWORD
    }

    fun progress(words: String) {
        add(ProgressBar(context))
        text(words).accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
    }

    /** The place for what may go wrong here. */
    fun problemPlace() {
        problem = warning("").apply { accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_ASSERTIVE }
        showProblem(null)
    }

    /** Says what is wrong, with its code for the help desk; nothing is wrong with null. */
    fun showProblem(shown: Problem?) {
        problem?.apply {
            text = shown?.let { "${it.message}\n${texts.helpDesk(it.code)}" }.orEmpty()
            visibility = if (shown == null) View.GONE else View.VISIBLE
        }
    }

    fun <V : View> add(view: V, height: Int = WRAP_CONTENT, weight: Float = 0f): V {
        addView(view, LayoutParams(MATCH_PARENT, height, weight).apply { topMargin = dp(12) })
        return view
    }

    private fun field(label: String): EditText = add(EditText(context)).apply {
        hint = label
        // Neither the keyboard nor the system remembers what is typed here.
        imeOptions = EditorInfo.IME_ACTION_DONE or EditorInfo.IME_FLAG_NO_PERSONALIZED_LEARNING
        isSaveEnabled = false
        beNotFilledIn()
    }

    private fun warningColour(): Int {
        val isNight = resources.configuration.uiMode and Configuration.UI_MODE_NIGHT_MASK == Configuration.UI_MODE_NIGHT_YES
        return if (isNight) Color.rgb(0xFF, 0x8A, 0x80) else Color.rgb(0xB0, 0x00, 0x20)
    }

    private fun dp(size: Int) = (size * resources.displayMetrics.density).toInt()
}

/** What was typed, which is gone from the screen then. */
fun EditText.take(): String = text.toString().also { text.clear() }
