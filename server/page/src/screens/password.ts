import type { Summary } from "../core";
import { button, element } from "../dom";
import { movedAt } from "../moved";
import { type Chosen, type Page, type Screen } from "../screen";
import { codeOf } from "../thrown";
import { deposit } from "../ways/deposit";
import { give, removeOriginal } from "../ways/give";
import { date, fileName, subject } from "./certificate";
import { copyScreen } from "./copy";
import { resultScreen } from "./done";
import { frame } from "./frame";
import { newPassword, newPasswordScreen } from "./new_password";
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
    const changed = page.way === "phone" || page.way === "deposit" ? newPassword(page) : undefined;
    const hours = page.way === "deposit" ? keptFor(page) : undefined;
    const check = element("button", { type: "submit", className: "primary" }, text.check);
    const form = element(
      "form", { noValidate: true },
      element("label", { htmlFor: "password" }, text.label),
      input,
      capsLock,
      mistake,
      element("label", { htmlFor: "show", className: "inline" }, show, text.show),
      element("p", { className: "note", id: "hint" }, text.hint),
      hours && element("label", { htmlFor: "hours" }, page.text.deposit.hours),
      hours,
      changed && element("details", { className: "optional" }, element("summary", {}, text.change), ...changed.fields),
      element("div", { className: "actions" }, button(page.text.back, () => page.begin(page.way)), check),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (check.disabled) return;
      check.disabled = true;
      mistake.replaceChildren();
      try {
        const chosen = await page.open(summary, input.value);
        await changed?.apply(chosen);
        await proceed(page, chosen, Number(hours?.value ?? 0));
      } catch (error) {
        check.disabled = false;
        mistake.replaceChildren(alert(page, codeOf(error)));
        input.setAttribute("aria-invalid", "true");
        input.select();
        input.focus();
      }
    });
    const { details } = summary;
    const expired = details?.validity === "expired"
      ? [element("p", { className: "alert" }, text.expired(date(details.notAfter, page.text.lang)))]
      : [];
    return frame(page, 2, text.title, subject(page, fileName(summary), details), ...expired, form);
  };
}

/** What the person has come for, now that the password was right. */
async function proceed(page: Page, chosen: Chosen, hours: number): Promise<void> {
  const moved = page.shared ? undefined : movedAt(chosen.fingerprint);
  const go = () => {
    switch (page.way) {
      case "copy":
        return page.show(copyScreen(chosen));
      case "deposit":
        return void deposit(page, chosen, hours);
      case "passwd":
        return page.show(newPasswordScreen(chosen));
      default:
        return void give(page, chosen);
    }
  };
  if (moved && page.way === "phone" && chosen.files.every((file) => file.remove)) page.show(movedScreen(chosen, moved, go));
  else go();
}

/** It has arrived elsewhere before, and the page was closed too early to delete the original. */
function movedScreen(chosen: Chosen, moved: number, go: () => void): Screen {
  return (page) => {
    const text = page.text.moved;
    const remove = async () => page.show(resultScreen(await removeOriginal(page, chosen)));
    return frame(
      page, 2, text.title(date(moved, page.text.lang)),
      subject(page, chosen.name, chosen.details),
      element("p", { className: "lead" }, text.lead),
      element("div", { className: "actions" }, button(text.again, go, "primary"), button(page.text.done.remove, () => void remove(), "danger")),
    );
  };
}

function keptFor(page: Page): HTMLSelectElement {
  const { defaultHours, maxHours } = page.settings.deposit ?? { defaultHours: 24, maxHours: 24 };
  const choices = [...new Set([1, 8, 24, 72, 168, defaultHours])].filter((hours) => hours <= maxHours).sort((a, b) => a - b);
  const options = choices.map((hours) =>
    element("option", { value: String(hours), selected: hours === defaultHours }, page.text.deposit.kept(hours)));
  return element("select", { id: "hours" }, ...options);
}
