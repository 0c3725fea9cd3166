// A person at a PC with the real page, and one with the real command for a phone.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

export const PASSWORD = "naru-sample-1!";
const root = join(import.meta.dirname, "../..");
export const binary = (name) => join(root, "target/debug", name);
const samples = process.env.NARU_SAMPLES ?? join(root, "target/samples");

export function temporaryFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), "naru-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

/** Copies sample certificates, so that a test may delete them. */
export function sampleFolder(t, name) {
  const folder = join(temporaryFolder(t), name);
  cpSync(join(samples, name), folder, { recursive: true });
  return folder;
}

export function filesBelow(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  return new Map(paths.map((path) => [relative(folder, path), readFileSync(path)]));
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** The relay on a free port, or on the given one; `log` holds what it has said. */
export async function startRelay(t, ...options) {
  const port = options.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
  // Its log has every request, so that tests can look for what must not be there.
  const env = { ...process.env, RUST_LOG: "info,naru_relay=debug" };
  const child = spawn(binary("naru-relay"), [...port, ...options], { stdio: ["ignore", "pipe", "pipe"], env });
  const relay = { child, log: "", origin: "" };
  child.stderr.on("data", (data) => (relay.log += data));
  t.after(() => child.kill("SIGKILL"));
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  relay.origin = line.replace(/.*http:\/\/127\.0\.0\.1/, "http://localhost");
  relay.stop = async (signal = "SIGTERM") => {
    child.kill(signal);
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  };
  return relay;
}

export async function startRedis(t) {
  const port = await freePort();
  const child = spawn("redis-server", ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
  t.after(() => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) if (line.includes("Ready to accept connections")) break;
  child.stdout.resume();
  return `redis://127.0.0.1:${port}`;
}

/** The phone's stand-in in a conversation: it receives. */
export function startPhone(t, relay, into, ...options) {
  return startCommand(t, "receive", "--relay", relay.origin, "--into", into, ...options);
}

/** The phone's stand-in in a conversation: it sends what is in a folder. */
export function startSender(t, relay, folder, ...options) {
  const phone = startCommand(t, "give", folder, "--keep", "--device", "내 휴대전화", "--relay", relay.origin, ...options);
  phone.type(PASSWORD);
  return phone;
}

const settings = new WeakMap();

/** Where a test's commands keep their settings: all of them are one person's on one machine. */
export function settingsOf(t) {
  if (!settings.has(t)) settings.set(t, temporaryFolder(t));
  return settings.get(t);
}

/** The real command in a conversation. */
export function startCommand(t, ...words) {
  return startProgram(t, "naru", "--lang", "en", ...words);
}

/** A program of the project's in a conversation. */
export function startProgram(t, name, ...words) {
  const child = spawn(
    binary(name),
    words,
    { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, XDG_STATE_HOME: temporaryFolder(t), XDG_CONFIG_HOME: settingsOf(t) } },
  );
  t.after(() => child.kill("SIGKILL"));
  const phone = { child, said: "", complained: "" };
  const changed = new EventTarget();
  child.stdout.on("data", (data) => { phone.said += data; changed.dispatchEvent(new Event("said")); });
  child.stderr.on("data", (data) => (phone.complained += data));
  const ended = once(child, "exit").then(([code]) => { changed.dispatchEvent(new Event("said")); return code; });
  phone.hears = async (pattern) => {
    for (;;) {
      const match = phone.said.match(pattern);
      if (match) return match[1] ?? match[0];
      if (child.exitCode !== null) throw new Error(`${pattern} not in ${phone.said}\n${phone.complained}`);
      await once(changed, "said");
    }
  };
  phone.type = (line) => child.stdin.write(`${line}\n`);
  phone.end = () => ended;
  return phone;
}

/** Chromium with leave to change files on this origin, which a person would give by a prompt. */
export async function openBrowser(t, origin, locale = "ko-KR", ...options) {
  let context;
  // Before the profile's folder goes, which the browser writes to until its end.
  t.after(() => context?.close());
  const profile = temporaryFolder(t);
  mkdirSync(join(profile, "Default"));
  const exceptions = { [`${origin},*`]: { setting: 1 } };
  const settings = { profile: { content_settings: { exceptions: { file_system_write_guard: exceptions } } } };
  writeFileSync(join(profile, "Default/Preferences"), JSON.stringify(settings));
  context = await chromium.launchPersistentContext(profile, {
    executablePath: "/usr/bin/chromium",
    headless: true,
    locale,
    viewport: { width: 1280, height: 900 },
    // A machine with much else to do starts it slowly.
    timeout: 90_000,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync", ...options],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.mistakes = [];
  page.on("pageerror", (error) => page.mistakes.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("Failed to load resource")) page.mistakes.push(message.text());
  });
  return page;
}

/** Drops a real folder or file on the page, with a real handle. */
export async function drop(page, path) {
  const session = await page.context().newCDPSession(page);
  const box = await page.locator(".drop").boundingBox();
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await session.send("Input.dispatchDragEvent", { type, x: box.x + 20, y: box.y + 20, data });
  }
}

/** From the first screen to the QR. */
export async function showQr(page, origin, path) {
  await page.goto(origin);
  await page.getByRole("button", { name: "인증서를 휴대전화로 옮기기" }).click();
  await drop(page, path);
  await page.locator("button.certificate").first().click();
  await page.getByLabel("인증서 비밀번호", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "확인", exact: true }).click();
  await page.locator("#screen").getByText("남은 시간").waitFor();
}

/** What a phone would see: the page's picture. */
export async function photograph(t, page) {
  const picture = join(temporaryFolder(t), "screen.png");
  await page.screenshot({ path: picture });
  return picture;
}

export async function typeCode(page, code) {
  await page.getByLabel("보안번호 여섯 자리").fill(code);
  await page.getByRole("button", { name: "확인하고 보내기" }).click();
}

