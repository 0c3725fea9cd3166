import type { Answer, Call, Calls, Farewell, NativeFile, Opening, Problem, Qr as Picture, Report, Summary, TransferEvent } from "./core";
import { Line, pause } from "./relay";
import type { Remark } from "./remark";
import { codeOf } from "./thrown";
import init, { Announcing, Certificates, Depositing, Giving, Identity, IdentityKey, Qr, Receiving, checkNewPassword, depositStatus, withdrawDeposit } from "./wasm/naru_wasm.js";

/** What runs until it has ended. */
interface Running {
  run(send: unknown, pause: unknown, listener: unknown): Promise<unknown>;
  free(): void;
}

const loaded = init();
const relay = self.location.origin;
const giving = new Map<number, Giving>();
const receiving = new Map<number, Receiving>();
const depositing = new Map<number, Depositing>();
const announcing = new Map<number, Announcing>();
/** What has come, with the passwords that were given for it. */
const arrivals = new Map<number, Certificates>();
let certificates: Certificates | undefined;
let opened = 0;
/** Of a login that is under way. */
let identityKey: IdentityKey | undefined;
/** Who is logged in, where devices prove that to each other. */
let identity: Identity | undefined;

const say = (answer: Answer): void => postMessage(answer);
const now = (): number => Date.now() / 1000;

function chosen(): Certificates {
  if (!certificates) throw { code: "no_such_certificate" };
  return certificates;
}

function arrival(transfer: number): Certificates {
  const held = arrivals.get(transfer) ?? receiving.get(transfer)?.certificates();
  if (!held) throw { code: "no_such_certificate" };
  arrivals.set(transfer, held);
  return held;
}

function forget(): void {
  certificates?.free();
  certificates = undefined;
}

function forgetIdentity(): void {
  identityKey?.free();
  identity?.free();
  identityKey = identity = undefined;
}

/** Nothing goes to or from a device of anybody else. */
function proven<T extends Giving | Receiving>(running: T): T {
  if (identity) running.prove(identity);
  return running;
}

function native(files: unknown[]): NativeFile[] {
  return (files as [string, Uint8Array<ArrayBuffer>][]).map(([path, bytes]) => ({ path, bytes }));
}

function draw(text: string): Picture {
  const qr = new Qr(text);
  const { width } = qr;
  const modules = Uint8Array.from({ length: width * width }, (_, at) => Number(qr.isDark(at % width, Math.floor(at / width))));
  qr.free();
  return { width, modules };
}

function start<T extends Running>(kind: Map<number, T>, running: T): number {
  const transfer = (opened += 1);
  kind.set(transfer, running);
  // The page hears of the transfer before it hears from it.
  queueMicrotask(() => void run(transfer, running, () => kind.delete(transfer)));
  return transfer;
}

function open<T extends Giving | Receiving>(kind: Map<number, T>, running: T): Opening {
  const pairingCode = running.pairingCode ?? "";
  const farewell = running.farewell() as Farewell;
  return { transfer: start(kind as Map<number, Running>, running), pairingCode, qr: draw(pairingCode), farewell };
}

async function run(transfer: number, running: Running, ended: () => void): Promise<void> {
  const hear = (event: TransferEvent): void => {
    // The other device is there: the number has done its work.
    if (event.type === "joined" || event.type === "showCode") announcing.get(transfer)?.stop();
    say({ transfer, event });
  };
  const line = new Line();
  try {
    await running.run(line.send, pause, hear);
    say({ transfer, event: { type: "ended" } });
  } catch (error) {
    say({ transfer, event: { type: "failed", code: codeOf(error), remark: line.remark } });
  } finally {
    ended();
    announcing.get(transfer)?.stop();
    arrivals.get(transfer)?.free();
    arrivals.delete(transfer);
    running.free();
  }
}

/** Asks the relay something; what it says beside its code goes with the failure. */
async function ask<T>(question: (send: Line["send"]) => Promise<T>): Promise<T> {
  const line = new Line();
  try {
    return await question(line.send);
  } catch (error) {
    throw { code: codeOf(error), remark: line.remark };
  }
}

const calls: Calls = {
  find(paths, contents) {
    forget();
    certificates = new Certificates(paths, contents);
    return { certificates: certificates.list(now()) as Summary[], problems: certificates.problems() as Problem[] };
  },
  checkPassword: (index, password, roots) => chosen().checkPassword(index, password, roots, now()) as Report,
  checkNewPassword: (password, characters, kinds) => checkNewPassword(password, characters, kinds),
  changePassword: (index, password) => chosen().changePassword(index, password),
  files: (index) => native(chosen().files(index)),
  toPkcs12: (index, oldForm) => native(chosen().toPkcs12(index, oldForm)),
  qr: draw,
  give: (index, name, platform) => open(giving, proven(new Giving(relay, chosen(), index, name, platform))),
  receive: (name, platform) => open(receiving, proven(new Receiving(relay, name, platform))),
  drawIdentity() {
    forgetIdentity();
    identityKey = new IdentityKey();
    return identityKey.nonce;
  },
  identify(token, issuer, audiences, jwks) {
    if (!identityKey) throw { code: "no_identity_key" };
    identity = new Identity(token, identityKey, issuer, audiences, jwks);
    identityKey.free();
    identityKey = undefined;
  },
  forgetIdentity,
  receiveByNumber: (number, name, platform) => start(receiving, proven(Receiving.fromNumber(relay, number, name, platform))),
  announce(transfer) {
    const code = giving.get(transfer)?.pairingCode ?? receiving.get(transfer)?.pairingCode;
    if (!code) return;
    announcing.get(transfer)?.stop();
    const announced = new Announcing(relay, code);
    announcing.set(transfer, announced);
    const hear = (event: TransferEvent): void => say({ transfer, event });
    // Without a number there is the QR.
    void announced.run(new Line().send, pause, hear).catch((error: unknown) => hear({ type: "numberFailed", code: codeOf(error) }));
  },
  enterCode: (transfer, code) => giving.get(transfer)?.enterCode(code),
  conclude: (transfer, deleted) => giving.get(transfer)?.conclude(deleted),
  cancel(transfer) {
    giving.get(transfer)?.cancel();
    receiving.get(transfer)?.cancel();
  },
  deposit: (index, seconds, name, platform) =>
    start(depositing, new Depositing(relay, chosen(), index, seconds, name, platform)),
  withdraw: (transfer) => depositing.get(transfer)?.withdraw(),
  claim: (code) => start(receiving, Receiving.fromDeposit(relay, code)),
  depositStatus: (code) => ask((send) => depositStatus(relay, code, send, pause)),
  withdrawDeposit: (code) => ask((send) => withdrawDeposit(relay, code, send, pause)),
  arrived: (transfer) => arrival(transfer).list(now()) as Summary[],
  checkArrived(transfer, index, password, roots) {
    const held = arrival(transfer);
    return (password === undefined ? held.report(index, roots, now()) : held.checkPassword(index, password, roots, now())) as Report;
  },
  arrivedFiles(transfer) {
    const held = arrival(transfer);
    const count = (held.list(now()) as Summary[]).length;
    return Array.from({ length: count }, (_, index) => native(held.files(index))).flat();
  },
  stored: (transfer, location) => receiving.get(transfer)?.stored(arrival(transfer), location),
  refuse: (transfer) => receiving.get(transfer)?.refuse(),
  clear: forget,
};

addEventListener("message", async ({ data: call }: MessageEvent<Call>) => {
  try {
    await loaded;
  } catch {
    return say({ id: call.id, code: "page_incomplete", remark: {} });
  }
  try {
    const answer = calls[call.name] as (...given: unknown[]) => unknown;
    say({ id: call.id, result: await answer(...call.with) });
  } catch (error) {
    const { remark = {} } = error as { remark?: Remark };
    say({ id: call.id, code: codeOf(error), remark });
  }
});
