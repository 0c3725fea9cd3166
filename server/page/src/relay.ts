import { type Remark, remarked } from "./remark";

interface Sent {
  answer: Promise<{ status: number; headers: [string, string][]; body: Uint8Array }>;
  abort(): void;
}

/** Sends the core's requests of one transfer, and keeps what the relay says beside its codes. */
export class Line {
  remark: Remark = {};

  /** What the core asks of the page: one HTTP request that can be aborted. */
  readonly send = (
    method: string,
    path: string,
    authorization: string,
    contentType: string | undefined,
    body: Uint8Array<ArrayBuffer>,
    milliseconds: number,
  ): Sent => {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), milliseconds);
    const headers = new Headers({ authorization });
    if (contentType) headers.set("content-type", contentType);
    const options: RequestInit = {
      method, headers, signal: controller.signal, cache: "no-store", credentials: "omit", redirect: "error",
    };
    if (method === "PUT" || method === "POST") options.body = body;
    const answer = (async () => {
      try {
        const response = await fetch(path, options);
        const content = new Uint8Array(await response.arrayBuffer());
        this.remark = remarked(this.remark, response.headers, () => new TextDecoder().decode(content));
        return { status: response.status, headers: [...response.headers] as [string, string][], body: content };
      } finally {
        clearTimeout(timer);
      }
    })();
    return { answer, abort: () => controller.abort() };
  };
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Ends a mailbox while the page is going away. */
export function sayFarewell(farewell: { path: string; authorization: string }): void {
  void fetch(farewell.path, {
    method: "DELETE", headers: { authorization: farewell.authorization }, keepalive: true,
  }).catch(() => undefined);
}
