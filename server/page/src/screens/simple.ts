import { button, element } from "../dom";
import type { Page, Screen } from "../screen";
import { chooseScreen } from "./choose";
import { frame } from "./frame";

/** P0: what this is. */
export function startScreen(page: Page): Node[] {
  const text = page.text.start;
  return [
    element("h1", { tabIndex: -1 }, text.title),
    element("p", { className: "lead" }, text.lead),
    button(text.go, () => page.show(chooseScreen), "primary"),
    element("p", { className: "note" }, text.shared),
  ];
}

/** P5: nothing to do but wait. */
export function transferScreen(page: Page): Node[] {
  page.announce(page.text.transfer.title);
  return frame(
    page, 3, page.text.transfer.title,
    element("p", { className: "lead" }, page.text.transfer.lead),
    element("progress"),
  );
}

/** Cause, next step, and a code for the IT desk. */
export function messageScreen(code: string): Screen {
  return (page) => [
    element("h1", { tabIndex: -1 }, page.text.service),
    alert(page, code),
    button(page.text.restart, () => page.restart(), "primary"),
  ];
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
