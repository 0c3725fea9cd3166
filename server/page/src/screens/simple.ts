import { button, element } from "../dom";
import type { Desk, Refusal } from "../remark";
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

/** Nothing can be done here; whoever has come with the wrong account can leave. */
export function refusedScreen(): Screen {
  return (page) => {
    // Who is not logged in belongs to no agency.
    const { rule, agency } = page.remark.refusal ?? {};
    const isAccount = rule === "accounts" || (rule === "networks" && !!agency);
    return [
      heading(page.text.stopped),
      alert(page, "not_allowed"),
      element("div", { className: "actions" }, isAccount && button(page.text.login.logOut, () => void page.logOut(), "primary")),
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
  const { reference, refusal } = page.remark;
  const desk = (code === "not_allowed" ? refusal?.desk : undefined) ?? page.settings?.desk;
  const made = element(
    "div", { className: "alert" },
    element("p", {}, refusal && code === "not_allowed" ? refused(page, refusal) : page.error(code)),
    element("p", { className: "note" }, page.text.forDesk(code, reference)),
    desk && element("p", { className: "note", id: "desk" }, page.text.desk(contact(page, desk))),
  );
  made.setAttribute("role", "alert");
  return made;
}

/** The rule, and whose it is. */
function refused({ text }: Page, { rule, agency }: Refusal): string {
  const what = text.rules[rule] ?? text.rules["other"] ?? rule;
  return text.byRule(agency?.name[text.lang], what);
}

/** How the desk is reached. */
function contact({ text }: Page, { name, phone, mail, hours }: Desk): string {
  return [name[text.lang], phone, mail, hours?.[text.lang]].filter(Boolean).join(", ");
}
