// What keeps people from using a screen, as far as a machine can see.
import assert from "node:assert/strict";
import { AxeBuilder } from "@axe-core/playwright";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** A desktop, a narrow window, and a desktop at 200 %. */
const WINDOWS = [{ width: 1280, height: 900 }, { width: 360, height: 740 }, { width: 640, height: 450 }];

/** The focus is where it should be, nothing scrolls sideways, and both themes pass every rule. */
export async function inspect(page, screen, focused = "title") {
  assert.equal(await page.evaluate(() => document.activeElement?.id), focused, `${screen}: focus`);
  for (const window of WINDOWS) {
    await page.setViewportSize(window);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(sideways <= 0, `${screen}, ${window.width} px: scrolls sideways`);
  }
  for (const [colorScheme, window] of [["dark", WINDOWS[1]], ["light", WINDOWS[0]]]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(window);
    const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
    assert.deepEqual(found, [], `${screen}, ${colorScheme}`);
  }
}
