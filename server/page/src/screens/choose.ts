import type { Summary } from "../core";
import { button, element } from "../dom";
import { type Gathered, fromDrop, fromFiles, fromHandle } from "../folder";
import type { Page } from "../screen";
import { movedAt } from "../moved";
import { date, fileName } from "./certificate";
import { frame } from "./frame";
import { passwordScreen } from "./password";

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
  return frame(page, 1, page.found?.certificates.length ? text.title : text.where, ...found(page), place, note);
}

function found(page: Page): Node[] {
  if (!page.found) return [];
  const text = page.text.choose;
  const { certificates, problems } = page.found;
  const unread = (page.gathered?.unread ?? []).map((path) => ({ path, code: "cannot_read" }));
  const wrong = [...problems, ...unread].map(({ path, code }) =>
    element("li", {}, `${path}: ${page.text.problems[code] ?? code} (${code})`),
  );
  const none = element("p", { className: "alert" }, text.none);
  none.setAttribute("role", "alert");
  // What can be used comes first.
  const usable = (summary: Summary) => Number(summary.details !== undefined && summary.details.validity !== "valid");
  const sorted = [...certificates].sort((one, other) => usable(one) - usable(other));
  const list = element("ul", { className: "certificates" }, ...sorted.map((summary) => row(page, summary)));
  list.setAttribute("role", "list");
  list.setAttribute("aria-label", text.list);
  return [
    certificates.length > 0 ? list : none,
    ...(page.gathered?.limited ? [element("p", { className: "alert" }, text.limited)] : []),
    ...(wrong.length > 0
      ? [element("details", {}, element("summary", {}, `${text.problems} (${wrong.length})`), element("ul", { className: "paths" }, ...wrong))]
      : []),
  ];
}

function row(page: Page, summary: Summary): HTMLElement {
  const { details } = summary;
  const text = page.text.choose;
  const choose = button("", () => page.show(passwordScreen(summary)), "certificate");
  choose.append(element("strong", {}, details?.name ?? fileName(summary)), " ");
  if (details) {
    const until = date(details.notAfter, page.text.lang);
    const [badge, expiry] = {
      valid: [text.valid, text.until(until, details.daysLeft ?? 0)],
      expired: [text.expired, until],
      notYet: [text.notYet, until],
    }[details.validity] as [string, string];
    choose.append(
      element("span", { className: details.validity === "valid" ? "badge" : "badge bad" }, badge), " ",
      element("span", { className: "facts" }, text.issued(details.issuer, page.text.holders[details.holder] ?? "")), " ",
      element("span", { className: "facts" }, expiry), " ",
    );
  } else {
    choose.append(element("span", { className: "facts" }, text.unknownFile), " ");
  }
  const moved = page.shared ? undefined : movedAt(summary.fingerprint);
  if (moved) choose.append(element("span", { className: "facts" }, text.moved(date(moved, page.text.lang))), " ");
  choose.append(element("small", {}, folderName(summary)));
  return element("li", {}, choose);
}

function folderName(summary: Summary): string {
  const path = summary.sources[0] ?? "";
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : path;
}
