/** An app that is shrunk by the AAR's rules: what it does crosses into the library in every way. */
package kr.app

import java.io.IOException
import kotlin.io.path.createTempDirectory
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kr.naru.FolderCertificateStore
import kr.naru.FrameContent
import kr.naru.HttpRequest
import kr.naru.HttpResponse
import kr.naru.Naru
import kr.naru.NaruException
import kr.naru.NaruOptions
import kr.naru.ReceiveEvent
import kr.naru.Transport
import kr.naru.UserVerification
import kr.naru.readFrame

fun main() {
    val transport = NoNetwork()
    val store = FolderCertificateStore(createTempDirectory("naru").toFile())
    val options = NaruOptions(listOf("https://relay.example"), deviceName = "phone", platform = "Android")
    Naru(transport, store, UserVerification { }, options).use { naru -> runBlocking { drive(naru) } }
    check(transport.asked) { "the library did not call the app" }
}

private suspend fun drive(naru: Naru) {
    val refused = runCatching { naru.inspect("https://elsewhere.example") }.exceptionOrNull()
    check(refused is NaruException && refused.code.isNotEmpty()) { "no failure of its own: $refused" }
    check(naru.certificates().isEmpty())
    check(readFrame(ByteArray(64 * 64), 64, 64, 64) == FrameContent.NotFound)
    naru.receiveByDisplaying().first { it is ReceiveEvent.Reconnecting }
}

private class NoNetwork : Transport {
    @Volatile
    var asked = false

    override suspend fun send(request: HttpRequest): HttpResponse {
        asked = true
        throw IOException()
    }
}
