import { element, button } from "../dom";
import { download, overwrite } from "../save";
import type { Chosen, Page, Screen } from "../screen";
import { codeOf } from "../thrown";
import { subject } from "./certificate";
import { frame } from "./frame";
import { alert } from "./simple";

interface NewPassword {
  fields: Node[];
  /** Encrypts the keys anew where something was typed; throws `{code}`. */
  apply(chosen: Chosen): Promise<boolean>;
}

/** Two fields for a new password, with what the agency asks of it. */
export function newPassword(page: Page): NewPassword {
  const text = page.text.newPassword;
  const { minCharacters, minKinds } = page.settings.password;
  const field = (id: string) => element("input", { type: "password", id, autocomplete: "off" });
  const [first, second] = [field("new-password"), field("new-password-again")];
  first.setAttribute("aria-describedby", "new-hint");
  const strength = element("p", { className: "note" });
  strength.setAttribute("role", "status");
  first.addEventListener("input", async () => {
    const typed = first.value;
    const said = await page.core.call("checkNewPassword", typed, minCharacters, minKinds)
      .then(() => text.strong, (error: unknown) => page.error(codeOf(error)));
    if (first.value === typed) strength.textContent = typed ? said : "";
  });
  return {
    fields: [
      element("label", { htmlFor: "new-password" }, text.label),
      first,
      element("p", { className: "note", id: "new-hint" }, text.rules(minCharacters, minKinds)),
      strength,
      element("label", { htmlFor: "new-password-again" }, text.again),
      second,
    ],
    async apply(chosen) {
      if (!first.value && !second.value) return false;
      await page.core.call("checkNewPassword", first.value, minCharacters, minKinds);
      if (first.value !== second.value) throw { code: "passwords_differ" };
      await page.core.call("changePassword", chosen.index, first.value);
      return true;
    },
  };
}

/** Another password for a certificate where it lies, or as a download where the browser cannot write. */
export function newPasswordScreen(chosen: Chosen): Screen {
  return (page) => {
    const text = page.text.newPassword;
    const { fields, apply } = newPassword(page);
    const mistake = element("div");
    const save = element("button", { type: "submit", className: "primary" }, text.save);
    const form = element(
      "form", { noValidate: true }, ...fields, mistake,
      element("div", { className: "actions" }, button(page.text.back, () => page.begin(page.way)), save),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (save.disabled) return;
      save.disabled = true;
      mistake.replaceChildren();
      try {
        if (!(await apply(chosen))) throw { code: "password_too_short" };
        page.show(changedScreen(await store(page, chosen)));
      } catch (error) {
        save.disabled = false;
        mistake.replaceChildren(alert(page, codeOf(error)));
        document.getElementById("new-password")?.focus();
      }
    });
    return frame(page, 3, text.title, subject(page, chosen.name, chosen.details), form);
  };
}

/** Whether the files lie where they lay; else they are a download. */
async function store(page: Page, chosen: Chosen): Promise<boolean> {
  const files = await page.core.call("files", chosen.index);
  const writable = chosen.files.length === files.length && chosen.files.every((file) => file.handle && file.remove);
  const permitted = writable && (await chosen.files[0]?.remove?.permit());
  if (!permitted) {
    download(files, "certificate.zip");
    return false;
  }
  for (const found of chosen.files) {
    const name = found.path.split("/").pop()?.toLowerCase();
    const changed = files.find((file) => file.path.split("/").pop()?.toLowerCase() === name);
    if (found.handle && changed) await overwrite(found.handle, changed.bytes);
  }
  return true;
}

function changedScreen(inPlace: boolean): Screen {
  return (page) => {
    const text = page.text.newPassword;
    const actions = element("div", { className: "actions" }, button(page.text.result.another, () => page.restart(), "primary"));
    return frame(page, 4, inPlace ? text.changed : text.downloaded, actions);
  };
}
