package kr.naru

import java.io.IOException
import kotlin.time.Duration

/** Sends HTTP requests for the library: [UrlConnectionTransport], [OkHttpTransport], or the app's own. */
public interface Transport {
    /**
     * Sends one request and reads the whole answer, whatever its status.
     *
     * Follows no redirects and caches nothing. Cancelling the coroutine aborts the request at once.
     *
     * @throws IOException when no answer came within [HttpRequest.timeout]; the library tries again.
     */
    @Throws(IOException::class)
    public suspend fun send(request: HttpRequest): HttpResponse
}

/** One HTTP request. Its URL and headers are secret: they are not to be logged. */
public class HttpRequest(
    /** `GET`, `PUT`, `POST` or `DELETE`. */
    public val method: String,
    /** The whole URL. */
    public val url: String,
    /** The headers, `Authorization` among them. */
    public val headers: List<Pair<String, String>>,
    /** The body; empty where there is none. */
    public val body: ByteArray,
    /** How long the whole answer may take. */
    public val timeout: Duration,
) {
    /** Shows the method only. */
    override fun toString(): String = "HttpRequest($method)"
}

/** The answer to a request. */
public class HttpResponse(
    /** The status code. */
    public val status: Int,
    /** The headers, with names in any case. */
    public val headers: List<Pair<String, String>>,
    /** The body. */
    public val body: ByteArray,
) {
    /** Shows the status only. */
    override fun toString(): String = "HttpResponse($status)"
}
