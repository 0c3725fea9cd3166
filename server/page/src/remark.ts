/** A text in both languages. */
export interface Localised {
  ko: string;
  en: string;
}

/** Whom people ask. */
export interface Desk {
  name: Localised;
  phone?: string | null;
  mail?: string | null;
  hours?: Localised | null;
}

/** A rule that stops the person, whose it is, and whom to ask. */
export interface Refusal {
  rule: string;
  agency?: { id: string; name: Localised } | null;
  desk?: Desk | null;
}

/** What the relay says of a failure beside its code. */
export interface Remark {
  /** By which the desk finds the transfer. */
  reference?: string;
  refusal?: Refusal;
}

/** What an answer says; `before` stays where it says nothing new. */
export function remarked(before: Remark, headers: Headers, body: () => string): Remark {
  const after = { ...before };
  const reference = headers.get("naru-reference");
  if (reference) after.reference = reference;
  if (headers.get("naru-problem") === "not_allowed") {
    try {
      const { rule, agency, desk } = JSON.parse(body()) as Refusal;
      after.refusal = { rule: String(rule), agency: agency ?? null, desk: desk ?? null };
    } catch {
      // The code says enough.
    }
  }
  return after;
}
