package kr.naru.demo

import android.widget.TextView
import java.nio.file.Files
import kr.naru.FolderCertificateStore
import kr.naru.Naru
import kr.naru.NaruOptions
import kr.naru.UrlConnectionTransport
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config

class MisbuiltApplication : DemoApplication() {
    override fun naru() = Naru(
        UrlConnectionTransport(),
        FolderCertificateStore(Files.createTempDirectory("naru").toFile()),
        verification(),
        NaruOptions(listOf("no origin"), "", ""),
    )
}

@RunWith(RobolectricTestRunner::class)
@Config(application = MisbuiltApplication::class)
class MisbuiltAppTest {
    @Test
    fun `an app whose relay is none says so instead of starting`() {
        val home = Robolectric.buildActivity(HomeActivity::class.java).setup().get()
        val texts = ArrayList<android.view.View>()
        val problem = (home.application as DemoApplication).problem
        assertTrue(problem.isNotEmpty())
        home.window.decorView.findViewsWithText(texts, problem, android.view.View.FIND_VIEWS_WITH_TEXT)
        assertTrue(texts.single() is TextView)
    }

    @Test
    fun `and shows no transfer`() {
        assertTrue(Robolectric.buildActivity(TransferActivity::class.java).create().get().isFinishing)
    }
}
