import type { Report } from "../core";
import type { Way } from "../way";

/** Everything that a person reads. */
export interface Texts {
  lang: "ko" | "en";
  service: string;
  otherLanguage: string;
  steps: Record<Way, readonly [string, string, string, string]>;
  finished: string;
  start: {
    title: string; lead: string; ways: Record<Way, { name: string; about: string }>; shared: string; sharedNote: string; ownNote: string;
  };
  choose: {
    where: string; title: string; folder: string; file: string; drop: string; again: string; reading: (count: number) => string;
    none: string; list: string; expired: string; notYet: string; until: (date: string, days: number) => string; valid: string; issued: (issuer: string, use: string) => string;
    unknownFile: string; problems: string; blocked: string; limited: string; moved: (date: string) => string;
  };
  holders: Record<string, string>;
  password: { title: string; label: string; show: string; check: string; capsLock: string; hint: string; expired: (date: string) => string; change: string };
  newPassword: {
    title: string; label: string; again: string; rules: (characters: number, kinds: number) => string; strong: string; save: string; changed: string; downloaded: string;
  };
  connect: {
    phone: { title: string; how: readonly string[]; qr: string }; bring: { title: string; how: readonly string[]; qr: string };
    opening: string; left: (minutes: number, seconds: number) => string; larger: string; smaller: string; code: string; copy: string; copied: string;
    renew: string; expired: string; number: string; numberLabel: string; numberNote: string; used: string; newNumber: string; typed: string; typedLabel: string; typedGo: string;
  };
  receive: {
    title: string; lead: string; arrived: string; short: (short: string) => string; compare: string; accept: string; refuse: string; where: string; elsewhere: string;
    download: string; take: string; checkTitle: string; checkLead: string; check: string; later: string; location: string; done: string;
  };
  save: { drop: string; folder: string; replace: string };
  copy: { title: string; file: string; about: string; pfx: string; zip: string; older: string; oldPfx: string; copied: (folder: string) => string; downloaded: string };
  deposit: {
    hours: string; kept: (hours: number) => string; title: string; once: string; recovery: string; withdrawCode: string; qr: string; copy: string; print: string; until: (date: string) => string;
    waiting: string; claimed: string; withdraw: string; withdrawn: string; fetchTitle: string; fetch: string; lookTitle: string; look: string;
    status: Record<"waiting" | "claimed" | "fetched", string>;
  };
  report: {
    title: string; key: Record<Report["key"], string>; chain: Record<Report["chain"], string>; valid: (date: string) => string; expired: string; notYet: string;
    identity: string; noIdentity: string; revocation: string;
  };
  moved: { title: (date: string) => string; lead: string; again: string };
  ended: { title: string; lead: string };
  confirm: { title: string; device: string; hint: string; label: string; send: string; notMine: string; wrong: (left: number) => string };
  transfer: { title: string; lead: string };
  done: {
    title: string; stored: string; fetched: string; unsigned: string; fingerprint: (name: string, short: string) => string; question: string; warning: string; keep: string; remove: string;
    cannot: string; byHand: string; finish: string; files: string;
  };
  result: { deleted: string; kept: string; partly: string; refused: string; recovery: string; another: string };
  login: {
    title: string; lead: string; logIn: (agency: string | undefined) => string; loggedInAs: (name: string) => string; logOut: string; devices: string; desk: string;
  };
  identify: {
    title: string; lead: (host: string) => string; how: (host: string) => string; go: string; reopen: string; preparing: string; waiting: string; checking: string;
    changed: (before: string, now: string) => string; gone: (before: string) => string; goOn: string; remembered: (host: string) => string;
  };
  devices: {
    title: string; lead: string; none: string; unnamed: string; used: (platform: string, first: string, last: string) => string; name: string; rename: string; revoke: string;
    really: (name: string) => string; revoked: string;
  };
  lookUp: {
    title: string; lead: string; reference: string; text: string; reason: string; search: string; nothing: string; found: (count: number) => string; csv: string;
    columns: Record<string, string>;
  };
  reconnecting: string;
  reconnected: string;
  back: string;
  again: string;
  end: string;
  restart: string;
  stopped: string;
  forDesk: (code: string, reference: string | undefined) => string;
  desk: (contact: string) => string;
  byRule: (agency: string | undefined, rule: string) => string;
  rules: Record<string, string>;
  errors: Record<string, string>;
  problems: Record<string, string>;
}
