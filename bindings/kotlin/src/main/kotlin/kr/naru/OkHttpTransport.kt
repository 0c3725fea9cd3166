package kr.naru

import java.io.IOException
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.suspendCancellableCoroutine
import okhttp3.Call
import okhttp3.Callback
import okhttp3.Headers
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response

/**
 * HTTP by the app's OkHttp, whose pins, proxies and TLS settings apply.
 *
 * Interceptors that log must leave URLs and headers out: they are secret.
 */
public class OkHttpTransport @JvmOverloads constructor(client: OkHttpClient = OkHttpClient()) : Transport {
    // A transfer holds a long poll at the one relay, and many transfers must not wait for each other.
    private val client = client.newBuilder()
        .dispatcher(okhttp3.Dispatcher().apply {
            maxRequests = MOST_AT_ONCE
            maxRequestsPerHost = MOST_AT_ONCE
        })
        .followRedirects(false)
        .followSslRedirects(false)
        .cache(null)
        .build()

    override suspend fun send(request: HttpRequest): HttpResponse {
        // Android 7 has no java.time.
        val timeout = request.timeout.inWholeMilliseconds.coerceAtLeast(1)
        val timed = client.newBuilder()
            .callTimeout(timeout, TimeUnit.MILLISECONDS)
            .readTimeout(timeout, TimeUnit.MILLISECONDS)
            .build()
        val call = timed.newCall(request.forOkHttp())
        return suspendCancellableCoroutine { continuation ->
            continuation.invokeOnCancellation { call.cancel() }
            call.enqueue(object : Callback {
                override fun onFailure(call: Call, e: IOException) {
                    continuation.resumeWith(Result.failure(e))
                }

                override fun onResponse(call: Call, response: Response) {
                    continuation.resumeWith(runCatching { response.use { it.read() } })
                }
            })
        }
    }

    private fun HttpRequest.forOkHttp(): Request {
        val headers = Headers.Builder().apply { headers.forEach { (name, value) -> add(name, value) } }.build()
        val hasBody = body.isNotEmpty() || method == "PUT" || method == "POST"
        return Request.Builder()
            .url(url)
            .headers(headers)
            .method(method, if (hasBody) body.toRequestBody() else null)
            .build()
    }

    private fun Response.read() = HttpResponse(code, headers.toList(), body.bytes())

    private companion object {
        const val MOST_AT_ONCE = 512
    }
}
