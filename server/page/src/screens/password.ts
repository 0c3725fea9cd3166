import type { Summary } from "../core";
import { button, element } from "../dom";
import type { Screen } from "../screen";
import { chooseScreen, date } from "./choose";
import { frame } from "./frame";
import { alert } from "./simple";

/** P2: the password, checked here and now. */
export function passwordScreen(summary: Summary): Screen {
  return (page) => {
    const text = page.text.password;
    const input = element("input", { type: "password", id: "password", autocomplete: "off", required: true });
    input.spellcheck = false;
    input.setAttribute("aria-describedby", "hint");
    const capsLock = element("p", { className: "note", hidden: true }, text.capsLock);
    const mistake = element("div");
    const show = element("input", { type: "checkbox", id: "show" });
    show.addEventListener("change", () => (input.type = show.checked ? "text" : "password"));
    input.addEventListener("keyup", (event) => (capsLock.hidden = !event.getModifierState?.("CapsLock")));
    const form = element(
      "form", { noValidate: true },
      element("label", { htmlFor: "password" }, text.label),
      input,
      element("label", { htmlFor: "show", className: "inline" }, show, text.show),
      capsLock,
      element("p", { className: "note", id: "hint" }, text.hint),
      mistake,
      element(
        "div", { className: "actions" },
        button(page.text.back, () => page.show(chooseScreen)),
        element("button", { type: "submit", className: "primary" }, text.check),
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const code = page.checkPassword(summary, input.value);
      if (!code) return;
      mistake.replaceChildren(alert(page, code));
      input.setAttribute("aria-invalid", "true");
      input.select();
      input.focus();
    });
    const expired = summary.details?.validity === "expired"
      ? [element("p", { className: "alert" }, text.expired(date(summary.details.notAfter)))]
      : [];
    const name = element("p", { className: "lead" }, summary.details?.name ?? summary.sources[0] ?? "");
    return frame(page, 2, text.title, name, ...expired, form);
  };
}
