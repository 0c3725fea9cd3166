import { button, element } from "../dom";
import type { Page, Screen } from "../screen";
import { frame } from "./frame";
import { codeOf } from "../thrown";
import { alert } from "./simple";

/** P4: the six digits that the phone shows. */
export function codeScreen({ core }: Page, transfer: number, device: string, triesLeft: number | undefined): Screen {
  return (page) => {
    const text = page.text.confirm;
    const input = element("input", { id: "code", inputMode: "numeric", autocomplete: "off", maxLength: 11, required: true });
    input.setAttribute("aria-describedby", "hint");
    const mistake = element("div");
    if (triesLeft !== undefined) {
      const wrong = element("p", { className: "alert" }, text.wrong(triesLeft));
      wrong.setAttribute("role", "alert");
      mistake.append(wrong);
      input.setAttribute("aria-invalid", "true");
    }
    const send = element("button", { type: "submit", className: "primary" }, text.send);
    const form = element(
      "form", { noValidate: true },
      element("label", { htmlFor: "code" }, text.label),
      input,
      mistake,
      element("p", { id: "hint", className: "note" }, text.hint),
      element("div", { className: "actions" }, button(text.notMine, () => void core.call("cancel", transfer)), send),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (send.disabled) return;
      send.disabled = true;
      core.call("enterCode", transfer, input.value).catch((error: unknown) => {
        send.disabled = false;
        mistake.replaceChildren(alert(page, codeOf(error)));
        input.setAttribute("aria-invalid", "true");
        input.focus();
      });
    });
    const who = device ? [element("p", { className: "subject" }, element("span", {}, text.device), element("strong", {}, device))] : [];
    return frame(page, 3, text.title, ...who, form);
  };
}
