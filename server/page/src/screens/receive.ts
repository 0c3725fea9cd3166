import type { Report, Summary } from "../core";
import { button, element } from "../dom";
import { download } from "../save";
import type { Page, Screen } from "../screen";
import { codeOf } from "../thrown";
import { fileName, report, subject } from "./certificate";
import { frame, heading } from "./frame";
import { savePlace } from "./saving";
import { alert } from "./simple";

/** The six digits, for the person to type on the device that sends. */
export function showCodeScreen(transfer: number, code: string, sender: string): Screen {
  return (page) => {
    const text = page.text.receive;
    const who = sender ? [element("p", { className: "subject" }, element("span", {}, page.text.confirm.device), element("strong", {}, sender))] : [];
    const digits = element("p", { className: "digits", id: "security-code" }, `${code.slice(0, 3)} ${code.slice(3)}`);
    digits.setAttribute("aria-label", [...code].join(" "));
    return frame(
      page, 2, text.title, ...who, digits,
      element("p", { className: "lead" }, text.lead),
      element("div", { className: "actions" }, button(page.text.confirm.notMine, () => void page.core.call("cancel", transfer))),
    );
  };
}

/** Whose certificate has come: nothing is stored before the person agrees. */
export function arrivalScreen(transfer: number, certificates: readonly Summary[]): Screen {
  return (page) => {
    const text = page.text.receive;
    const shown = certificates.map((certificate) =>
      element("div", {}, subject(page, fileName(certificate), certificate.details), element("p", { className: "note" }, text.short(certificate.short))));
    const refuse = () => void page.core.call("refuse", transfer);
    return frame(
      page, 2, text.arrived, ...shown,
      element("p", { className: "lead" }, text.compare),
      element(
        "div", { className: "actions" },
        button(text.refuse, refuse),
        button(text.accept, () => page.show(saveScreen(transfer, certificates)), "primary"),
      ),
    );
  };
}

function saveScreen(transfer: number, certificates: readonly Summary[]): Screen {
  return (page) => {
    const text = page.text.receive;
    const files = () => page.core.call("arrivedFiles", transfer);
    const next = () => page.show(checkScreen(transfer, certificates));
    const take = async () => {
      download(await files(), "certificate.zip");
      next();
    };
    return frame(
      page, 3, text.where,
      savePlace(page, files, next),
      element(
        "section", { className: "needs" },
        element("h2", {}, text.elsewhere),
        element("p", {}, text.download),
        element("div", { className: "actions" }, button(text.take, () => void take())),
      ),
      element("div", { className: "actions" }, button(text.refuse, () => void page.core.call("refuse", transfer))),
    );
  };
}

/** The password is asked for once more, so that the receipt can be signed; it can be left out. */
function checkScreen(transfer: number, certificates: readonly Summary[]): Screen {
  return (page) => {
    const text = page.text.receive;
    const input = element("input", { type: "password", id: "password", autocomplete: "off" });
    const mistake = element("div");
    const finish = async (password: string | undefined) => {
      mistake.replaceChildren();
      try {
        const reports = [];
        for (const { index } of certificates) {
          reports.push(await page.core.call("checkArrived", transfer, index, password, page.settings.roots ?? undefined));
        }
        received.set(page, reports);
        await page.core.call("stored", transfer, text.location);
      } catch (error) {
        mistake.replaceChildren(alert(page, codeOf(error)));
        input.setAttribute("aria-invalid", "true");
        input.select();
        input.focus();
      }
    };
    const form = element(
      "form", { noValidate: true },
      element("label", { htmlFor: "password" }, page.text.password.label),
      input,
      mistake,
      element("p", { className: "note" }, page.text.password.hint),
      element(
        "div", { className: "actions" },
        button(text.later, () => void finish(undefined)),
        element("button", { type: "submit", className: "primary" }, text.check),
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void finish(input.value);
    });
    return frame(page, 3, text.checkTitle, element("p", { className: "lead" }, text.checkLead), form);
  };
}

/** The reports of what was last stored. */
const received = new WeakMap<Page, Report[]>();

export function receivedScreen(page: Page): Node[] {
  const text = page.text.receive;
  const reports = (received.get(page) ?? []).map((known) => report(page, known));
  const actions = element("div", { className: "actions" }, button(page.text.result.another, () => page.restart(), "primary"));
  return page.way === "fetch" ? [heading(text.done), ...reports, actions] : frame(page, 4, text.done, ...reports, actions);
}
