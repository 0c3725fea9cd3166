import type { Summary } from "../core";
import { button, element } from "../dom";
import type { Screen } from "../screen";
import { chooseScreen, date, fileName } from "./choose";
import { frame } from "./frame";
import { alert } from "./simple";

/** P2: the password, checked here and now. */
export function passwordScreen(summary: Summary): Screen {
  return (page) => {
    const text = page.text.password;
    const input = element("input", { type: "password", id: "password", autocomplete: "off", required: true });
    input.spellcheck = false;
    input.setAttribute("aria-describedby", "hint");
    const capsLock = element("p", { className: "badge bad", hidden: true }, text.capsLock);
    const mistake = element("div");
    const show = element("input", { type: "checkbox", id: "show" });
    show.addEventListener("change", () => (input.type = show.checked ? "text" : "password"));
    input.addEventListener("keyup", (event) => (capsLock.hidden = !event.getModifierState?.("CapsLock")));
    const check = element("button", { type: "submit", className: "primary" }, text.check);
    const form = element(
      "form", { noValidate: true },
      element("label", { htmlFor: "password" }, text.label),
      input,
      capsLock,
      mistake,
      element("label", { htmlFor: "show", className: "inline" }, show, text.show),
      element("p", { className: "note", id: "hint" }, text.hint),
      element("div", { className: "actions" }, button(page.text.back, () => page.show(chooseScreen)), check),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (check.disabled) return;
      check.disabled = true;
      mistake.replaceChildren();
      const code = await page.checkPassword(summary, input.value);
      check.disabled = false;
      if (!code) return;
      mistake.replaceChildren(alert(page, code));
      input.setAttribute("aria-invalid", "true");
      input.select();
      input.focus();
    });
    const { details } = summary;
    const expired = details?.validity === "expired"
      ? [element("p", { className: "alert" }, text.expired(date(details.notAfter, page.text.lang)))]
      : [];
    const subject = element(
      "p", { className: "subject" },
      element("strong", {}, details?.name ?? fileName(summary)),
      element("span", {}, details ? page.text.choose.issued(details.issuer, page.text.holders[details.holder] ?? "") : page.text.choose.unknownFile),
    );
    return frame(page, 2, text.title, subject, ...expired, form);
  };
}
