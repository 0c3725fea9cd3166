import type { Opening, Transfer } from "../core";
import { clock, isAnnounced } from "../countdown";
import { button, element } from "../dom";
import type { Chosen, Screen } from "../screen";
import { frame } from "./frame";

const QUIET_ZONE = 4;
/** Device pixels a module, so that a phone across the desk reads it. */
const MODULE_PIXELS = 8;

/** P3: the QR, and how long it lasts; `expiresIn` is not known before the relay has answered. */
export function connectScreen(transfer: Transfer, chosen: Chosen, expiresIn: number | "expired" | undefined): Screen {
  const ends = typeof expiresIn === "number" ? Date.now() + expiresIn * 1000 : undefined;
  const picture = draw(transfer.opening);
  let large = false;
  return (page) => {
    const text = page.text.connect;
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", text.qr);
    const card = element("div", { className: "card" }, picture);
    if (expiresIn === "expired") {
      picture.classList.add("blurred");
      const gone = element("p", { className: "alert" }, text.expired);
      gone.setAttribute("role", "alert");
      const actions = element("div", { className: "actions" }, button(text.renew, () => void page.connect(chosen), "primary"));
      return frame(page, 3, text.title, element("div", { className: "connect" }, card, element("div", {}, gone, actions)));
    }
    const left = element("p", { className: "left" }, text.opening);
    if (ends) {
      let before = Infinity;
      const tick = () => {
        const seconds = (ends - Date.now()) / 1000;
        const { minutes, seconds: rest } = clock(seconds);
        left.textContent = text.left(minutes, rest);
        if (before !== Infinity && isAnnounced(before, seconds)) page.announce(left.textContent);
        before = seconds;
      };
      tick();
      const timer = setInterval(tick, 1_000);
      page.onLeave(() => clearInterval(timer));
    }
    const copy = button(text.copy, () => {
      const copied = () => page.announce((copy.textContent = text.copied));
      navigator.clipboard.writeText(transfer.opening.pairingCode).then(copied, () => undefined);
    });
    const typed = element(
      "details", {},
      element("summary", {}, text.code),
      element("code", { id: "pairing-code" }, transfer.opening.pairingCode),
      copy,
    );
    const size = button("", () => {
      large = !large;
      resize();
      if (large) card.scrollIntoView({ block: "center" });
    });
    const both = element(
      "div", { className: "connect" },
      card,
      element(
        "div", {},
        left,
        element("ol", { className: "how" }, ...text.how.map((step) => element("li", {}, step))),
        typed,
        element("div", { className: "actions" }, button(page.text.back, () => page.leaveConnection(transfer)), size),
      ),
    );
    const resize = () => {
      both.classList.toggle("large", large);
      size.textContent = large ? text.smaller : text.larger;
    };
    resize();
    return frame(page, 3, text.title, both);
  };
}

function draw({ width, modules }: Opening): HTMLCanvasElement {
  const side = (width + 2 * QUIET_ZONE) * MODULE_PIXELS;
  const canvas = element("canvas", { width: side, height: side, className: "qr" });
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, side, side);
  context.fillStyle = "#000";
  modules.forEach((dark, at) => {
    const x = (at % width) + QUIET_ZONE;
    const y = Math.floor(at / width) + QUIET_ZONE;
    if (dark) context.fillRect(x * MODULE_PIXELS, y * MODULE_PIXELS, MODULE_PIXELS, MODULE_PIXELS);
  });
  return canvas;
}
