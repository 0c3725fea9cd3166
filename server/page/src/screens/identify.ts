import { button, element } from "../dom";
import { listenFor } from "../handover";
import { type Answer, type Channel, type Login, addressed, conclude, endOf, prepare } from "../issuer";
import { forgetIssuer, knownIssuer, rememberIssuer } from "../known_issuer";
import type { Page, Screen } from "../screen";
import { codeOf } from "../thrown";
import { frame } from "./frame";
import { alert } from "./simple";

/** For how long a QR waits, in milliseconds: a token should not end before it does. */
const QR_LASTS = 180_000;

/** The clients that count at the provider by which the person is logged in; none where devices prove nothing. */
function channelOf({ settings, person }: Page): Channel | undefined {
  const provider = settings.login?.providers.find(({ id }) => id === person?.provider);
  if (!provider?.channel) return undefined;
  const { pageClientId, appClientIds } = provider.channel;
  return { issuer: provider.issuer, clientId: pageClientId, audiences: [pageClientId, ...appClientIds] };
}

/** Whether the person has to say who they are before anything is moved, or to hear that nobody asks any more. */
export function isUnidentified(page: Page): boolean {
  if (!channelOf(page)) return knownIssuer() !== undefined;
  return Date.now() >= (page.identifiedUntil ?? 0);
}

/** The person says at their provider who they are, so that certificates go to and from their own devices only. */
export function identifyScreen(next: () => void): Screen {
  let at: "new" | "preparing" | "ready" | "waiting" | "checking" | "failed" = "new";
  let failed: string | undefined;
  let login: Login | undefined;
  let stop = (): void => undefined;
  let isShown = false;

  const fail = (page: Page, code: string): void => {
    failed = code;
    if (isShown) void begin(page);
  };
  const begin = async (page: Page): Promise<void> => {
    const channel = channelOf(page);
    if (!channel) return page.restart();
    at = "preparing";
    page.redraw();
    try {
      const prepared = await prepare(channel, await page.core.call("drawIdentity"));
      if (!isShown) return;
      stop = listenFor(prepared.state, (answer) => void check(page, channel, prepared, answer));
      login = prepared;
      at = "ready";
    } catch (error) {
      failed = codeOf(error);
      at = "failed";
    }
    if (isShown) page.redraw();
  };
  const check = async (page: Page, channel: Channel, prepared: Login, answer: Answer): Promise<void> => {
    at = "checking";
    failed = undefined;
    page.redraw();
    try {
      const { token, jwks } = await conclude(prepared, answer, channel);
      await page.core.call("identify", token, channel.issuer, channel.audiences, jwks);
      const [now, end] = [Date.now(), endOf(token)];
      // A token that lives shorter than a QR is good for what is begun now.
      page.identifiedUntil = Math.max(end - QR_LASTS, now + (end - now) / 2, now + 10_000);
      if (!page.shared) rememberIssuer(channel.issuer);
      if (isShown) next();
    } catch (error) {
      fail(page, codeOf(error));
    }
  };
  const open = (page: Page): void => {
    if (!login) return;
    const opened = window.open(login.address, "_blank", "popup,width=520,height=720");
    failed = opened ? undefined : "window_blocked";
    at = opened ? "waiting" : "ready";
    page.redraw();
  };

  return (page) => {
    isShown = true;
    page.onLeave(() => {
      isShown = false;
      // It is drawn again at once, or gone.
      queueMicrotask(() => !isShown && stop());
    });
    const channel = channelOf(page);
    if (!channel) return nobodyAsks(page, next);
    if (at === "new") {
      at = "preparing";
      queueMicrotask(() => void begin(page));
    }
    const text = page.text.identify;
    const host = hostOf(channel.issuer);
    const before = knownIssuer();
    const said = { new: "", ready: "", failed: "", preparing: text.preparing, waiting: text.waiting, checking: text.checking }[at];
    const retry = () => void begin(page);
    const go = {
      ready: () => button(text.go, () => open(page), "primary"),
      waiting: () => button(text.reopen, () => open(page)),
      failed: () => button(page.text.again, retry, "primary"),
      new: undefined, preparing: undefined, checking: undefined,
    }[at]?.();
    if (go) go.id = "identify";
    const isChanged = before !== undefined && before !== channel.issuer;
    return frame(
      page, page.way === "bring" ? 1 : 3, text.title,
      element("p", { className: "lead" }, text.lead(host)),
      ...(isChanged ? [warning(text.changed(hostOf(before), host))] : []),
      element("p", {}, text.how(host)),
      ...(failed ? [alert(page, failed)] : []),
      ...(said ? [waitingFor(said)] : []),
      element("div", { className: "actions" }, button(page.text.back, () => back(page)), go),
      ...(page.shared ? [] : [element("p", { className: "note" }, text.remembered(host))]),
    );
  };
}

/** A relay that asked who the person is, and does not any more. */
function nobodyAsks(page: Page, next: () => void): Node[] {
  const text = page.text.identify;
  const goOn = () => {
    forgetIssuer();
    next();
  };
  return frame(
    page, page.way === "bring" ? 1 : 3, text.title,
    warning(text.gone(hostOf(knownIssuer() ?? ""))),
    element("div", { className: "actions" }, button(page.text.back, () => back(page), "primary"), button(text.goOn, goOn)),
  );
}

function back(page: Page): void {
  if (page.way === "bring") page.restart();
  else page.begin(page.way);
}

function warning(text: string): HTMLElement {
  const made = element("div", { className: "alert", id: "issuer-warning" }, element("p", {}, text));
  made.setAttribute("role", "alert");
  return made;
}

function waitingFor(text: string): HTMLElement {
  const made = element("p", { className: "connection" }, text);
  made.setAttribute("role", "status");
  return made;
}

function hostOf(issuer: string): string {
  return addressed(issuer)?.host ?? issuer;
}
