import { Core, type Found, type PasswordResult, type Summary, Transfer, type TransferEvent } from "./core";
import { element } from "./dom";
import { type Gathered, deleteAll } from "./folder";
import { sayFarewell } from "./relay";
import type { Chosen, Page, Screen } from "./screen";
import { chooseScreen } from "./screens/choose";
import { codeScreen } from "./screens/code";
import { connectScreen } from "./screens/connect";
import { doneScreen, resultScreen } from "./screens/done";
import { messageScreen, startScreen, transferScreen } from "./screens/simple";
import { passwordScreen } from "./screens/password";
import { codeOf } from "./thrown";
import { type Texts, texts } from "./texts";

/** The one page: what is chosen, what runs, and which screen shows it. */
export class OnePage implements Page {
  found?: Found;
  gathered?: Gathered;
  private core?: Core;
  private transfer?: Transfer;
  /** The phone that has joined, so that leaving would lose something. */
  private peer: string | undefined;
  private screen: Screen = startScreen;
  private stopScreen: (() => void) | undefined;

  constructor(public text: Texts) {}

  start(): void {
    document.getElementById("language")?.addEventListener("click", () => {
      this.text = this.text.lang === "ko" ? texts.en : texts.ko;
      this.redraw();
    });
    addEventListener("beforeunload", (event) => {
      if (this.peer !== undefined) event.preventDefault();
    });
    addEventListener("pagehide", () => {
      const farewell = this.transfer?.opening.farewell;
      if (farewell) sayFarewell(farewell);
    });
    // A dropped folder outside the page's own place would replace the page.
    for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
    if (!isSecureContext) this.screen = messageScreen("insecure_origin");
    else if (typeof WebAssembly === "undefined") this.screen = messageScreen("no_webassembly");
    else this.core = new Core();
    this.draw();
  }

  /** Shows another screen, from its heading on, or from what has to be typed again. */
  show(screen: Screen): void {
    this.screen = screen;
    this.draw();
    scrollTo(0, 0);
    const first = document.querySelector<HTMLElement>("main [aria-invalid]") ?? document.getElementById("title");
    first?.focus({ preventScroll: true });
  }

  /** Runs when the screen goes, for its timers. */
  onLeave(stop: () => void): void {
    this.stopScreen = stop;
  }

  /** Says what no heading says, once. */
  announce(message: string): void {
    const status = document.getElementById("status");
    if (status) status.textContent = message;
  }

  error(code: string): string {
    return this.text.errors[code] ?? this.text.errors["other"] ?? code;
  }

  async use(gathered: Gathered): Promise<void> {
    if (!this.core) return;
    try {
      this.found = await this.core.call(
        "find",
        gathered.files.map((file) => file.path),
        gathered.files.map((file) => file.bytes),
      );
      this.gathered = gathered;
      this.show(chooseScreen);
    } catch (error) {
      this.show(messageScreen(codeOf(error)));
    }
  }

  choose(summary: Summary): void {
    this.show(passwordScreen(summary));
  }

  /** Checks a password; yields the code of what is wrong with it. */
  async checkPassword(summary: Summary, password: string): Promise<string | undefined> {
    if (!this.core) return "page_incomplete";
    let result: PasswordResult;
    try {
      result = await this.core.call("checkPassword", summary.index, password);
    } catch (error) {
      return codeOf(error);
    }
    const details = result.details ?? summary.details;
    const files = (this.gathered?.files ?? []).filter((file) => summary.sources.includes(file.path));
    const name = details?.name ?? summary.sources[0] ?? "";
    await this.connect({ index: summary.index, name, short: summary.short, files, ...(details && { details }) });
    return undefined;
  }

  /** Makes a QR and runs the transfer behind it. */
  async connect(chosen: Chosen): Promise<void> {
    if (!this.core) return;
    try {
      const platform = navigator.userAgent.includes("Windows") ? "Windows" : "PC";
      const transfer = new Transfer(this.core, await this.core.call("give", chosen.index, "PC", platform));
      this.transfer = transfer;
      this.core.listen(transfer.opening.transfer, (event) => this.hear(event, transfer, chosen));
      this.show(connectScreen(transfer, chosen, undefined));
    } catch (error) {
      this.show(messageScreen(codeOf(error), chosen));
    }
  }

  /** Goes back from the QR to the certificates. */
  leaveConnection(transfer: Transfer): void {
    this.end(transfer);
    transfer.cancel();
    this.show(chooseScreen);
  }

  private hear(event: TransferEvent, transfer: Transfer, chosen: Chosen): void {
    if (this.transfer !== transfer) return;
    switch (event.type) {
      case "open":
        this.screen = connectScreen(transfer, chosen, event.expiresIn);
        return this.redraw();
      case "joined":
        this.peer = event.name || event.platform;
        return this.show(codeScreen(transfer, this.peer, undefined));
      case "wrongCode":
        return this.show(codeScreen(transfer, this.peer, event.triesLeft));
      case "sending":
        return this.show(transferScreen);
      case "received":
        return this.show(doneScreen(transfer, chosen, event.signed));
      case "reconnecting":
        return this.showConnection(this.text.reconnecting);
      case "reconnected":
        return this.showConnection("");
      case "ended":
        return this.end(transfer);
      case "failed":
        this.end(transfer);
        return this.show(
          event.code === "expired_before_join" ? connectScreen(transfer, chosen, "expired") : messageScreen(event.code, chosen),
        );
    }
  }

  private end(transfer: Transfer): void {
    if (this.transfer !== transfer) return;
    delete this.transfer;
    this.peer = undefined;
  }

  /** Deletes the original and tells the phone what became of it. */
  async conclude(transfer: Transfer, chosen: Chosen, remove: boolean): Promise<void> {
    if (!remove) {
      transfer.conclude(false);
      return this.show(resultScreen(undefined));
    }
    const deletion = await deleteAll(chosen.files);
    transfer.conclude(deletion.outcome === "deleted");
    this.show(resultScreen(deletion));
  }

  restart(): void {
    void this.core?.call("clear");
    delete this.found;
    delete this.gathered;
    this.show(startScreen);
  }

  private showConnection(message: string): void {
    this.announce(message);
    document.querySelector("main > .connection")?.remove();
    if (message) document.querySelector("main")?.append(element("p", { className: "connection" }, message));
  }

  /** Draws the same screen again, where what was typed and where the focus was stay. */
  private redraw(): void {
    const typed = [...document.querySelectorAll<HTMLInputElement>("main input[id]")].map(({ id, value }) => ({ id, value }));
    const open = document.querySelector("main details[open]") !== null;
    const inMain = document.activeElement?.closest("main");
    const focused = inMain && document.activeElement?.id;
    this.draw();
    for (const { id, value } of typed) {
      const input = document.getElementById(id) as HTMLInputElement | null;
      if (input && input.type !== "checkbox") input.value = value;
    }
    if (open) document.querySelector("main details")?.setAttribute("open", "");
    if (inMain) (document.getElementById(focused || "title"))?.focus({ preventScroll: true });
  }

  private draw(): void {
    this.stopScreen?.();
    this.stopScreen = undefined;
    document.documentElement.lang = this.text.lang;
    const service = document.getElementById("service");
    if (service) service.textContent = this.text.service;
    const language = document.getElementById("language");
    if (language) {
      language.textContent = this.text.otherLanguage;
      language.lang = this.text.lang === "ko" ? "en" : "ko";
    }
    this.announce("");
    document.getElementById("screen")?.replaceChildren(...this.screen(this));
    const heading = document.querySelector("main h1")?.textContent;
    document.title = heading ? `${heading} - ${this.text.service}` : this.text.service;
  }
}
