import { button, element } from "../dom";
import type { Chosen, Page, Screen } from "../screen";
import { chooseScreen } from "./choose";
import { frame, heading } from "./frame";

/** What starting over or reloading does not mend. */
const FINAL = new Set(["insecure_origin", "no_webassembly", "page_incomplete"]);

/** P0: what this is. */
export function startScreen(page: Page): Node[] {
  const text = page.text.start;
  return [
    heading(text.title),
    element("p", { className: "lead" }, text.lead),
    element(
      "section", { className: "needs" },
      element("h2", {}, text.needs),
      element("ul", {}, ...text.need.map((need) => element("li", {}, need))),
    ),
    element("div", { className: "actions" }, button(text.go, () => page.show(chooseScreen), "primary")),
    element("p", { className: "note" }, text.shared),
  ];
}

/** P5: nothing to do but wait. */
export function transferScreen(page: Page): Node[] {
  const { title, lead } = page.text.transfer;
  const progress = element("progress");
  progress.setAttribute("aria-labelledby", "title");
  return frame(page, 3, title, element("p", { className: "lead" }, lead), progress);
}

/** Cause, next step, and a code for the IT desk. With a certificate chosen, a new QR is the next step. */
export function messageScreen(code: string, chosen?: Chosen): Screen {
  return (page) => {
    const again = chosen && button(page.text.connect.renew, () => void page.connect(chosen), "primary");
    const restart = FINAL.has(code) ? undefined : button(page.text.restart, () => page.restart(), chosen ? "" : "primary");
    return [
      heading(page.text.stopped),
      alert(page, code),
      element("div", { className: "actions" }, restart, again),
    ];
  };
}

/** An error that is read out at once. */
export function alert(page: Page, code: string): HTMLElement {
  const made = element(
    "div", { className: "alert" },
    element("p", {}, page.error(code)),
    element("p", { className: "note" }, page.text.forDesk(code)),
  );
  made.setAttribute("role", "alert");
  return made;
}
