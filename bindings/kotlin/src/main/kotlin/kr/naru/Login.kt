package kr.naru

/** Says who the person is, where the agency's relay wants to know. */
public fun interface Login {
    /**
     * An ID token of the person that is still good for a minute, renewed where need be; `null` where nobody is
     * logged in, which is also what a failure here counts as. It is asked before each request: the app keeps
     * the token meanwhile.
     */
    public suspend fun token(): String?
}

/** A rule of an agency that stops the person, whose it is, and whom to ask. It is the relay's word. */
public data class RuleRefusal(
    /** A stable name of the rule, such as `networks` or `devices`. */
    public val rule: String,
    /** The agency's name; `null` for those who belong to none. */
    public val agency: LocalisedText?,
    /** Whom to ask. */
    public val desk: SupportDesk?,
)

/** Whom people ask. */
public data class SupportDesk(
    /** Its name. */
    public val name: LocalisedText,
    /** Its telephone number. */
    public val phone: String?,
    /** Its mail address. */
    public val mail: String?,
    /** When it is there. */
    public val hours: LocalisedText?,
)

/** A text in both languages. */
public data class LocalisedText(
    /** In Korean. */
    public val korean: String,
    /** In English. */
    public val english: String,
)
