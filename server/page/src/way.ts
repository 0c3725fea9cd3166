/** What the person has come for. */
export type Way = "phone" | "bring" | "copy" | "deposit" | "fetch" | "passwd";
