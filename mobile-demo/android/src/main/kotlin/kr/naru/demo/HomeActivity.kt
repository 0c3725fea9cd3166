package kr.naru.demo

import android.app.Activity
import android.os.Bundle
import android.widget.TextView

class HomeActivity : Activity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(TextView(this).apply { text = "나루" })
    }
}
