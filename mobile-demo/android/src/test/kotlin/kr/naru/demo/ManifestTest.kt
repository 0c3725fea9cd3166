package kr.naru.demo

import android.app.Application
import android.content.ComponentName
import android.content.pm.ApplicationInfo
import android.content.pm.PackageManager
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

@RunWith(RobolectricTestRunner::class)
@Config(application = Application::class)
class ManifestTest {
    private val app = RuntimeEnvironment.getApplication()
    private val packages = app.packageManager

    @Test
    fun `the launcher opens the list, under the app's Korean name`() {
        val launched = packages.getLaunchIntentForPackage("kr.naru.demo")?.component
        assertEquals(ComponentName(app, HomeActivity::class.java), launched)
        assertEquals("나루", packages.getApplicationLabel(app.applicationInfo))
    }

    @Test
    fun `other apps cannot begin a transfer`() {
        assertFalse(packages.getActivityInfo(ComponentName(app, TransferActivity::class.java), 0).exported)
    }

    @Test
    fun `nothing is in backups`() {
        assertEquals(0, app.applicationInfo.flags and ApplicationInfo.FLAG_ALLOW_BACKUP)
    }

    @Test
    fun `the app asks for nothing but the network and the camera`() {
        val asked = packages.getPackageInfo("kr.naru.demo", PackageManager.GET_PERMISSIONS).requestedPermissions
        assertEquals(setOf("android.permission.INTERNET", "android.permission.CAMERA"), asked.toSet())
    }

    @Test
    fun `the relay is an origin`() {
        val values = packages.getApplicationInfo("kr.naru.demo", PackageManager.GET_META_DATA).metaData
        assertEquals("http://localhost:8080", values.getString("kr.naru.RELAY"))
    }
}
