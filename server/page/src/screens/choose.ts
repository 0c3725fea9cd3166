import { type Details, type Summary, now } from "../core";
import { button, element } from "../dom";
import { type Gathered, fromDrop, fromFiles, fromHandle } from "../folder";
import type { Page } from "../screen";
import { frame } from "./frame";

type Picker = { showDirectoryPicker?(options: { mode: "read" }): Promise<FileSystemDirectoryHandle> };

/** P1: where the certificates are, and which one. */
export function chooseScreen(page: Page): Node[] {
  const text = page.text.choose;
  const note = element("p", { className: "note" });
  note.setAttribute("role", "status");
  const progress = (count: number) => (note.textContent = text.reading(count));
  const take = async (reading: Promise<Gathered | undefined>) => {
    note.textContent = text.reading(0);
    const gathered = await reading.catch(() => undefined);
    if (gathered) await page.use(gathered);
    else note.textContent = text.blocked;
  };

  const folderInput = element("input", { type: "file", className: "visually-hidden", tabIndex: -1, multiple: true });
  folderInput.setAttribute("webkitdirectory", "");
  folderInput.setAttribute("aria-label", text.folder);
  folderInput.addEventListener("change", () => void take(fromFiles(folderInput.files ?? [], progress)));
  const fileInput = element("input", { type: "file", className: "visually-hidden", tabIndex: -1, accept: ".pfx,.p12" });
  fileInput.setAttribute("aria-label", text.file);
  fileInput.addEventListener("change", () => void take(fromFiles(fileInput.files ?? [], progress)));

  const pickFolder = async () => {
    const picker = (window as Picker).showDirectoryPicker;
    if (!picker) return folderInput.click();
    try {
      await take(fromHandle(await picker.call(window, { mode: "read" }), progress));
    } catch (error) {
      if ((error as DOMException).name !== "AbortError") note.textContent = text.blocked;
    }
  };

  const place = element(
    "div", { className: "drop" },
    element("p", {}, text.drop),
    element(
      "div", { className: "actions" },
      button(page.gathered ? text.again : text.folder, () => void pickFolder(), page.gathered ? "" : "primary"),
      button(text.file, () => fileInput.click()),
    ),
    folderInput, fileInput,
  );
  place.addEventListener("dragover", () => place.classList.add("over"));
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    place.classList.remove("over");
    const item = event.dataTransfer?.items[0];
    if (item) void take(fromDrop(item, progress));
  });
  return frame(page, 1, text.title, ...found(page), place, note);
}

function found(page: Page): Node[] {
  if (!page.certificates) return [];
  const text = page.text.choose;
  const summaries = page.certificates.list(now()) as Summary[];
  const problems = page.certificates.problems() as { path: string; code: string }[];
  const unread = (page.gathered?.unread ?? []).map((path) => ({ path, code: "cannot_read" }));
  const wrong = [...problems, ...unread].map(({ path, code }) =>
    element("li", {}, `${path}: ${page.text.problems[code] ?? code} (${code})`),
  );
  const none = element("p", { className: "alert" }, text.none);
  none.setAttribute("role", "alert");
  const list = element("ul", { className: "certificates" }, ...summaries.map((summary) => row(page, summary)));
  list.setAttribute("aria-label", text.list);
  return [
    summaries.length > 0 ? list : none,
    ...(page.gathered?.limited ? [element("p", { className: "alert" }, text.limited)] : []),
    ...(wrong.length > 0
      ? [element("details", {}, element("summary", {}, `${text.problems} (${wrong.length})`), element("ul", {}, ...wrong))]
      : []),
  ];
}

function row(page: Page, summary: Summary): HTMLElement {
  const { details } = summary;
  const name = details?.name ?? summary.sources[0]?.split("/").pop() ?? "";
  const facts = details
    ? `${details.issuer} · ${page.text.holders[details.holder] ?? ""}`
    : page.text.choose.unknownFile;
  const choose = button("", () => page.choose(summary), "certificate");
  choose.setAttribute("aria-label", page.text.choose.choose(name));
  choose.append(
    element("strong", {}, name),
    element("span", {}, facts),
    element("span", { className: details?.validity === "valid" ? "" : "badge" }, details ? validity(page, details) : ""),
    element("small", {}, summary.sources[0] ?? ""),
  );
  return element("li", {}, choose);
}

function validity(page: Page, details: Details): string {
  const text = page.text.choose;
  if (details.validity === "expired") return text.expired;
  if (details.validity === "notYet") return text.notYet;
  return `~ ${date(details.notAfter)} · ${text.days(details.daysLeft ?? 0)}`;
}

/** A day as officials write it: 2027.12.31. */
export function date(seconds: number): string {
  const day = new Date(seconds * 1000);
  return `${day.getFullYear()}.${day.getMonth() + 1}.${day.getDate()}`;
}
