import { Certificates, Giving, type GivingEvent, type PasswordResult, type Summary, codeOf, load, now } from "./core";
import { element } from "./dom";
import { type Gathered, deleteAll } from "./folder";
import { pause, sayFarewell, send } from "./relay";
import type { Chosen, Page, Screen } from "./screen";
import { chooseScreen } from "./screens/choose";
import { codeScreen } from "./screens/code";
import { connectScreen } from "./screens/connect";
import { doneScreen, resultScreen } from "./screens/done";
import { messageScreen, startScreen, transferScreen } from "./screens/simple";
import { passwordScreen } from "./screens/password";
import { type Texts, texts } from "./texts";

/** The one page: what is chosen, what runs, and which screen shows it. */
export class OnePage implements Page {
  certificates?: Certificates;
  gathered?: Gathered;
  private giving?: Giving;
  private peer: string | undefined;
  private screen: Screen = startScreen;
  private stopScreen: (() => void) | undefined;

  constructor(public text: Texts) {}

  start(): void {
    document.getElementById("language")?.addEventListener("click", () => {
      this.text = this.text.lang === "ko" ? texts.en : texts.ko;
      this.draw();
    });
    addEventListener("beforeunload", (event) => {
      if (this.giving) event.preventDefault();
    });
    addEventListener("pagehide", () => {
      const farewell = this.giving?.farewell() as { path: string; authorization: string } | undefined;
      if (farewell) sayFarewell(farewell);
    });
    // A dropped folder outside the page's own place would replace the page.
    for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
    this.draw();
  }

  show(screen: Screen): void {
    this.screen = screen;
    this.draw();
    document.querySelector<HTMLElement>("main h1")?.focus();
  }

  /** Runs when the screen goes, for its timers. */
  onLeave(stop: () => void): void {
    this.stopScreen = stop;
  }

  announce(message: string): void {
    const status = document.getElementById("status");
    if (status) status.textContent = message;
  }

  error(code: string): string {
    return this.text.errors[code] ?? this.text.errors["other"] ?? code;
  }

  async use(gathered: Gathered): Promise<void> {
    await load();
    this.gathered = gathered;
    this.certificates?.free();
    this.certificates = new Certificates(
      gathered.files.map((file) => file.path),
      gathered.files.map((file) => file.bytes),
    );
    this.show(chooseScreen);
  }

  choose(summary: Summary): void {
    this.show(passwordScreen(summary));
  }

  /** Checks a password; yields the code of what is wrong with it. */
  checkPassword(summary: Summary, password: string): string | undefined {
    try {
      const result = this.certificates?.checkPassword(summary.index, password, now()) as PasswordResult;
      const details = result.details ?? summary.details;
      const files = (this.gathered?.files ?? []).filter((file) => summary.sources.includes(file.path));
      const name = details?.name ?? summary.sources[0] ?? "";
      const chosen: Chosen = { index: summary.index, name, short: summary.short, files, ...(details && { details }) };
      this.connect(chosen);
      return undefined;
    } catch (error) {
      return codeOf(error);
    }
  }

  /** Makes a QR and runs the transfer behind it. */
  connect(chosen: Chosen): void {
    if (!this.certificates) return;
    let giving: Giving;
    try {
      giving = new Giving(location.origin, this.certificates, chosen.index, "PC", navigator.userAgent.includes("Windows") ? "Windows" : "PC");
    } catch (error) {
      this.show(messageScreen(codeOf(error)));
      return;
    }
    this.giving = giving;
    this.show(connectScreen(giving, chosen, undefined));
    const onEvent = (event: GivingEvent) => this.hear(event, giving, chosen);
    giving.run(send, pause, onEvent).then(
      () => this.forget(giving),
      (error: unknown) => {
        this.forget(giving);
        const code = codeOf(error);
        this.show(code === "expired_before_join" ? connectScreen(giving, chosen, "expired") : messageScreen(code));
      },
    );
  }

  private forget(giving: Giving): void {
    if (this.giving === giving) delete this.giving;
  }

  private hear(event: GivingEvent, giving: Giving, chosen: Chosen): void {
    switch (event.type) {
      case "open":
        return this.show(connectScreen(giving, chosen, event.expiresIn));
      case "joined":
        this.peer = event.name || event.platform;
        return this.show(codeScreen(giving, this.peer, undefined));
      case "wrongCode":
        return this.show(codeScreen(giving, this.peer, event.triesLeft));
      case "sending":
        return this.show(transferScreen);
      case "received":
        return this.show(doneScreen(giving, chosen, event.signed));
      case "reconnecting":
        return this.announceAloud(this.text.reconnecting);
      case "reconnected":
        return this.announceAloud("");
    }
  }

  /** Deletes the original and tells the phone what became of it. */
  async conclude(giving: Giving, chosen: Chosen, remove: boolean): Promise<void> {
    if (!remove) {
      giving.conclude(false);
      return this.show(resultScreen(undefined));
    }
    const deletion = await deleteAll(chosen.files);
    giving.conclude(deletion.outcome === "deleted");
    this.show(resultScreen(deletion));
  }

  restart(): void {
    this.certificates?.free();
    delete this.certificates;
    delete this.gathered;
    this.show(startScreen);
  }

  private announceAloud(message: string): void {
    this.announce(message);
    document.querySelector("main > .connection")?.remove();
    if (message) document.querySelector("main")?.append(element("p", { className: "connection" }, message));
  }

  private draw(): void {
    this.stopScreen?.();
    this.stopScreen = undefined;
    document.documentElement.lang = this.text.lang;
    document.title = this.text.service;
    const service = document.getElementById("service");
    if (service) service.textContent = this.text.service;
    const language = document.getElementById("language");
    if (language) {
      language.textContent = this.text.otherLanguage;
      language.lang = this.text.lang === "ko" ? "en" : "ko";
    }
    document.getElementById("screen")?.replaceChildren(...this.screen(this));
  }
}
