import type { Core, Details, Farewell, Found, Report, Summary, TransferEvent } from "./core";
import type { FoundFile, Gathered } from "./folder";
import type { Person } from "./person";
import type { Refusal, Remark } from "./remark";
import type { Settings } from "./settings";
import type { Texts } from "./texts";
import type { Way } from "./way";

/** What the person has chosen, once the password was right. */
export interface Chosen {
  index: number;
  name: string;
  short: string;
  fingerprint: string;
  details?: Details;
  report: Report;
  files: FoundFile[];
}

/** A screen, drawn by a function so that a change of language can draw it again. */
export type Screen = (page: Page) => Node[];

/** What a screen can ask of the page that shows it. */
export interface Page {
  readonly text: Texts;
  readonly core: Core;
  readonly settings: Settings;
  /** What the relay has said of the latest failure. */
  readonly remark: Remark;
  /** Who is logged in, where people do. */
  readonly person?: Person;
  readonly way: Way;
  /** Until when what the person has said of who they are is good for another transfer, in milliseconds. */
  identifiedUntil?: number;
  /** Whether nothing may be left on this PC. */
  shared: boolean;
  readonly found?: Found;
  readonly gathered?: Gathered;
  /** Shows another screen, from its heading on, or from what has to be typed again. */
  show(screen: Screen): void;
  /** Draws what is shown again; what was typed and where the focus was stay. */
  redraw(): void;
  /** Runs when the screen goes, for its timers. */
  onLeave(stop: () => void): void;
  /** Says what no heading says, once. */
  announce(message: string): void;
  /** What a stable code means to the person. */
  error(code: string): string;
  begin(way: Way): void;
  use(gathered: Gathered): Promise<void>;
  /** What the person has chosen, the password given; throws `{code}` when it is wrong. */
  open(summary: Summary, password: string): Promise<Chosen>;
  /** Hears of a transfer until it ends; while it is `guarded`, leaving the page asks first. */
  watch(transfer: number, farewell: Farewell | undefined, hear: (event: TransferEvent) => void): void;
  guard(guarded: boolean): void;
  /** Hears no more of the transfer that is watched. */
  unwatch(): void;
  /** Says which rule of the agency forbids what was to be done. */
  refuse(refusal: Refusal): void;
  showDevices(): void;
  showDesk(): void;
  logOut(): Promise<void>;
  restart(): void;
}

/** How this PC calls itself on the other device. */
export function platform(): string {
  return navigator.userAgent.includes("Windows") ? "Windows" : "PC";
}
