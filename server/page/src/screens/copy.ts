import { button, element } from "../dom";
import { download } from "../save";
import type { Chosen, Screen } from "../screen";
import { codeOf } from "../thrown";
import { report, subject } from "./certificate";
import { frame } from "./frame";
import { savePlace } from "./saving";
import { alert } from "./simple";

/** To removable storage: the files as they are, or one `.pfx`. */
export function copyScreen(chosen: Chosen): Screen {
  return (page) => {
    const text = page.text.copy;
    const said = element("div");
    const pfx = async (oldForm: boolean) => {
      try {
        download(await page.core.call("toPkcs12", chosen.index, oldForm), "certificate.pfx");
        page.show(copiedScreen(chosen, undefined));
      } catch (error) {
        said.replaceChildren(alert(page, codeOf(error)));
      }
    };
    const files = () => page.core.call("files", chosen.index);
    const zip = async () => {
      download(await files(), "certificate.zip");
      page.show(copiedScreen(chosen, undefined));
    };
    return frame(
      page, 3, text.title,
      subject(page, chosen.name, chosen.details),
      savePlace(page, files, (folder) => page.show(copiedScreen(chosen, folder))),
      element(
        "section", { className: "needs" },
        element("h2", {}, text.file),
        element("p", {}, text.about),
        element("div", { className: "actions" }, button(text.pfx, () => void pfx(false)), button(text.zip, () => void zip())),
        element("details", {}, element("summary", {}, text.older), button(text.oldPfx, () => void pfx(true))),
        said,
      ),
      element("div", { className: "actions" }, button(page.text.back, () => page.begin(page.way))),
    );
  };
}

function copiedScreen(chosen: Chosen, folder: string | undefined): Screen {
  return (page) => {
    const text = page.text.copy;
    const actions = element("div", { className: "actions" }, button(page.text.result.another, () => page.restart(), "primary"));
    return frame(page, 4, folder ? text.copied(folder) : text.downloaded, report(page, chosen.report), actions);
  };
}
