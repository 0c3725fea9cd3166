import type { NativeFile } from "../core";
import { button, element } from "../dom";
import { droppedFolder, saveInto } from "../save";
import type { Page } from "../screen";
import { codeOf } from "../thrown";
import { alert } from "./simple";

type Picker = { showDirectoryPicker?(options: { mode: "readwrite" }): Promise<FileSystemDirectoryHandle> };

/** Where files are to be written: a folder that is picked or dropped. What is there already is named, and
 * replaced only when the person says so. */
export function savePlace(page: Page, files: () => Promise<NativeFile[]>, saved: (folder: string) => void): HTMLElement {
  const text = page.text.save;
  const said = element("div");
  const save = async (folder: FileSystemDirectoryHandle, replace: boolean) => {
    said.replaceChildren();
    try {
      const saving = await saveInto(folder, await files(), replace);
      if (saving.outcome === "saved") return saved(saving.folder);
      if (saving.outcome === "refused") return said.replaceChildren(alert(page, "not_permitted"));
      const occupied = alert(page, "already_there");
      const paths = element("ul", { className: "paths" }, ...saving.paths.map((path) => element("li", {}, path)));
      said.replaceChildren(occupied, paths, button(text.replace, () => void save(folder, true), "danger"));
    } catch (error) {
      said.replaceChildren(alert(page, codeOf(error) === "other" ? "not_stored" : codeOf(error)));
    }
  };
  const pick = async () => {
    try {
      const folder = await (window as Picker).showDirectoryPicker?.({ mode: "readwrite" });
      if (folder) await save(folder, false);
    } catch (error) {
      if ((error as DOMException).name !== "AbortError") said.replaceChildren(alert(page, "not_permitted"));
    }
  };
  const place = element(
    "div", { className: "drop" },
    element("p", {}, text.drop),
    element("div", { className: "actions" }, button(text.folder, () => void pick(), "primary")),
    said,
  );
  place.addEventListener("dragover", () => place.classList.add("over"));
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    place.classList.remove("over");
    const item = event.dataTransfer?.items[0];
    if (item) void droppedFolder(item).then((folder) => folder && save(folder, false));
  });
  place.hidden = !("showDirectoryPicker" in window);
  return place;
}
