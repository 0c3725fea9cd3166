import type { Details, Report, Summary } from "../core";
import { element } from "../dom";
import type { Page } from "../screen";

/** The name of a certificate's first file. */
export function fileName(summary: Summary): string {
  return summary.sources[0]?.split("/").pop() ?? "";
}

/** A day as officials write it: 2027.12.31, and 31 Dec 2027 in English. */
export function date(seconds: number, lang: "ko" | "en"): string {
  const day = new Date(seconds * 1000);
  if (lang === "ko") return `${day.getFullYear()}.${day.getMonth() + 1}.${day.getDate()}`;
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" }).format(day);
}

/** Whose certificate it is, for the person to recognise. */
export function subject(page: Page, name: string, details: Details | undefined): HTMLElement {
  const text = page.text.choose;
  return element(
    "p", { className: "subject" },
    element("strong", {}, details?.name ?? name),
    element("span", {}, details ? text.issued(details.issuer, page.text.holders[details.holder] ?? "") : text.unknownFile),
    details && element("span", {}, details.validity === "expired" ? text.expired : page.text.report.valid(date(details.notAfter, page.text.lang))),
  );
}

/** What is known of a certificate, line by line; revocation is never looked up, and that is said. */
export function report(page: Page, known: Report): HTMLElement {
  const text = page.text.report;
  const { details } = known;
  const lines = [
    text.key[known.key],
    details && { valid: text.valid(date(details.notAfter, page.text.lang)), expired: text.expired, notYet: text.notYet }[details.validity],
    text.chain[known.chain],
    known.identityRandom === undefined ? undefined : known.identityRandom ? text.identity : text.noIdentity,
    text.revocation,
  ];
  const items = lines.filter((line): line is string => !!line).map((line) => element("li", {}, line));
  return element("section", { className: "needs" }, element("h2", {}, text.title), element("ul", {}, ...items));
}
