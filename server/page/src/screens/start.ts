import { button, element } from "../dom";
import type { Page } from "../screen";
import type { Way } from "../way";
import { heading } from "./frame";

/** P0: what this is, and what one can do here. */
export function startScreen(page: Page): Node[] {
  const text = page.text.start;
  const ways: Way[] = ["phone", "bring", "copy", ...(page.settings.deposit ? (["deposit"] as const) : [])];
  const list = element("ul", { className: "ways" }, ...ways.map((way) => element("li", {}, wayButton(page, way))));
  list.setAttribute("role", "list");
  const others: Way[] = [...(page.settings.deposit ? (["fetch"] as const) : []), "passwd"];
  const shared = element("input", { type: "checkbox", id: "shared", checked: page.shared });
  shared.addEventListener("change", () => {
    page.shared = shared.checked;
    page.redraw();
  });
  return [
    heading(text.title),
    element("p", { className: "lead" }, text.lead),
    ...agency(page),
    list,
    element("div", { className: "actions" }, ...others.map((way) => button(text.ways[way].name, () => page.begin(way)))),
    element("label", { htmlFor: "shared", className: "inline" }, shared, text.shared),
    element("p", { className: "note" }, page.shared ? text.sharedNote : text.ownNote),
  ];
}

/** Whose rules hold, and what the agency says. */
function agency({ settings, text }: Page): Node[] {
  const name = settings.agency && element("p", { className: "note", id: "agency" }, settings.agency.name[text.lang]);
  const says = settings.text && element("p", { id: "agency-text" }, settings.text[text.lang]);
  return [name, says].filter((it) => it !== undefined);
}

function wayButton(page: Page, way: Way): HTMLElement {
  const { name, about } = page.text.start.ways[way];
  const made = button("", () => page.begin(way), "way");
  made.append(element("strong", {}, name), " ", element("span", { className: "facts" }, about));
  return made;
}
