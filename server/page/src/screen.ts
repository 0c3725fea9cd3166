import type { Certificates, Details, Giving, Summary } from "./core";
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
  readonly certificates?: Certificates;
  readonly gathered?: Gathered;
  show(screen: Screen): void;
  /** Runs when the screen goes, for its timers. */
  onLeave(stop: () => void): void;
  announce(message: string): void;
  /** What a stable code means to the person. */
  error(code: string): string;
  use(gathered: Gathered): Promise<void>;
  choose(summary: Summary): void;
  /** Yields the code of what is wrong with the password. */
  checkPassword(summary: Summary, password: string): string | undefined;
  connect(chosen: Chosen): void;
  conclude(giving: Giving, chosen: Chosen, remove: boolean): Promise<void>;
  restart(): void;
}
