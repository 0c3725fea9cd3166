import { type Desk, type Localised, type Remark, remarked } from "./remark";

/** What the operator, and the person's agency, want of the page. */
export interface Settings {
  sharedPc: boolean;
  deposit: { defaultHours: number; maxHours: number } | null;
  roots: string[] | null;
  password: { minCharacters: number; minKinds: number };
  agency?: { id: string; name: Localised };
  /** What the agency says at the start. */
  text?: Localised;
  desk?: Desk;
  directions?: string[];
  issuers?: string[];
  policies?: string[];
  /** Where people log in, where they have to. */
  login?: { providers: Provider[] };
  /** Why the person may do nothing here. */
  refused?: Remark;
}

/** Where people log in. */
export interface Provider {
  id: string;
  name?: Localised;
  issuer: string;
  /** By which clients devices prove to each other whose they are. */
  channel?: { pageClientId: string; appClientIds: string[] };
}

const DEFAULTS: Settings = {
  sharedPc: false, deposit: { defaultHours: 24, maxHours: 168 }, roots: null, password: { minCharacters: 10, minKinds: 3 },
};

/** Milliseconds after which the page begins without them. */
const PATIENCE = 3_000;

/** Reads the operator's settings; without them the page does what is usual. */
export async function readSettings(): Promise<Settings> {
  try {
    const response = await fetch("/v1/settings", { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE) });
    if (response.status === 403) {
      const body = await response.text();
      const refused = remarked({}, response.headers, () => body);
      if (refused.refusal) return { ...DEFAULTS, refused };
    }
    return response.ok ? { ...DEFAULTS, ...((await response.json()) as Settings) } : DEFAULTS;
  } catch {
    return DEFAULTS;
  }
}
