import type { Giving } from "../core";
import { button, element } from "../dom";
import type { Deletion } from "../folder";
import type { Chosen, Screen } from "../screen";
import { frame } from "./frame";

/** P6: it has arrived; what of the original? */
export function doneScreen(giving: Giving, chosen: Chosen, signed: boolean): Screen {
  return (page) => {
    const text = page.text.done;
    page.announce(text.title);
    const deletable = chosen.files.length > 0 && chosen.files.every((file) => file.remove);
    const keep = button(text.keep, () => void page.conclude(giving, chosen, false), "primary");
    const remove = button(text.remove, () => void page.conclude(giving, chosen, true), "danger");
    const files = element(
      "details", {},
      element("summary", {}, `${text.files} (${chosen.files.length})`),
      element("ul", {}, ...chosen.files.map((file) => element("li", {}, file.path))),
    );
    return frame(
      page, 4, text.title,
      element("p", { className: "lead" }, text.fingerprint(chosen.name, chosen.short)),
      ...(signed ? [] : [element("p", { className: "alert" }, text.unsigned)]),
      element("p", {}, deletable ? text.question : text.cannot),
      ...(deletable ? [files] : []),
      element("div", { className: "actions" }, keep, deletable && remove),
    );
  };
}

/** P7: what became of it; nothing was asked for when there is no deletion. */
export function resultScreen(deletion: Deletion | undefined): Screen {
  return (page) => {
    const text = page.text.result;
    const [title, ...more] = (() => {
      switch (deletion?.outcome) {
        case undefined:
          return [text.kept];
        case "deleted":
          return [text.deleted, element("p", { className: "note" }, text.recovery)];
        case "refused":
          return [text.refused];
        case "partly":
          return [text.partly, element("ul", {}, ...deletion.left.map((path) => element("li", {}, path)))];
      }
    })() as [string, ...Node[]];
    page.announce(title);
    return frame(page, 4, title, ...more, button(text.another, () => page.restart(), "primary"));
  };
}
