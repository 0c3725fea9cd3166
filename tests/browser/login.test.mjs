// Login at a real provider, and what people see of their devices, their agency's rules and the audit.
import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  PASSWORD, filesBelow, freePort, openBrowser, photograph, sampleFolder, settingsOf, showQr, startCommand, startPhone,
  startRelay, temporaryFolder, typeCode,
} from "./people.mjs";
import { confirmDevice, logInAs, startProvider } from "./provider.mjs";

const PEOPLE = {
  hong: { name: "홍길동", email: "hong@interior.example", email_verified: true },
  desk: { name: "이정보", email: "desk@interior.example", email_verified: true, roles: ["naru-desk"] },
  stranger: { name: "외부인", email: "someone@elsewhere.example", email_verified: true },
  unverified: { name: "미확인", email: "hong@interior.example", email_verified: false },
};
const INTERIOR = `domains = ["interior.example"]\nadmin = { name = "roles", value = "naru-desk" }\n`;

/** A relay where people log in; each provider by its id, with what the relay's file says of it beside issuer and clients. */
async function startWorld(t, providers = { interior: { people: PEOPLE, says: INTERIOR } }, ...options) {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const folder = temporaryFolder(t);
  let text = `origin = "${origin}"\n`;
  const issuers = {};
  for (const [id, { says = "", ...settings }] of Object.entries(providers)) {
    const { issuer } = await startProvider(t, { relay: origin, ...settings });
    issuers[id] = issuer;
    text += `[provider.${id}]\nissuer = "${issuer}"\nclient_id = "naru-relay"\napp_client_ids = ["naru-app"]\n${says}`;
  }
  const identity = join(folder, "identity.toml");
  writeFileSync(identity, text);
  const relay = await startRelay(t, "--listen", `127.0.0.1:${port}`, "--identity", identity, ...options);
  return { relay, origin, issuers, folder };
}

async function logIn(page, origin, name, button = "로그인") {
  await page.goto(origin);
  await page.getByRole("button", { name: button }).click();
  await logInAs(page, name);
}

const sessionOf = async (page) => (await page.context().cookies()).find(({ name }) => name === "__Host-naru-session");

test("a person logs in at their provider, and out again", async (t) => {
  const { origin } = await startWorld(t);
  const page = await openBrowser(t, origin);
  await logIn(page, origin, "hong");
  await page.getByText("홍길동").waitFor();
  assert.equal(page.url(), `${origin}/`);
  const cookie = await sessionOf(page);
  assert.deepEqual(
    { httpOnly: cookie.httpOnly, secure: cookie.secure, sameSite: cookie.sameSite, path: cookie.path },
    { httpOnly: true, secure: true, sameSite: "Strict", path: "/" },
  );
  assert.equal(await page.evaluate(() => document.cookie), "");
  await page.getByRole("button", { name: "로그아웃" }).click();
  await page.getByRole("heading", { name: "로그인" }).waitFor();
  assert.equal(await sessionOf(page), undefined);
  await page.context().addCookies([cookie]);
  assert.equal(await page.evaluate(async () => (await fetch("/v1/me")).status), 401);
  await page.reload();
  await page.getByRole("heading", { name: "로그인" }).waitFor();
  assert.deepEqual(page.mistakes, []);
});

test("a login that is cancelled, or another browser's, or a stranger's, opens nothing", async (t) => {
  const { origin } = await startWorld(t);
  const page = await openBrowser(t, origin);
  const alert = page.getByRole("alert");
  await page.goto(origin);
  await page.getByRole("button", { name: "로그인" }).click();
  await page.getByRole("link", { name: "[ Cancel ]" }).click();
  await alert.getByText("로그인을 취소했거나").waitFor();
  assert.match(await alert.innerText(), /login_denied · 문의 번호 \S{4}-\S{3}/);
  for (const name of ["stranger", "unverified"]) {
    await page.context().clearCookies();
    await logIn(page, origin, name);
    await alert.getByText("기관의 계정이 아닙니다").waitFor();
    assert.equal(await sessionOf(page), undefined);
  }
  await page.context().clearCookies();
  await page.goto(`${origin}/login/callback?state=forged&code=forged`);
  await alert.getByText("login_state").waitFor();
  assert.equal(page.url(), `${origin}/`);
});

test("a login begins a session that nobody knew before, and ends the one before it", async (t) => {
  const { origin } = await startWorld(t);
  const page = await openBrowser(t, origin);
  await page.goto(origin);
  const planted = { name: "__Host-naru-session", value: "A".repeat(43), url: origin.replace("http:", "https:"), secure: true, httpOnly: true, sameSite: "Strict" };
  await page.context().addCookies([planted]);
  await logIn(page, origin, "hong");
  await page.getByText("홍길동").waitFor();
  const first = await sessionOf(page);
  assert.notEqual(first.value, planted.value);
  await page.goto(`${origin}/login/interior`);
  await page.getByText("홍길동").waitFor();
  assert.notEqual((await sessionOf(page)).value, first.value);
  await page.context().clearCookies();
  await page.context().addCookies([first]);
  assert.equal(await page.evaluate(async () => (await fetch("/v1/me")).status), 401);
});

test("another site can do nothing with a person's session", async (t) => {
  const { origin } = await startWorld(t);
  const page = await openBrowser(t, origin);
  await logIn(page, origin, "hong");
  await page.getByText("홍길동").waitFor();
  const { value } = await sessionOf(page);
  const cookie = `__Host-naru-session=${value}`;
  for (const headers of [{}, { origin: "http://evil.example" }, { "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site" }, { "sec-fetch-site": "none" }]) {
    const response = await fetch(`${origin}/logout`, { method: "POST", headers: { cookie, ...headers } });
    assert.deepEqual([response.status, response.headers.get("naru-problem")], [403, "cross_site"], JSON.stringify(headers));
  }
  await page.reload();
  await page.getByText("홍길동").waitFor();
});

/** A phone's stand-in that logs in with a person's confirmation on another device. */
async function logInDevice(t, origin, name, ...options) {
  const device = startCommand(t, "login", "--relay", origin, "--device", "내 휴대전화", ...options);
  const address = await device.hears(/(http\S+)\n/);
  const browser = await openBrowser(t, origin);
  await confirmDevice(browser, address, name);
  await browser.context().close();
  return device;
}

const APP = { conformIdTokenClaims: false };

test("a device logs in, receives, is renamed and revoked, and can do nothing from then on", async (t) => {
  const { origin, relay } = await startWorld(t, { interior: { people: PEOPLE, says: INTERIOR, ...APP } });
  const page = await openBrowser(t, origin);
  page.on("dialog", (dialog) => dialog.accept());
  await logIn(page, origin, "hong");
  await page.getByText("홍길동").waitFor();

  const refused = startPhone(t, relay, temporaryFolder(t), "--code", "0000-0000-0000");
  assert.equal(await refused.end(), 1);
  const login = await logInDevice(t, origin, "hong");
  assert.equal(await login.end(), 0, login.complained);
  const kept = filesBelow(settingsOf(t));
  assert.equal(kept.size, 2);
  for (const path of kept.keys()) assert.equal(statSync(join(settingsOf(t), path)).mode & 0o777, 0o600, path);

  await showQr(page, origin, sampleFolder(t, "NPKI"));
  const phone = startPhone(t, relay, temporaryFolder(t), "--image", await photograph(t, page));
  await typeCode(page, await phone.hears(/Security code: (\d{6})/));
  phone.type("y");
  phone.type(PASSWORD);
  await page.getByRole("button", { name: "남겨 두기" }).click();
  assert.equal(await phone.end(), 0, phone.complained);

  await page.goto(origin);
  await page.getByRole("button", { name: "내 기기" }).click();
  await page.getByText("linux").waitFor();
  await page.getByLabel("기기 이름").fill("새 이름");
  await page.getByRole("button", { name: "이름 바꾸기" }).click();
  await page.getByRole("listitem").getByText("새 이름").waitFor();
  await page.getByRole("button", { name: "해제" }).click();
  await page.getByText("해제함").waitFor();

  await showQr(page, origin, sampleFolder(t, "NPKI"));
  const revoked = startPhone(t, relay, temporaryFolder(t), "--image", await photograph(t, page));
  assert.equal(await revoked.end(), 1);
  assert.match(revoked.complained, /This device was removed.*naru login --new-device.*\[device_revoked, \S{4}-\S{3}\]/s);

  const out = startCommand(t, "logout", "--relay", origin);
  await out.end();
  const after = startPhone(t, relay, temporaryFolder(t), "--image", await photograph(t, page));
  assert.equal(await after.end(), 1);
  assert.match(after.complained, /Log in with `naru login`.*\[login_required/s);
});

test("another person's device that has photographed the QR gets nothing", async (t) => {
  const { origin, relay } = await startWorld(t, { interior: { people: PEOPLE, says: INTERIOR, ...APP } });
  const page = await openBrowser(t, origin);
  await logIn(page, origin, "hong");
  await page.getByText("홍길동").waitFor();
  const login = await logInDevice(t, origin, "desk");
  assert.equal(await login.end(), 0, login.complained);
  await showQr(page, origin, sampleFolder(t, "NPKI"));
  const into = temporaryFolder(t);
  const phone = startPhone(t, relay, into, "--image", await photograph(t, page));
  assert.equal(await phone.end(), 1);
  assert.match(phone.complained, /belongs to another person.*\[other_person, \S{4}-\S{3}\]/s);
  assert.equal(filesBelow(into).size, 0);
  await page.locator("canvas.qr").waitFor();
});
