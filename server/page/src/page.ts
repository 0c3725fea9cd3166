import { Core, type Farewell, type Found, type Summary, type TransferEvent } from "./core";
import { element } from "./dom";
import type { Gathered } from "./folder";
import { type Person, logOut, readPerson, takeLoginFailure } from "./person";
import { sayFarewell } from "./relay";
import type { Refusal, Remark } from "./remark";
import type { Chosen, Page, Screen } from "./screen";
import { chooseScreen } from "./screens/choose";
import { depositScreen } from "./screens/deposit";
import { deskScreen } from "./screens/desk";
import { showDevices } from "./screens/devices";
import { loginScreen } from "./screens/login";
import { endScreen, messageScreen, refusedScreen } from "./screens/simple";
import { startScreen } from "./screens/start";
import { refusedCertificate, refusedWay } from "./rules";
import { type Settings, readSettings } from "./settings";
import { type Texts, texts } from "./texts";
import { codeOf } from "./thrown";
import type { Way } from "./way";
import { bring } from "./ways/receive";

/** The one page: what is chosen, what runs, and which screen shows it. */
export class OnePage implements Page {
  core!: Core;
  settings!: Settings;
  way: Way = "phone";
  shared = false;
  person?: Person;
  identifiedUntil?: number;
  found?: Found;
  gathered?: Gathered;
  /** Why the person may not do what was chosen. */
  private refused: Remark | undefined;
  private watched: { transfer: number; farewell: Farewell | undefined } | undefined;
  /** Whether leaving would lose something. */
  private guarded = false;
  private screen: Screen = startScreen;
  private stopScreen: (() => void) | undefined;

  constructor(public text: Texts) {}

  get remark(): Remark {
    return this.refused ?? this.core?.remark ?? {};
  }

  async start(): Promise<void> {
    document.getElementById("language")?.addEventListener("click", () => {
      this.text = this.text.lang === "ko" ? texts.en : texts.ko;
      this.redraw();
    });
    document.getElementById("end")?.addEventListener("click", () => this.finish());
    addEventListener("beforeunload", (event) => {
      if (this.guarded) event.preventDefault();
    });
    addEventListener("pagehide", () => {
      if (this.watched?.farewell) sayFarewell(this.watched.farewell);
      if (this.shared) this.core?.end();
    });
    // A dropped folder outside the page's own place would replace the page.
    for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
    const missing = !isSecureContext ? "insecure_origin" : typeof WebAssembly === "undefined" ? "no_webassembly" : undefined;
    if (missing) {
      this.screen = messageScreen(missing);
    } else {
      this.core = new Core();
      this.settings = await readSettings();
      this.shared = this.settings.sharedPc;
      this.refused = this.settings.refused;
      if (this.refused) this.screen = refusedScreen();
      else if (this.settings.login) this.screen = await this.recognise();
    }
    this.draw();
  }

  /** Finds out who is logged in, and with which screen they begin. */
  private async recognise(): Promise<Screen> {
    const failed = takeLoginFailure();
    if (failed?.reference) this.refused = { reference: failed.reference };
    delete this.person;
    try {
      const person = failed ? undefined : await readPerson();
      if (!person) return loginScreen(failed?.code);
      this.person = person;
      return startScreen;
    } catch (error) {
      return loginScreen(codeOf(error));
    }
  }

  showDevices(): void {
    void showDevices(this);
  }

  showDesk(): void {
    this.show(deskScreen());
  }

  async logOut(): Promise<void> {
    try {
      await logOut();
      delete this.person;
      this.unwatch();
      await this.forgetIdentity();
      await this.core.call("clear");
      // Other rules may hold for those who are not logged in.
      this.settings = await readSettings();
      this.refused = this.settings.refused;
      this.show(this.refused ? refusedScreen() : loginScreen());
    } catch (error) {
      this.show(messageScreen(codeOf(error)));
    }
  }

  private async forgetIdentity(): Promise<void> {
    delete this.identifiedUntil;
    await this.core.call("forgetIdentity");
  }

  show(screen: Screen): void {
    this.screen = screen;
    this.draw();
    scrollTo(0, 0);
    const first = document.querySelector<HTMLElement>("main [aria-invalid]") ?? document.getElementById("title");
    first?.focus({ preventScroll: true });
  }

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

  begin(way: Way): void {
    this.way = way;
    const refusal = refusedWay(this.settings, way);
    if (refusal) return this.refuse(refusal);
    if (way === "bring") void bring(this);
    else if (way === "fetch") this.show(depositScreen);
    else this.show(chooseScreen);
  }

  async use(gathered: Gathered): Promise<void> {
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

  async open(summary: Summary, password: string): Promise<Chosen> {
    const report = await this.core.call("checkPassword", summary.index, password, this.settings.roots ?? undefined);
    const details = report.details ?? summary.details;
    const refusal = this.way === "passwd" ? undefined : refusedCertificate(this.settings, details);
    if (refusal) {
      this.core.remark = { refusal };
      throw { code: "not_allowed" };
    }
    const files = (this.gathered?.files ?? []).filter((file) => summary.sources.includes(file.path));
    const { index, short, fingerprint } = summary;
    const name = details?.name ?? summary.sources[0] ?? "";
    return { index, short, fingerprint, name, report, files, ...(details && { details }) };
  }

  /** Says which rule of the agency forbids it. */
  refuse(refusal: Refusal): void {
    this.core.remark = { refusal };
    this.show(messageScreen("not_allowed"));
  }

  watch(transfer: number, farewell: Farewell | undefined, hear: (event: TransferEvent) => void): void {
    this.watched = { transfer, farewell };
    this.core.listen(transfer, (event) => {
      if (this.watched?.transfer !== transfer) return;
      if (event.type === "reconnecting") return this.showConnection(this.text.reconnecting);
      if (event.type === "reconnected") return this.showConnection("");
      if (event.type === "ended" || event.type === "failed") this.unwatch();
      // What one end has lost faith in is not shown to another one.
      if (event.type === "failed" && event.code === "identity_invalid") void this.forgetIdentity();
      hear(event);
    });
  }

  guard(guarded: boolean): void {
    this.guarded = guarded;
  }

  unwatch(): void {
    this.watched = undefined;
    this.guarded = false;
  }

  restart(): void {
    this.unwatch();
    this.core.remark = {};
    void this.core.call("clear");
    delete this.found;
    delete this.gathered;
    this.show(this.refused?.refusal ? refusedScreen() : startScreen);
    if (!this.settings.login || this.refused?.refusal) return;
    // A session may be over meanwhile.
    void this.recognise().then((screen) => {
      if (screen !== startScreen && this.screen === startScreen) this.show(screen);
    });
  }

  /** Leaves nothing here, and says so. */
  private finish(): void {
    if (this.watched?.farewell) sayFarewell(this.watched.farewell);
    this.unwatch();
    this.core.end();
    delete this.found;
    delete this.gathered;
    history.replaceState(null, "", location.pathname);
    this.show(endScreen);
  }

  redraw(): void {
    const typed = [...document.querySelectorAll<HTMLInputElement>("main input[id]")].map(({ id, value, checked }) => ({ id, value, checked }));
    const open = [...document.querySelectorAll<HTMLDetailsElement>("main details")].map((details) => details.open);
    const inMain = document.activeElement?.closest("main");
    const focused = inMain && document.activeElement?.id;
    this.draw();
    for (const { id, value, checked } of typed) {
      const input = document.getElementById(id) as HTMLInputElement | null;
      if (!input) continue;
      if (input.type === "checkbox" || input.type === "radio") input.checked = checked;
      else input.value = value;
    }
    document.querySelectorAll<HTMLDetailsElement>("main details").forEach((details, at) => (details.open = open[at] ?? false));
    const next = document.getElementById(focused || "title") ?? document.getElementById("title");
    if (inMain) next?.focus({ preventScroll: true });
  }

  private showConnection(message: string): void {
    this.announce(message);
    document.querySelector("main > .connection")?.remove();
    if (message) document.querySelector("main")?.append(element("p", { className: "connection" }, message));
  }

  private draw(): void {
    this.stopScreen?.();
    this.stopScreen = undefined;
    document.documentElement.lang = this.text.lang;
    const put = (id: string, text: string) => {
      const node = document.getElementById(id);
      if (node) node.textContent = text;
      return node;
    };
    put("service", this.text.service);
    const language = put("language", this.text.otherLanguage);
    if (language) language.lang = this.text.lang === "ko" ? "en" : "ko";
    const end = put("end", this.text.end);
    if (end) end.hidden = !this.shared || this.screen === endScreen;
    this.announce("");
    document.getElementById("screen")?.replaceChildren(...this.screen(this));
    const heading = document.querySelector("main h1")?.textContent;
    document.title = heading ? `${heading} - ${this.text.service}` : this.text.service;
  }
}
