import { element } from "../dom";
import type { Page } from "../screen";

/** The heading, which takes the focus when its screen comes. */
export function heading(title: string): HTMLElement {
  return element("h1", { id: "title", tabIndex: -1 }, title);
}

/** The steps of the way, with the one that is under way; then the heading and what it is about. */
export function frame(page: Page, at: 1 | 2 | 3 | 4, title: string, ...content: Node[]): Node[] {
  const names = page.text.steps[page.way];
  const steps = names.map((name, index) => {
    const done = index + 1 < at;
    const item = element(
      "li", { className: done ? "done" : "" },
      element("span", { className: "number" }, done ? `✓ ` : `${index + 1} / ${names.length} `, done && element("span", { className: "visually-hidden" }, page.text.finished)),
      name,
    );
    if (index + 1 === at) item.setAttribute("aria-current", "step");
    return item;
  });
  const list = element("ol", { className: "steps" }, ...steps);
  // Without bullets Safari takes it for no list.
  list.setAttribute("role", "list");
  return [list, heading(title), ...content];
}
