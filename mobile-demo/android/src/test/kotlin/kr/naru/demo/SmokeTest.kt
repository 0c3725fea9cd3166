package kr.naru.demo
import org.junit.Test
import org.junit.Assert.*
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [30], manifest = Config.NONE)
class SmokeTest {
    @Test fun starts() {
        val c = Robolectric.buildActivity(HomeActivity::class.java).setup()
        assertNotNull(c.get())
        println(kr.naru.Naru.liveObjects())
    }
}
