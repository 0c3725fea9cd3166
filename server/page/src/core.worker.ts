import type { Answer, Call, Calls, Farewell, Found, PasswordResult } from "./core";
import { pause, send } from "./relay";
import { codeOf } from "./thrown";
import init, { Certificates, Giving } from "./wasm/naru_wasm.js";

const loaded = init();
const transfers = new Map<number, Giving>();
let certificates: Certificates | undefined;
let opened = 0;

const say = (answer: Answer): void => postMessage(answer);
const now = (): number => Date.now() / 1000;

function chosen(): Certificates {
  if (!certificates) throw { code: "no_such_certificate" };
  return certificates;
}

function forget(): void {
  certificates?.free();
  certificates = undefined;
}

const calls: Calls = {
  find(paths, contents) {
    forget();
    certificates = new Certificates(paths, contents);
    return { certificates: certificates.list(now()), problems: certificates.problems() } as Found;
  },
  checkPassword: (index, password) => chosen().checkPassword(index, password, now()) as PasswordResult,
  give(index, name, platform) {
    const giving = new Giving(self.location.origin, chosen(), index, name, platform);
    const transfer = (opened += 1);
    transfers.set(transfer, giving);
    const { width, pairingCode } = giving;
    const modules = Uint8Array.from({ length: width * width }, (_, at) => Number(giving.isDark(at % width, Math.floor(at / width))));
    // The page hears of the transfer before it hears from it.
    queueMicrotask(() => void run(transfer, giving));
    return { transfer, pairingCode, width, modules, farewell: giving.farewell() as Farewell };
  },
  enterCode: (transfer, code) => transfers.get(transfer)?.enterCode(code),
  conclude: (transfer, deleted) => transfers.get(transfer)?.conclude(deleted),
  cancel: (transfer) => transfers.get(transfer)?.cancel(),
  clear: forget,
};

async function run(transfer: number, giving: Giving): Promise<void> {
  try {
    await giving.run(send, pause, (event: never) => say({ transfer, event }));
    say({ transfer, event: { type: "ended" } });
  } catch (error) {
    say({ transfer, event: { type: "failed", code: codeOf(error) } });
  } finally {
    transfers.delete(transfer);
    giving.free();
  }
}

addEventListener("message", async ({ data: call }: MessageEvent<Call>) => {
  try {
    await loaded;
  } catch {
    return say({ id: call.id, code: "page_incomplete" });
  }
  try {
    const answer = calls[call.name] as (...given: unknown[]) => unknown;
    say({ id: call.id, result: answer(...call.with) });
  } catch (error) {
    say({ id: call.id, code: codeOf(error) });
  }
});
