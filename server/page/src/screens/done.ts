import { button, element } from "../dom";
import type { Deletion } from "../folder";
import type { Chosen, Screen } from "../screen";
import { frame } from "./frame";

/** P6: it has arrived; what of the original? */
export function doneScreen(chosen: Chosen, signed: boolean, decide: (remove: boolean) => Promise<void>): Screen {
  return (page) => {
    const text = page.text.done;
    const deletable = chosen.files.length > 0 && chosen.files.every((file) => file.remove);
    const paths = element("ul", { className: "paths" }, ...chosen.files.map((file) => element("li", {}, file.path)));
    const conclude = (remove: boolean) => {
      for (const pressed of actions.querySelectorAll("button")) pressed.disabled = true;
      void decide(remove);
    };
    const keep = button(deletable ? text.keep : text.finish, () => conclude(false), "primary");
    const remove = button(text.remove, () => conclude(true), "danger");
    const actions = element("div", { className: "actions" }, keep, deletable && remove);
    const original = deletable
      ? [
          element("h2", {}, text.question),
          element("p", {}, text.warning),
          element("details", {}, element("summary", {}, `${text.files} (${chosen.files.length})`), paths),
        ]
      : [element("h2", {}, text.cannot), element("p", {}, text.byHand), paths];
    return frame(
      page, 4, page.way === "deposit" ? text.fetched : signed ? text.title : text.stored,
      element("p", { className: "lead" }, text.fingerprint(chosen.name, chosen.short)),
      ...(signed ? [] : [element("p", { className: "alert" }, text.unsigned)]),
      element("section", { className: "needs" }, ...original),
      actions,
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
          return [text.deleted, element("p", { className: "lead" }, text.recovery)];
        case "refused":
          return [text.refused];
        case "partly":
          return [text.partly, element("ul", { className: "paths" }, ...deletion.left.map((path) => element("li", {}, path)))];
      }
    })() as [string, ...Node[]];
    const actions = element("div", { className: "actions" }, button(text.another, () => page.restart(), "primary"));
    return frame(page, 4, title, ...more, actions);
  };
}
