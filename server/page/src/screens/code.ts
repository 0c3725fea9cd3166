import { type Giving, codeOf } from "../core";
import { button, element } from "../dom";
import type { Screen } from "../screen";
import { frame } from "./frame";
import { alert } from "./simple";

/** P4: the six digits that the phone shows. */
export function codeScreen(giving: Giving, device: string | undefined, triesLeft: number | undefined): Screen {
  return (page) => {
    const text = page.text.confirm;
    const input = element("input", { id: "code", inputMode: "numeric", autocomplete: "off", maxLength: 11, required: true });
    const mistake = element("div");
    if (triesLeft !== undefined) {
      const wrong = element("p", { className: "alert" }, text.wrong(triesLeft));
      wrong.setAttribute("role", "alert");
      mistake.append(wrong);
    }
    const form = element(
      "form", { noValidate: true },
      element("label", { htmlFor: "code" }, text.label),
      input,
      mistake,
      element(
        "div", { className: "actions" },
        button(text.notMine, () => giving.cancel()),
        element("button", { type: "submit", className: "primary" }, text.send),
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      try {
        giving.enterCode(input.value);
      } catch (error) {
        mistake.replaceChildren(alert(page, codeOf(error)));
        input.focus();
      }
    });
    const who = device ? [element("p", { className: "lead" }, `${text.device}: ${device}`)] : [];
    return frame(page, 3, text.title, ...who, form);
  };
}
