import type { Localised } from "./remark";

/** Who is logged in. */
export interface Person {
  name: string | null;
  /** By which provider they are logged in. */
  provider: string;
  agency: { id: string; name: Localised } | null;
  isAdmin: boolean;
}

/** A receiving device of the person. */
export interface OwnDevice {
  id: string;
  name: string;
  platform: string;
  firstUsed: number;
  lastUsed: number;
  revoked: boolean;
}

/** One thing that the relay has noted. */
export type Noted = Record<string, string>;

/** Who is logged in; `undefined` where nobody is. */
export async function readPerson(): Promise<Person | undefined> {
  const response = await fetch("/v1/me", { credentials: "same-origin", cache: "no-store" });
  if (response.status === 401) return undefined;
  return (await answered(response)).json() as Promise<Person>;
}

export async function logOut(): Promise<void> {
  const response = await fetch("/logout", { method: "POST", credentials: "same-origin" });
  if (response.status !== 401) await answered(response);
}

export async function readDevices(): Promise<OwnDevice[]> {
  const response = await fetch("/v1/devices", { credentials: "same-origin", cache: "no-store" });
  return (await answered(response)).json() as Promise<OwnDevice[]>;
}

export async function renameDevice(id: string, name: string): Promise<void> {
  await answered(await send("PUT", `/v1/devices/${id}`, { name }));
}

export async function revokeDevice(id: string): Promise<void> {
  await answered(await send("DELETE", `/v1/devices/${id}`));
}

/** Looks something up in what the relay has noted; why is noted too. */
export async function lookUp(search: { reference?: string; text?: string; reason: string }): Promise<Noted[]> {
  const response = await answered(await send("POST", "/v1/audit/search", search));
  return ((await response.json()) as { entries: Noted[] }).entries;
}

/** What went wrong with the login from which the browser comes back; told once. */
export function takeLoginFailure(): { code: string; reference?: string } | undefined {
  const values = new URLSearchParams(location.hash.slice(1));
  const code = values.get("login");
  if (!code) return undefined;
  history.replaceState(null, "", location.pathname);
  const reference = values.get("reference");
  return { code, ...(reference && { reference }) };
}

function send(method: string, path: string, body?: unknown): Promise<Response> {
  const json = body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return fetch(path, { method, credentials: "same-origin", ...json });
}

async function answered(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw Object.assign(new Error("refused"), { code: response.headers.get("naru-problem") ?? "other" });
}
