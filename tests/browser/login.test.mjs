// Login at a real provider, and what people see of their devices, their agency's rules and the audit.
import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  PASSWORD, filesBelow, openBrowser, photograph, sampleFolder, settingsOf, showQr, startCommand, startPhone, startRelay,
  temporaryFolder, typeCode,
} from "./people.mjs";
import { inspect } from "./barriers.mjs";
import { confirmDevice, logInAs } from "./provider.mjs";
import { logIn, startWorld as startProviders } from "./world.mjs";

const PEOPLE = {
  hong: { name: "홍길동", email: "hong@interior.example", email_verified: true },
  desk: { name: "이정보", email: "desk@interior.example", email_verified: true, roles: ["naru-desk"] },
  stranger: { name: "외부인", email: "someone@elsewhere.example", email_verified: true },
  unverified: { name: "미확인", email: "hong@interior.example", email_verified: false },
};
const INTERIOR = `domains = ["interior.example"]\nadmin = { name = "roles", value = "naru-desk" }\n`;

const startWorld = (t, providers = { interior: { people: PEOPLE, says: INTERIOR } }, ...options) => startProviders(t, providers, ...options);

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
  assert.equal(kept.size, 3);
  for (const path of kept.keys()) assert.equal(statSync(join(settingsOf(t), path)).mode & 0o777, 0o600, path);

  await showQr(page, origin, sampleFolder(t, "NPKI"));
  const phone = startPhone(t, relay, temporaryFolder(t), "--image", await photograph(t, page));
  await typeCode(page, await phone.hears(/Security code: (\d{6})/));
  phone.type("y");
  phone.type(PASSWORD);
  await page.getByRole("button", { name: "남겨 두기" }).click();
  assert.equal(await phone.end(), 0, phone.complained);

  await page.goto(origin);
  await page.getByRole("button", { name: "기기 관리" }).click();
  await page.getByText("linux").waitFor();
  await page.getByLabel("기기 이름").fill("새 이름");
  await page.getByRole("button", { name: "이름 바꾸기" }).click();
  await page.getByRole("listitem").getByText("새 이름").waitFor();
  await page.getByRole("button", { name: "등록 해제" }).click();
  await page.getByText("등록 해제됨").waitFor();

  await showQr(page, origin, sampleFolder(t, "GPKI"));
  const revoked = startPhone(t, relay, temporaryFolder(t), "--image", await photograph(t, page));
  assert.equal(await revoked.end(), 1);
  assert.match(revoked.complained, /This device was removed.*naru login --new-device.*\[device_revoked, \S{4}-\S{3}\]/s);

  const out = startCommand(t, "logout", "--relay", origin);
  await out.end();
  const after = startPhone(t, relay, temporaryFolder(t), "--image", await photograph(t, page));
  assert.equal(await after.end(), 1);
  assert.match(after.complained, /Log in with `naru login`.*\[login_required/s);

  // Nothing that opens anything is in what the relay has said.
  const secrets = [(await sessionOf(page)).value, PASSWORD, "a password of the tests"];
  for (const [path, content] of kept) {
    if (path.endsWith(".json")) secrets.push(...Object.values(JSON.parse(content)).filter((it) => String(it).length > 40));
    else secrets.push(content.toString("hex"), content.toString("base64url"));
  }
  for (const secret of secrets) assert.ok(!relay.log.includes(secret), "a secret is in the relay's log");
});

test("a device's login is renewed in time, cancelled, or not needed at all", async (t) => {
  const ttl = { IdToken: 20 };
  const { origin, relay } = await startWorld(t, { interior: { people: PEOPLE, says: INTERIOR, ttl, ...APP } });
  const login = await logInDevice(t, origin, "hong");
  assert.equal(await login.end(), 0, login.complained);
  const tokens = () => JSON.parse([...filesBelow(settingsOf(t))].find(([path]) => path.endsWith(".json"))[1]);
  const before = tokens();
  const shown = startPhone(t, relay, temporaryFolder(t), "--show");
  await shown.hears(/Connection number/);
  assert.ok(before.refresh_token);
  assert.notEqual(tokens().refresh_token, before.refresh_token);
  shown.child.kill("SIGKILL");

  const cancelled = startCommand(t, "login", "--relay", origin);
  const browser = await openBrowser(t, origin);
  await browser.goto(await cancelled.hears(/(http\S+)\n/));
  await browser.getByRole("button", { name: "Abort" }).click();
  assert.equal(await cancelled.end(), 1);
  assert.match(cancelled.complained, /cancelled or is not allowed.*\[login_denied\]/s);
  assert.equal(tokens().issuer, before.issuer, "the login before it stays");

  const out = startCommand(t, "logout", "--relay", origin);
  assert.equal(await out.end(), 0, out.complained);
  const again = startCommand(t, "logout", "--relay", origin);
  assert.equal(await again.end(), 1);
  assert.match(again.complained, /\[not_logged_in\]/);
  assert.deepEqual([...filesBelow(settingsOf(t)).keys()].map((path) => path.split(".").pop()).sort(), ["issuer", "key"]);

  const open = await startRelay(t);
  const needless = startCommand(t, "login", "--relay", open.origin);
  assert.equal(await needless.end(), 1);
  assert.match(needless.complained, /needs no login.*\[no_login\]/s);
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

const RULES = `
[desk]
name = { ko = "통합 지원센터", en = "Support centre" }
phone = "110"

[agency.interior]
name = { ko = "행정안전부", en = "Ministry of the Interior" }
directions = ["from-pc"]
devices = 1
text = { ko = "행정안전부 직원만 쓸 수 있습니다.", en = "For the ministry's people only." }
[agency.interior.desk]
name = { ko = "정보화담당관실", en = "IT office" }
phone = "02-2100-0000"
hours = { ko = "평일 09:00~18:00", en = "weekdays 9 to 18" }

[agency.tax]
name = { ko = "국세청", en = "National Tax Service" }
deposits = false
issuers = ["CA000000000"]
[agency.tax.desk]
name = { ko = "세정 지원", en = "Tax desk" }
mail = "desk@tax.example"
`;

/** Three providers of two agencies and of one that has no rules here. */
async function startAgencies(t, rules = RULES) {
  const file = join(temporaryFolder(t), "agencies.toml");
  writeFileSync(file, rules);
  const tax = { lee: { name: "이세무", email: "lee@tax.example", email_verified: true } };
  const providers = {
    interior: { people: PEOPLE, says: INTERIOR, ...APP },
    tax: { people: tax, says: 'domains = ["tax.example"]\n', ...APP },
    gone: { people: tax, ...APP },
  };
  return { ...(await startWorld(t, providers, "--agencies", file)), rules: file };
}

test("two agencies with providers of their own: each person has the rules of the own agency", async (t) => {
  const { origin } = await startAgencies(t);
  const hong = await openBrowser(t, origin);
  await logIn(hong, origin, "hong", "행정안전부 계정으로 로그인");
  await hong.getByText("행정안전부 직원만 쓸 수 있습니다.").waitFor();
  await hong.getByRole("button", { name: "맡겨 두고 나중에 받기" }).waitFor();
  await hong.getByRole("button", { name: "휴대전화에서 PC로 가져오기" }).click();
  const stopped = hong.getByRole("alert");
  await stopped.getByText("행정안전부 정책상 이 방향으로는 인증서를 옮길 수 없습니다.").waitFor();
  await stopped.getByText("문의: 정보화담당관실, 02-2100-0000, 평일 09:00~18:00").waitFor();

  const lee = await openBrowser(t, origin);
  await logIn(lee, origin, "lee", "국세청 계정으로 로그인");
  await lee.getByText("이세무").waitFor();
  assert.equal(await lee.getByRole("button", { name: "맡겨 두고 나중에 받기" }).count(), 0);
  await lee.getByRole("button", { name: "인증서를 휴대전화로 옮기기" }).click();
  await lee.locator("input[webkitdirectory]").setInputFiles(sampleFolder(t, "NPKI"));
  await lee.locator("main li button").first().click();
  await lee.locator("#password").fill(PASSWORD);
  await lee.getByRole("button", { name: "확인", exact: true }).click();
  await lee.getByRole("alert").getByText("국세청 정책상 이 발급기관의 인증서는 옮길 수 없습니다.").waitFor();
  await lee.getByRole("alert").getByText("문의: 세정 지원, desk@tax.example").waitFor();
  // At the other agency's provider the account is a stranger's.
  const stranger = await openBrowser(t, origin);
  await logIn(stranger, origin, "lee", "행정안전부 계정으로 로그인");
  await stranger.getByRole("alert").getByText("기관의 계정이 아닙니다").waitFor();
});

test("the limit of devices is told with the agency and its desk", async (t) => {
  const { origin, relay } = await startAgencies(t);
  const page = await openBrowser(t, origin);
  await logIn(page, origin, "hong", "행정안전부 계정으로 로그인");
  await page.getByText("홍길동").waitFor();
  const join = async () => {
    const login = await logInDevice(t, origin, "hong", "--provider", "interior", "--new-device");
    assert.equal(await login.end(), 0, login.complained);
    await showQr(page, origin, sampleFolder(t, "NPKI"));
    return startPhone(t, relay, temporaryFolder(t), "--image", await photograph(t, page));
  };
  const first = await join();
  await first.hears(/Security code/);
  first.child.kill("SIGINT");
  await first.end();
  const second = await join();
  assert.equal(await second.end(), 1);
  assert.match(second.complained, /Ministry of the Interior: You have as many devices.*Ask: IT office, 02-2100-0000, weekdays 9 to 18 \[not_allowed, \S{4}-\S{3}\]/s);
  const tax = startCommand(t, "login", "--relay", origin);
  assert.equal(await tax.end(), 1);
  assert.match(tax.complained, /--provider.*gone, interior, tax/);
});

test("whose agency has no rules here hears so, and can log out", async (t) => {
  const { origin } = await startAgencies(t);
  const page = await openBrowser(t, origin, "en-US");
  await logIn(page, origin, "lee", "Log in: gone");
  const alert = page.getByRole("alert");
  await alert.getByText("The agency of this account does not use this service.").waitFor();
  await alert.getByText("Ask: Support centre, 110").waitFor();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  assert.equal(await sessionOf(page), undefined);
  await logIn(page, origin, "hong", "Log in: Ministry of the Interior");
  await page.getByText("For the ministry's people only.").waitFor();
});

test("a person who is not in their agency's network hears so, and can log out", async (t) => {
  const { origin } = await startAgencies(t, RULES.replace("devices = 1", 'networks = ["10.1.0.0/16"]'));
  const page = await openBrowser(t, origin);
  await logIn(page, origin, "hong", "interior 계정으로 로그인");
  const alert = page.getByRole("alert");
  await alert.getByText("행정안전부 정책상 이 망에서는 인증서를 옮길 수 없습니다.").waitFor();
  await alert.getByText("문의: 정보화담당관실, 02-2100-0000, 평일 09:00~18:00").waitFor();
  await page.getByRole("button", { name: "로그아웃" }).click();
  await page.getByRole("heading", { name: "로그인" }).waitFor();
  await logIn(page, origin, "lee", "국세청 계정으로 로그인");
  await page.getByText("이세무").waitFor();
});

for (const [locale, words] of [
  ["ko-KR", { devices: "기기 관리", desk: "기록 조회", search: "조회", reason: "조회하는 이유", back: "뒤로" }],
  ["en-US", { devices: "My devices", desk: "Look up", search: "Look up", reason: "Reason", back: "Back" }],
]) {
  test(`login, devices and look-up are free of barriers (${locale})`, async (t) => {
    const { origin, relay } = await startWorld(t, { interior: { people: PEOPLE, says: INTERIOR, ...APP } });
    const page = await openBrowser(t, origin, locale);
    const button = (name) => page.getByRole("button", { name, exact: true });
    await page.goto(origin);
    await page.locator("h1").waitFor();
    await inspect(page, "login", "");
    await page.goto(`${origin}/login/callback?state=forged`);
    await page.getByRole("alert").waitFor();
    await inspect(page, "failed login", "");
    await page.locator("main .primary").click();
    await logInAs(page, "desk");
    await page.locator("#person").waitFor();
    await inspect(page, "start", "");
    await button(words.devices).click();
    await page.locator("h1").getByText(words.devices).waitFor();
    await inspect(page, "no devices");
    await button(words.back).click();
    const login = await logInDevice(t, origin, "desk");
    assert.equal(await login.end(), 0, login.complained);
    const shown = startPhone(t, relay, temporaryFolder(t), "--show");
    await shown.hears(/Connection number/);
    await button(words.devices).click();
    await page.getByText("linux").waitFor();
    await inspect(page, "devices");
    page.on("dialog", (dialog) => dialog.accept());
    await page.locator("li button").last().click();
    await page.locator("li .note").waitFor();
    await inspect(page, "a revoked device");
    await button(words.back).click();
    await button(words.desk).click();
    await page.locator("form").waitFor();
    await inspect(page, "look-up");
    await page.getByLabel(words.reason).fill("a call");
    await page.locator("form .primary").click();
    await page.locator("table").waitFor();
    await inspect(page, "what was found");
    await page.locator("#reference").fill("nonsense");
    await page.getByLabel(words.reason).fill("a call");
    await page.locator("form .primary").click();
    await page.getByRole("alert").waitFor();
    await inspect(page, "a wrong reference number");
    assert.deepEqual(page.mistakes, []);
  });
}
