import type { Giving } from "../core";
import { clock, isAnnounced } from "../countdown";
import { button, element } from "../dom";
import type { Chosen, Screen } from "../screen";
import { frame } from "./frame";

const QUIET_ZONE = 4;
/** Device pixels a module, so that a phone across the desk reads it. */
const MODULE_PIXELS = 8;

/** P3: the QR, and how long it lasts; `expiresIn` is not known before the relay has answered. */
export function connectScreen(giving: Giving, chosen: Chosen, expiresIn: number | "expired" | undefined): Screen {
  const ends = typeof expiresIn === "number" ? Date.now() + expiresIn * 1000 : undefined;
  const picture = draw(giving);
  const code = giving.pairingCode;
  return (page) => {
    const text = page.text.connect;
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", text.qr);
    if (expiresIn === "expired") {
      picture.classList.add("blurred");
      const gone = element("p", { className: "alert" }, text.expired);
      gone.setAttribute("role", "alert");
      const renew = button(text.renew, () => page.connect(chosen), "primary");
      return frame(page, 3, text.title, element("div", { className: "card" }, picture), gone, renew);
    }
    const left = element("p", { className: "left" });
    if (ends) {
      let before = Infinity;
      const tick = () => {
        const seconds = (ends - Date.now()) / 1000;
        const { minutes, seconds: rest } = clock(seconds);
        left.textContent = text.left(minutes, rest);
        if (isAnnounced(before, seconds)) page.announce(left.textContent);
        before = seconds;
      };
      tick();
      const timer = setInterval(tick, 1_000);
      page.onLeave(() => clearInterval(timer));
    }
    const card = element("div", { className: "card" }, picture);
    const copy = button(text.copy, () => {
      void navigator.clipboard.writeText(code).then(() => (copy.textContent = text.copied));
    });
    const typed = element(
      "details", {},
      element("summary", {}, text.code),
      element("code", { id: "pairing-code" }, code),
      copy,
    );
    const larger = button(text.larger, () => card.classList.toggle("large"));
    return frame(page, 3, text.title, card, left, larger, typed, button(page.text.back, () => giving.cancel()));
  };
}

function draw(giving: Giving): HTMLCanvasElement {
  const side = giving.width + 2 * QUIET_ZONE;
  const canvas = element("canvas", { width: side * MODULE_PIXELS, height: side * MODULE_PIXELS, className: "qr" });
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000";
  for (let y = 0; y < giving.width; y += 1) {
    for (let x = 0; x < giving.width; x += 1) {
      if (giving.isDark(x, y)) {
        context.fillRect((x + QUIET_ZONE) * MODULE_PIXELS, (y + QUIET_ZONE) * MODULE_PIXELS, MODULE_PIXELS, MODULE_PIXELS);
      }
    }
  }
  return canvas;
}
