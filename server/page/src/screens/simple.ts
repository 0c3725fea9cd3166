import { button, element } from "../dom";
import type { Page, Screen } from "../screen";
import { frame, heading } from "./frame";

/** What starting over or reloading does not mend. */
const FINAL = new Set(["insecure_origin", "no_webassembly", "page_incomplete"]);

/** P5: nothing to do but wait. */
export function transferScreen(page: Page): Node[] {
  const { title, lead } = page.text.transfer;
  const progress = element("progress");
  progress.setAttribute("aria-labelledby", "title");
  return frame(page, 3, title, element("p", { className: "lead" }, lead), progress);
}

/** Cause, next step, and a code for the IT desk. Where there is a way back, it comes first. */
export function messageScreen(code: string, again?: () => void): Screen {
  return (page) => {
    const retry = again && button(page.text.again, again, "primary");
    const restart = FINAL.has(code) ? undefined : button(page.text.restart, () => page.restart(), again ? "" : "primary");
    return [
      heading(page.text.stopped),
      alert(page, code),
      element("div", { className: "actions" }, restart, retry),
    ];
  };
}

/** A shared PC has nothing left on it. */
export function endScreen(page: Page): Node[] {
  const { title, lead } = page.text.ended;
  return [heading(title), element("p", { className: "lead" }, lead)];
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
