import type { Details, Found, Summary, Transfer } from "./core";
import type { FoundFile, Gathered } from "./folder";
import type { Texts } from "./texts";

/** What the person has chosen, once the password was right. */
export interface Chosen {
  index: number;
  name: string;
  short: string;
  details?: Details;
  files: FoundFile[];
}

/** A screen, drawn by a function so that a change of language can draw it again. */
export type Screen = (page: Page) => Node[];

/** What a screen can ask of the page that shows it. */
export interface Page {
  readonly text: Texts;
  readonly found?: Found;
  readonly gathered?: Gathered;
  /** Shows another screen, from its heading on, or from what has to be typed again. */
  show(screen: Screen): void;
  /** Runs when the screen goes, for its timers. */
  onLeave(stop: () => void): void;
  /** Says what no heading says, once. */
  announce(message: string): void;
  /** What a stable code means to the person. */
  error(code: string): string;
  use(gathered: Gathered): Promise<void>;
  choose(summary: Summary): void;
  /** Yields the code of what is wrong with the password. */
  checkPassword(summary: Summary, password: string): Promise<string | undefined>;
  connect(chosen: Chosen): Promise<void>;
  /** Goes back from the QR to the certificates. */
  leaveConnection(transfer: Transfer): void;
  conclude(transfer: Transfer, chosen: Chosen, remove: boolean): Promise<void>;
  restart(): void;
}
