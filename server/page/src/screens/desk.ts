import { button, element } from "../dom";
import { type Noted, lookUp } from "../person";
import type { Page, Screen } from "../screen";
import { codeOf } from "../thrown";
import { heading } from "./frame";
import { alert } from "./simple";

const COLUMNS = ["at", "kind", "reference", "failure", "rule", "agency", "from", "account", "note"] as const;

/** What an administrator looks up, which is noted with its reason. */
export function deskScreen(found?: Noted[], failed?: string): Screen {
  return (page) => {
    const text = page.text.lookUp;
    const field = (id: string, label: string, required: boolean) => {
      const input = element("input", { type: "text", id, required, maxLength: 64 });
      return [element("label", { htmlFor: id }, label), input] as const;
    };
    const [referenceLabel, reference] = field("reference", text.reference, false);
    const [textLabel, words] = field("words", text.text, false);
    const [reasonLabel, reason] = field("reason", text.reason, true);
    const form = element(
      "form", {}, referenceLabel, reference, textLabel, words, reasonLabel, reason,
      element("div", { className: "actions" }, element("button", { type: "submit", className: "primary" }, text.search)),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void search(page, reference.value, words.value, reason.value);
    });
    return [
      heading(text.title),
      element("p", { className: "lead" }, text.lead),
      ...(failed ? [alert(page, failed)] : []),
      form,
      ...(found ? results(page, found) : []),
      element("div", { className: "actions" }, button(page.text.back, () => page.restart())),
    ];
  };
}

async function search(page: Page, reference: string, text: string, reason: string): Promise<void> {
  try {
    const found = await lookUp({ ...(reference && { reference }), ...(text && { text }), reason });
    page.show(deskScreen(found));
  } catch (error) {
    page.show(deskScreen(undefined, codeOf(error)));
  }
}

function results(page: Page, found: Noted[]): Node[] {
  const text = page.text.lookUp;
  if (found.length === 0) return [element("p", {}, text.nothing)];
  const head = element("tr", {}, ...COLUMNS.map((name) => element("th", { scope: "col" }, text.columns[name] ?? name)));
  const rows = found.map((entry) => element("tr", {}, ...COLUMNS.map((name) => element("td", {}, entry[name] ?? ""))));
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
  const scrolls = element("div", { className: "scrolls", tabIndex: 0 }, table);
  scrolls.setAttribute("role", "region");
  scrolls.setAttribute("aria-label", text.found(found.length));
  return [
    element("p", {}, text.found(found.length)),
    scrolls,
    element("div", { className: "actions" }, button(text.csv, () => download(csv(found)))),
  ];
}

/** RFC 4180. What a spreadsheet would take for a formula becomes text. */
export function csv(found: Noted[]): string {
  const cell = (value: string) => `"${value.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
  const rows = found.map((entry) => COLUMNS.map((name) => cell(entry[name] ?? "")).join(","));
  return `${[COLUMNS.join(","), ...rows].join("\r\n")}\r\n`;
}

function download(text: string): void {
  // Spreadsheets take UTF-8 for what it is by its mark only.
  const url = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
  const link = element("a", { href: url, download: "naru-audit.csv" });
  link.click();
  URL.revokeObjectURL(url);
}
