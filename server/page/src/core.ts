import init, { Certificates, Giving } from "./wasm/naru_wasm.js";

export { Certificates, Giving };

export interface Details {
  name: string;
  issuer: string;
  holder: string;
  notAfter: number;
  validity: "valid" | "expired" | "notYet";
  daysLeft?: number;
}

export interface Summary {
  index: number;
  format: "gpki" | "npki" | "pkcs12";
  short: string;
  sources: string[];
  details?: Details;
}

export interface PasswordResult {
  opened: boolean;
  identity: boolean;
  details?: Details;
}

export type GivingEvent =
  | { type: "open"; expiresIn: number }
  | { type: "joined"; name: string; platform: string; expiresIn: number }
  | { type: "wrongCode"; triesLeft: number }
  | { type: "sending" }
  | { type: "received"; signed: boolean; location: string }
  | { type: "reconnecting" }
  | { type: "reconnected" };

let loading: Promise<unknown> | undefined;

/** Loads the core; asked for early, so that it is there when it is needed. */
export function load(): Promise<unknown> {
  return (loading ??= init());
}

/** The code of what the core has thrown. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "other";
}

export function now(): number {
  return Date.now() / 1000;
}
