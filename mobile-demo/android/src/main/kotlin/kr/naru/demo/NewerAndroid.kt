// What Android 7 does not have, and does without.
package kr.naru.demo

import android.annotation.TargetApi
import android.os.Build
import android.util.TypedValue
import android.view.View
import android.widget.TextView

/** Screen readers jump from heading to heading. */
@TargetApi(Build.VERSION_CODES.P)
fun TextView.beHeading() {
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) isAccessibilityHeading = true
}

/** Screen readers say this when the view comes. */
@TargetApi(Build.VERSION_CODES.P)
fun View.beCalled(title: String) {
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) accessibilityPaneTitle = title
}

/** The line is as large as fits. */
@TargetApi(Build.VERSION_CODES.O)
fun TextView.fitBetween(smallest: Int, largest: Int) {
    if (Build.VERSION.SDK_INT < Build.VERSION_CODES.O) return
    setAutoSizeTextTypeUniformWithConfiguration(smallest, largest, 2, TypedValue.COMPLEX_UNIT_SP)
}

/** Programs that fill in forms do not store what is typed here. */
@TargetApi(Build.VERSION_CODES.O)
fun View.beNotFilledIn() {
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.O) importantForAutofill = View.IMPORTANT_FOR_AUTOFILL_NO
}
