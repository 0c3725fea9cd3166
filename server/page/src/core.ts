import workerUrl from "./core.worker.ts?worker&url";
import type { Remark } from "./remark";

export interface Details {
  name: string;
  issuer: string;
  holder: string;
  notAfter: number;
  validity: "valid" | "expired" | "notYet";
  daysLeft?: number;
  /** Object identifiers of its certificate policies. */
  policies: string[];
}

export interface Summary {
  index: number;
  format: "gpki" | "npki" | "pkcs12";
  fingerprint: string;
  short: string;
  sources: string[];
  details?: Details;
}

export interface Problem {
  path: string;
  code: string;
}

export interface Found {
  certificates: Summary[];
  problems: Problem[];
}

/** What is known of a certificate; whether it was revoked is never looked up. */
export interface Report {
  key: "not_checked" | "matches" | "unknown";
  chain: "not_configured" | "trusted" | "untrusted";
  identityRandom?: boolean;
  details?: Details;
}

/** A file at its place in the native layout. */
export interface NativeFile {
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
}

export interface Qr {
  /** Modules on one side. */
  width: number;
  /** Row by row: 1 is dark. */
  modules: Uint8Array;
}

/** What a transfer shows before anyone has joined. */
export interface Opening {
  transfer: number;
  pairingCode: string;
  qr: Qr;
  farewell?: Farewell;
}

/** The request that ends a transfer while the page goes away. */
export interface Farewell {
  path: string;
  authorization: string;
}

export type TransferEvent =
  | { type: "open"; expiresIn: number }
  | { type: "joined"; name: string; platform: string; expiresIn: number }
  | { type: "wrongCode"; triesLeft: number }
  | { type: "sending" }
  | { type: "received"; signed: boolean; location: string }
  | { type: "number"; number: string; expiresIn: number }
  | { type: "numberUsed" }
  | { type: "numberFailed"; code: string }
  | { type: "showCode"; code: string; name: string; expiresIn: number }
  | { type: "arrived"; name: string }
  | { type: "acknowledged" }
  | { type: "stored"; recovery: string; withdraw: string; expiresIn: number }
  | { type: "claimed" }
  | { type: "released" }
  | { type: "reconnecting" }
  | { type: "reconnected" }
  | { type: "ended" }
  | { type: "failed"; code: string; remark: Remark };

/** What the core does for the page, in its worker. */
export interface Calls {
  find(paths: string[], contents: Uint8Array[]): Found;
  checkPassword(index: number, password: string, roots?: string[]): Report;
  checkNewPassword(password: string, minCharacters: number, minKinds: number): void;
  /** Encrypts the keys of an opened certificate anew, here and not on the disk. */
  changePassword(index: number, password: string): void;
  files(index: number): NativeFile[];
  toPkcs12(index: number, oldForm: boolean): NativeFile[];
  qr(text: string): Qr;
  give(index: number, name: string, platform: string): Opening;
  receive(name: string, platform: string): Opening;
  /** Draws a key for one login; yields the `nonce` to log in with. */
  drawIdentity(): string;
  /** From here on transfers go to and from the same person's devices only; throws `{code}` for a login that is refused. */
  identify(token: string, issuer: string, audiences: string[], jwks: string): void;
  forgetIdentity(): void;
  /** Takes the number that a sending device shows. */
  receiveByNumber(number: string, name: string, platform: string): number;
  /** Shows connection numbers for a transfer that waits for the other device. */
  announce(transfer: number): void;
  enterCode(transfer: number, code: string): void;
  conclude(transfer: number, deleted: boolean): void;
  cancel(transfer: number): void;
  deposit(index: number, seconds: number, name: string, platform: string): number;
  withdraw(transfer: number): void;
  /** Fetches a deposit. */
  claim(code: string): number;
  depositStatus(code: string): Promise<"waiting" | "claimed" | "fetched">;
  withdrawDeposit(code: string): Promise<void>;
  arrived(transfer: number): Summary[];
  checkArrived(transfer: number, index: number, password: string | undefined, roots?: string[]): Report;
  arrivedFiles(transfer: number): NativeFile[];
  stored(transfer: number, location: string): void;
  refuse(transfer: number): void;
  clear(): void;
}

type Arguments<K extends keyof Calls> = Parameters<Calls[K]>;
export type Call = { [K in keyof Calls]: { id: number; name: K; with: Arguments<K> } }[keyof Calls];
export type Answer =
  | { id: number; result: unknown }
  | { id: number; code: string; remark: Remark }
  | { transfer: number; event: TransferEvent };

/** The code of what went wrong in the core. */
export class CoreError extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

type Policies = { createPolicy(name: string, rules: { createScriptURL(): string }): { createScriptURL(url: string): string } };

/** The worker's address as a trusted one, which the relay's policy asks for by this name. */
function trustedWorkerUrl(): string {
  const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;
  return policies?.createPolicy("naru-core", { createScriptURL: () => workerUrl }).createScriptURL(workerUrl) ?? workerUrl;
}

/** The core, in a worker, so that deriving a key does not stop the page. */
export class Core {
  private readonly worker = new Worker(trustedWorkerUrl(), { type: "module" });
  private readonly waiting = new Map<number, { resolve(result: unknown): void; reject(error: CoreError): void }>();
  private readonly listeners = new Map<number, (event: TransferEvent) => void>();
  /** What the relay has said of the latest failure. */
  remark: Remark = {};
  private calls = 0;
  private broken = false;

  constructor() {
    this.worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => this.hear(data));
    this.worker.addEventListener("error", () => {
      this.broken = true;
      for (const { reject } of this.waiting.values()) reject(new CoreError("page_incomplete"));
      this.waiting.clear();
    });
  }

  call<K extends keyof Calls>(name: K, ...given: Arguments<K>): Promise<Awaited<ReturnType<Calls[K]>>> {
    if (this.broken) return Promise.reject(new CoreError("page_incomplete"));
    const id = (this.calls += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.worker.postMessage({ id, name, with: given });
    });
  }

  /** Ends the core with everything that it holds. */
  end(): void {
    this.worker.terminate();
    this.broken = true;
    this.waiting.clear();
    this.listeners.clear();
  }

  listen(transfer: number, listener: (event: TransferEvent) => void): void {
    this.listeners.set(transfer, listener);
  }

  private hear(answer: Answer): void {
    if ("transfer" in answer) {
      const listener = this.listeners.get(answer.transfer);
      if (answer.event.type === "ended" || answer.event.type === "failed") this.listeners.delete(answer.transfer);
      if (answer.event.type === "failed") this.remark = answer.event.remark;
      listener?.(answer.event);
      return;
    }
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ("code" in answer) {
      this.remark = answer.remark;
      waiting?.reject(new CoreError(answer.code));
    } else waiting?.resolve(answer.result);
  }
}
