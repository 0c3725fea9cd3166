import type { Qr } from "../core";
import { button, element } from "../dom";
import type { Page, Screen } from "../screen";
import { codeOf } from "../thrown";
import { fetchDeposit } from "../ways/receive";
import { date } from "./certificate";
import { draw } from "./connect";
import { frame, heading } from "./frame";
import { alert } from "./simple";

/** A deposit that the page looks after. */
export interface Deposited {
  recovery: string;
  withdrawCode: string;
  qr: Qr;
  claimed: boolean;
  ends: number;
  withdraw(): void;
}

/** The codes, shown once and to be printed, and whether somebody has come. */
export function codesScreen(deposited: Deposited): Screen {
  const picture = draw(deposited.qr);
  return (page) => {
    const text = page.text.deposit;
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", text.qr);
    const copy = button(text.copy, () => {
      const copied = () => page.announce((copy.textContent = page.text.connect.copied));
      navigator.clipboard.writeText(deposited.recovery).then(copied, () => undefined);
    });
    const status = element("p", { className: "left", id: "deposit-status" }, deposited.claimed ? text.claimed : text.waiting);
    return frame(
      page, 3, text.title,
      element("p", { className: "lead" }, text.once),
      element(
        "div", { className: "connect sheet" },
        element("div", { className: "card" }, picture),
        element(
          "div", {},
          element("p", { className: "label" }, text.recovery),
          element("p", { className: "digits code", id: "recovery-code" }, deposited.recovery),
          element("p", { className: "label" }, text.withdrawCode),
          element("p", { className: "code", id: "withdraw-code" }, deposited.withdrawCode),
          element("p", { className: "note" }, text.until(date(deposited.ends / 1000, page.text.lang))),
        ),
      ),
      status,
      element("div", { className: "actions" }, copy, button(text.print, () => print(), "primary"), button(text.withdraw, () => deposited.withdraw(), "danger")),
    );
  };
}

/** To fetch a deposit here, or to look after one. */
export function depositScreen(page: Page): Node[] {
  const text = page.text.deposit;
  return [
    heading(text.fetchTitle),
    codeForm(page, "recovery", text.recovery, text.fetch, (code) => fetchDeposit(page, code)),
    element(
      "section", { className: "needs" },
      element("h2", {}, text.lookTitle),
      codeForm(
        page, "withdraw", text.withdrawCode, text.look,
        async (code) => tell(page, text.status[await page.core.call("depositStatus", code)]),
        [text.withdraw, async (code) => {
          await page.core.call("withdrawDeposit", code);
          tell(page, text.withdrawn);
        }],
      ),
      element("p", { className: "left", id: "deposit-status" }),
    ),
    element("div", { className: "actions" }, button(page.text.back, () => page.restart())),
  ];
}

function tell(page: Page, message: string): void {
  page.announce(message);
  const status = document.getElementById("deposit-status");
  if (status) status.textContent = message;
}

type Use = (code: string) => Promise<void>;

/** A code to type, and what to do with it; a mistyped one is said before anything is asked of the relay. */
function codeForm(page: Page, id: string, label: string, action: string, use: Use, other?: [string, Use]): HTMLElement {
  const input = element("input", { id, autocomplete: "off", required: true, className: "code" });
  input.spellcheck = false;
  const mistake = element("div");
  const run = async (use: Use) => {
    mistake.replaceChildren();
    try {
      await use(input.value);
    } catch (error) {
      mistake.replaceChildren(alert(page, codeOf(error)));
      input.setAttribute("aria-invalid", "true");
      input.focus();
    }
  };
  const form = element(
    "form", { noValidate: true },
    element("label", { htmlFor: id }, label),
    input,
    mistake,
    element(
      "div", { className: "actions" },
      element("button", { type: "submit", className: id === "recovery" ? "primary" : "" }, action),
      other && button(other[0], () => void run(other[1]), "danger"),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void run(use);
  });
  return form;
}
