import { element } from "../dom";
import type { Page } from "../screen";

/** The steps, with the one that is under way; then the heading, which takes the focus. */
export function frame(page: Page, at: 1 | 2 | 3 | 4, title: string, ...content: Node[]): Node[] {
  const steps = page.text.steps.map((name, index) => {
    const item = element("li", {}, name);
    if (index + 1 === at) item.setAttribute("aria-current", "step");
    return item;
  });
  const list = element("ol", { className: "steps" }, ...steps);
  return [list, element("h1", { tabIndex: -1 }, title), ...content];
}
