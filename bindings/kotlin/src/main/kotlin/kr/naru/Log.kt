package kr.naru

/** Takes what the library reports, for the app's own log: fixed texts and codes, never a secret. */
public fun interface LogSink {
    /** Takes one entry; is called on any thread, and has to return soon. */
    public fun log(entry: LogEntry)
}

/** One thing that has happened. Never holds anything of a person, a device or a certificate. */
public data class LogEntry(
    /** How much it matters. */
    public val level: LogLevel,
    /** A stable name. */
    public val code: String,
    /** The same in English. */
    public val message: String,
)

/** How much an entry matters. */
public enum class LogLevel {
    /** As it should be. */
    INFO,

    /** It goes on all the same. */
    WARNING,

    /** Something ended without success. */
    ERROR,
}
