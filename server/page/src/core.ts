import workerUrl from "./core.worker.ts?worker&url";

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

export interface Problem {
  path: string;
  code: string;
}

export interface Found {
  certificates: Summary[];
  problems: Problem[];
}

export interface PasswordResult {
  opened: boolean;
  identity: boolean;
  details?: Details;
}

/** What a transfer shows before anyone has joined. */
export interface Opening {
  transfer: number;
  pairingCode: string;
  /** Modules on one side of the QR. */
  width: number;
  /** The QR row by row: 1 is dark. */
  modules: Uint8Array;
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
  | { type: "reconnecting" }
  | { type: "reconnected" }
  | { type: "ended" }
  | { type: "failed"; code: string };

/** What the core does for the page, in its worker. */
export interface Calls {
  find(paths: string[], contents: Uint8Array[]): Found;
  checkPassword(index: number, password: string): PasswordResult;
  give(index: number, name: string, platform: string): Opening;
  enterCode(transfer: number, code: string): void;
  conclude(transfer: number, deleted: boolean): void;
  cancel(transfer: number): void;
  clear(): void;
}

type Arguments<K extends keyof Calls> = Parameters<Calls[K]>;
export type Call = { [K in keyof Calls]: { id: number; name: K; with: Arguments<K> } }[keyof Calls];
export type Answer =
  | { id: number; result: unknown }
  | { id: number; code: string }
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

  call<K extends keyof Calls>(name: K, ...given: Arguments<K>): Promise<ReturnType<Calls[K]>> {
    if (this.broken) return Promise.reject(new CoreError("page_incomplete"));
    const id = (this.calls += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.worker.postMessage({ id, name, with: given });
    });
  }

  listen(transfer: number, listener: (event: TransferEvent) => void): void {
    this.listeners.set(transfer, listener);
  }

  private hear(answer: Answer): void {
    if ("transfer" in answer) {
      const listener = this.listeners.get(answer.transfer);
      if (answer.event.type === "ended" || answer.event.type === "failed") this.listeners.delete(answer.transfer);
      listener?.(answer.event);
      return;
    }
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ("code" in answer) waiting?.reject(new CoreError(answer.code));
    else waiting?.resolve(answer.result);
  }
}

/** One transfer, from its QR on. */
export class Transfer {
  constructor(private readonly core: Core, readonly opening: Opening) {}

  enterCode(code: string): Promise<void> {
    return this.core.call("enterCode", this.opening.transfer, code);
  }

  conclude(deleted: boolean): void {
    void this.core.call("conclude", this.opening.transfer, deleted);
  }

  cancel(): void {
    void this.core.call("cancel", this.opening.transfer);
  }
}
