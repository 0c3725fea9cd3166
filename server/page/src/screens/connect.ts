import type { Opening, Qr, TransferEvent } from "../core";
import { clock, isAnnounced } from "../countdown";
import { button, element } from "../dom";
import type { Page, Screen } from "../screen";
import type { Texts } from "../texts";
import { codeOf } from "../thrown";
import { frame } from "./frame";
import { alert } from "./simple";

const QUIET_ZONE = 4;
/** Device pixels a module, so that a phone across the desk reads it. */
const MODULE_PIXELS = 8;

/** A code on the screen, and what has become of it. */
export interface Shown {
  opening: Opening;
  texts: (text: Texts) => Texts["connect"]["phone"];
  /** When it ends; not known before the relay has answered. */
  ends?: number;
  expired?: boolean;
  number?: { text: string } | { failed: string } | "asked" | "used";
  renew(): void;
  leave(): void;
  /** Takes the number of the other device instead; throws `{code}`. */
  typed?(number: string): Promise<void>;
}

/** Shows what became of a code that nobody has taken yet; whether the event was about that. */
export function awaited(page: Page, shown: Shown, event: TransferEvent): boolean {
  if (event.type === "failed" && event.code === "expired_before_join") {
    shown.expired = true;
    page.show(connectScreen(shown));
    return true;
  }
  if (event.type === "open") shown.ends = Date.now() + event.expiresIn * 1000;
  else if (event.type === "number") shown.number = { text: event.number };
  else if (event.type === "numberUsed") shown.number = "used";
  else if (event.type === "numberFailed") shown.number = { failed: event.code };
  else return false;
  page.redraw();
  return true;
}

/** P3: the QR, a number for those who cannot scan it, and how long both last. */
export function connectScreen(shown: Shown): Screen {
  const picture = draw(shown.opening.qr);
  let large = false;
  return (page) => {
    const text = page.text.connect;
    const { title, how, qr } = shown.texts(page.text);
    const at = page.way === "bring" ? 1 : 3;
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", qr);
    const card = element("div", { className: "card" }, picture);
    if (shown.expired) {
      picture.classList.add("blurred");
      const gone = element("p", { className: "alert" }, text.expired);
      gone.setAttribute("role", "alert");
      const actions = element("div", { className: "actions" }, button(text.renew, shown.renew, "primary"));
      return frame(page, at, title, element("div", { className: "connect" }, card, element("div", {}, gone, actions)));
    }
    const left = element("p", { className: "left" }, text.opening);
    if (shown.ends) page.onLeave(countDown(page, left, shown.ends));
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
        element("ol", { className: "how" }, ...how.map((step) => element("li", {}, step))),
        number(page, shown),
        element("div", { className: "actions" }, button(page.text.back, shown.leave), size),
        ...(shown.typed ? [typedNumber(page, shown.typed)] : []),
        pasted(page, shown.opening.pairingCode),
      ),
    );
    const resize = () => {
      both.classList.toggle("large", large);
      size.textContent = large ? text.smaller : text.larger;
    };
    resize();
    return frame(page, at, title, both);
  };
}

/** For people who cannot scan: twelve digits to type. */
function number(page: Page, shown: Shown): HTMLElement {
  const text = page.text.connect;
  const ask = (label: string) =>
    button(label, () => {
      shown.number = "asked";
      void page.core.call("announce", shown.opening.transfer);
      page.redraw();
    });
  const made = element("div", { className: "number-area" });
  if (shown.number === undefined) made.append(ask(text.number));
  else if (shown.number === "asked") made.append(element("p", { className: "note" }, text.opening));
  else if (shown.number === "used" || "failed" in shown.number) {
    const why = shown.number === "used" ? text.used : page.error(shown.number.failed);
    const gone = element("p", { className: "alert" }, why);
    gone.setAttribute("role", "alert");
    made.append(gone, ask(text.newNumber));
  } else {
    made.append(
      element("p", { className: "label" }, text.numberLabel),
      element("p", { className: "digits", id: "connection-number" }, shown.number.text),
      element("p", { className: "note" }, text.numberNote),
    );
  }
  return made;
}

/** For a sending device that shows a number itself, such as another PC. */
function typedNumber(page: Page, use: (number: string) => Promise<void>): HTMLElement {
  const text = page.text.connect;
  const input = element("input", { id: "number", inputMode: "numeric", autocomplete: "off", maxLength: 20 });
  const mistake = element("div");
  const form = element(
    "form", { noValidate: true },
    element("label", { htmlFor: "number" }, text.typedLabel),
    input, mistake,
    element("div", { className: "actions" }, element("button", { type: "submit" }, text.typedGo)),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    use(input.value).catch((error: unknown) => {
      mistake.replaceChildren(alert(page, codeOf(error)));
      input.setAttribute("aria-invalid", "true");
      input.focus();
    });
  });
  return element("details", {}, element("summary", {}, text.typed), form);
}

function pasted(page: Page, code: string): HTMLElement {
  const text = page.text.connect;
  const copy = button(text.copy, () => {
    const copied = () => page.announce((copy.textContent = text.copied));
    navigator.clipboard.writeText(code).then(copied, () => undefined);
  });
  return element("details", {}, element("summary", {}, text.code), element("code", { id: "pairing-code" }, code), copy);
}

function countDown(page: Page, left: HTMLElement, ends: number): () => void {
  let before = Infinity;
  const tick = () => {
    const seconds = (ends - Date.now()) / 1000;
    const { minutes, seconds: rest } = clock(seconds);
    left.textContent = page.text.connect.left(minutes, rest);
    if (before !== Infinity && isAnnounced(before, seconds)) page.announce(left.textContent);
    before = seconds;
  };
  tick();
  const timer = setInterval(tick, 1_000);
  return () => clearInterval(timer);
}

/** A QR, black on white in every theme. */
export function draw({ width, modules }: Qr): HTMLCanvasElement {
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
