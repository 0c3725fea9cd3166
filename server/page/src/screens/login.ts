import { button, element } from "../dom";
import type { Page, Screen } from "../screen";
import { heading } from "./frame";
import { alert } from "./simple";

/** Nothing can be done before the person has logged in; `failed` is the code of a login that came to nothing. */
export function loginScreen(failed?: string): Screen {
  return (page) => {
    const { title, lead, logIn } = page.text.login;
    const providers = page.settings.login?.providers ?? [];
    const buttons = providers.map(({ id, name }) =>
      button(logIn(name?.[page.text.lang] ?? (providers.length > 1 ? id : undefined)), () => location.assign(`/login/${id}`), "primary"));
    return [
      heading(title),
      element("p", { className: "lead" }, lead),
      ...(failed ? [alert(page, failed)] : []),
      element("div", { className: "actions" }, ...buttons),
    ];
  };
}

/** Who is logged in, and what they can do about it. */
export function whoIsLoggedIn(page: Page): Node[] {
  const { person, text } = page;
  if (!person) return [];
  const { loggedInAs, logOut, devices, desk } = text.login;
  return [
    element("p", { className: "note", id: "person" }, loggedInAs(person.name ?? "")),
    element(
      "div", { className: "actions" },
      button(devices, () => page.showDevices()),
      person.isAdmin && button(desk, () => page.showDesk()),
      button(logOut, () => void page.logOut()),
    ),
  ];
}
