import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { inspect } from "./barriers.mjs";
import {
  PASSWORD, drop, filesBelow, openBrowser, photograph, sampleFolder, showQr, startPhone, startRelay, startSender,
  temporaryFolder, typeCode,
} from "./people.mjs";

const wrong = (code) => (code.startsWith("0") ? "1" : "0") + code.slice(1);

for (const [locale, words] of [
  ["ko-KR", { lang: "ko", start: /휴대전화로 옮기기/, finish: "남겨 두기", notMine: "내 휴대전화가 아닙니다" }],
  ["en-US", { lang: "en", start: /Move to phone/, finish: "Keep", notMine: "This is not my phone" }],
]) {
  test(`every screen of a transfer is free of barriers (${words.lang})`, async (t) => {
    const relay = await startRelay(t);
    const page = await openBrowser(t, relay.origin, locale);
    const button = (name) => page.getByRole("button", { name, exact: true });
    const submit = page.locator("form .primary");
    await page.goto(relay.origin);
    await page.locator("h1").waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), words.lang);
    await inspect(page, "start", "");
    await button(words.start).click();
    await inspect(page, "choose");

    await drop(page, temporaryFolder(t));
    await page.getByRole("alert").waitFor();
    await inspect(page, "no certificate");
    const folder = sampleFolder(t, "NPKI");
    writeFileSync(join(folder, "broken_sig.cer"), "x");
    await drop(page, folder);
    await page.locator("button.certificate").waitFor();
    await page.locator("summary").click();
    await page.locator("#title").focus();
    await inspect(page, "certificates");

    await page.locator("button.certificate").click();
    await inspect(page, "password");
    await page.locator("#password").fill("wrong");
    await submit.click();
    await page.getByRole("alert").waitFor();
    await inspect(page, "wrong password", "password");
    await page.locator("#password").fill(PASSWORD);
    await submit.click();
    await page.locator(".left").filter({ hasText: /\d/ }).waitFor();
    await inspect(page, "QR");

    const phone = startPhone(t, relay, temporaryFolder(t), "--image", await photograph(t, page));
    const code = await phone.hears(/Security code: (\d{6})/);
    await page.locator("#code").waitFor();
    await inspect(page, "security code");
    await page.locator("#code").fill("12");
    await submit.click();
    await page.getByRole("alert").waitFor();
    await inspect(page, "half a security code", "code");
    await page.locator("#code").fill(wrong(code));
    await submit.click();
    await page.getByRole("alert").getByText("2").waitFor();
    await inspect(page, "wrong security code", "code");
    await page.locator("#code").fill(code);
    await submit.click();
    await page.locator("progress").waitFor();
    await inspect(page, "sending");
    phone.type("y");
    phone.type(PASSWORD);
    await button(words.finish).waitFor();
    await inspect(page, "receipt");
    await button(words.finish).click();
    await page.locator("progress, .danger").first().waitFor({ state: "detached" });
    await inspect(page, "result");
    assert.equal(await phone.end(), 0);
    assert.deepEqual(page.mistakes, []);
  });
}

test("every screen of the other ways is free of barriers", async (t) => {
  const relay = await startRelay(t);
  const page = await openBrowser(t, relay.origin);
  page.on("dialog", (dialog) => dialog.accept());
  const press = (name) => page.getByRole("button", { name }).click();
  const begin = async (way) => {
    await page.goto(relay.origin);
    await press(way);
  };
  const open = async (folder) => {
    await drop(page, folder);
    await page.locator("button.certificate").click();
    await page.locator("#password").fill(PASSWORD);
    await page.locator("form .primary").click();
  };
  const folder = sampleFolder(t, "NPKI");

  await begin("휴대전화에서 PC로 가져오기");
  await page.locator(".left").filter({ hasText: /\d/ }).waitFor();
  await inspect(page, "receiving QR");
  await press("QR을 찍을 수 없나요?");
  await page.locator("#connection-number").waitFor();
  await page.locator("#title").focus();
  await inspect(page, "connection number");
  const sender = startSender(t, relay, folder, "--code", await page.locator("#connection-number").innerText());
  await sender.hears(/Connected:/);
  sender.type("y");
  await page.locator("#security-code").waitFor();
  await inspect(page, "security code of the receiver");
  sender.type(await page.locator("#security-code").innerText());
  await page.getByRole("heading", { name: "이 인증서가 맞습니까?" }).waitFor();
  await inspect(page, "arrival");
  await press("맞습니다. 저장하기");
  await inspect(page, "where to store");
  await drop(page, temporaryFolder(t));
  await page.locator("#password").waitFor();
  await inspect(page, "check");
  await press("나중에 확인");
  await page.getByRole("heading", { name: "저장했습니다." }).waitFor();
  await inspect(page, "report");

  await begin("이동식 저장장치");
  await open(folder);
  await page.getByRole("heading", { name: "어디로 복사할까요?" }).waitFor();
  await inspect(page, "copy");
  const occupied = temporaryFolder(t);
  for (const path of filesBelow(folder).keys()) {
    const place = join(occupied, path.startsWith("NPKI") ? path : join("NPKI", path));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, "another");
  }
  await drop(page, occupied);
  await page.getByRole("alert").waitFor();
  await page.locator("#title").focus();
  await inspect(page, "another file in the place");
  await press("바꾸어 저장");
  await page.getByRole("heading", { name: /복사하고 확인했습니다/ }).waitFor();
  await inspect(page, "copied");

  await begin("인증서 비밀번호 바꾸기");
  await open(folder);
  await page.locator("#new-password").waitFor();
  await inspect(page, "new password");

  await begin("맡겨 두고 나중에 받기");
  await drop(page, folder);
  await page.locator("button.certificate").click();
  await page.locator("summary").click();
  await page.locator("#title").focus();
  await inspect(page, "password with a new one");
  await page.locator("#password").fill(PASSWORD);
  await page.locator("form .primary").click();
  await page.locator("#recovery-code").waitFor();
  await inspect(page, "recovery code");
  await begin("맡긴 인증서 받기·회수");
  await inspect(page, "fetch a deposit");

  await page.goto(relay.origin);
  await page.getByLabel("공용 PC입니다").check();
  await page.locator("#title").focus();
  await inspect(page, "shared PC");
  await press("끝내기");
  await inspect(page, "the end");
  assert.deepEqual(page.mistakes, []);
});

test("an expired QR and a cancelled transfer are free of barriers", async (t) => {
  const relay = await startRelay(t, "--join-ttl", "2");
  const page = await openBrowser(t, relay.origin);
  await showQr(page, relay.origin, sampleFolder(t, "NPKI"));
  await page.getByRole("alert").waitFor();
  await inspect(page, "expired");
  await page.getByRole("button", { name: "새 QR 만들기" }).click();
  await page.locator(".left").filter({ hasText: /\d/ }).waitFor();
  const phone = startPhone(t, relay, temporaryFolder(t), "--image", await photograph(t, page));
  await page.locator("#code").waitFor();
  await page.getByRole("button", { name: "내 휴대전화가 아닙니다" }).click();
  await page.getByRole("alert").getByText("[cancelled]").or(page.getByText("cancelled")).waitFor();
  await inspect(page, "cancelled");
  assert.equal(await phone.end(), 1);
});

test("the whole way goes by the keyboard alone", async (t) => {
  const relay = await startRelay(t);
  const page = await openBrowser(t, relay.origin);
  await page.goto(relay.origin);
  await page.locator("h1").waitFor();
  /** Tabs from where the focus is until it is on the button. */
  const press = async (name) => {
    const target = page.getByRole("button", { name, exact: typeof name === "string" });
    const isThere = () => target.first().evaluate((element) => element === document.activeElement);
    for (let tabs = 0; tabs < 15 && !(await isThere()); tabs += 1) await page.keyboard.press("Tab");
    assert.ok(await isThere(), `${name} is not reached by Tab`);
    const outline = await target.first().evaluate((element) => getComputedStyle(element).outlineStyle);
    assert.equal(outline, "solid", `${name} shows no focus`);
    await page.keyboard.press("Enter");
  };
  const reach = async (id) => {
    const isThere = () => page.evaluate((id) => document.activeElement?.id === id, id);
    for (let tabs = 0; tabs < 15 && !(await isThere()); tabs += 1) await page.keyboard.press("Tab");
    assert.ok(await isThere(), `${id} is not reached by Tab`);
  };
  await press(/휴대전화로 옮기기/);
  // The browser's own dialog for a folder cannot be shown headless; its input takes the folder.
  await page.locator("input[webkitdirectory]").setInputFiles(sampleFolder(t, "NPKI"));
  await page.locator("button.certificate").waitFor();
  await press(/홍길동/);
  await page.locator("#password").waitFor();
  await reach("password");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.locator(".left").filter({ hasText: /\d/ }).waitFor();
  await press("크게 보기");
  await press("작게 보기");
  const phone = startPhone(t, relay, temporaryFolder(t), "--image", await photograph(t, page));
  const code = await phone.hears(/Security code: (\d{6})/);
  await page.locator("#code").waitFor();
  await reach("code");
  await page.keyboard.type(code);
  await page.keyboard.press("Enter");
  phone.type("y");
  phone.type(PASSWORD);
  await page.getByRole("heading", { name: "휴대전화에 저장하고 확인했습니다." }).waitFor();
  await press("마치기");
  await page.getByRole("heading", { name: "원본을 남겨 두었습니다." }).waitFor();
  assert.equal(await phone.end(), 0);
});

test("the time that is left is read out at 60 and 20 seconds, and not each second", async (t) => {
  const relay = await startRelay(t);
  const page = await openBrowser(t, relay.origin);
  await page.clock.install();
  await showQr(page, relay.origin, sampleFolder(t, "NPKI"));
  await page.evaluate(() => {
    globalThis.said = [];
    const status = document.getElementById("status");
    new MutationObserver(() => globalThis.said.push(status.textContent)).observe(status, { childList: true });
  });
  const shown = await page.locator(".left").textContent();
  const [, minutes, seconds] = shown.match(/(\d+)분 (\d+)초/).map(Number);
  for (let second = minutes * 60 + seconds; second > 5; second -= 1) await page.clock.runFor(1_000);
  const said = await page.evaluate(() => globalThis.said);
  assert.equal(said.length, 2, `${said}`);
  assert.match(said[0], /1분 0초|0분 59초/);
  assert.match(said[1], /0분 (20|19)초/);
});

test("a change of language keeps the screen, what was typed and the place", async (t) => {
  const relay = await startRelay(t);
  const page = await openBrowser(t, relay.origin);
  await page.goto(relay.origin);
  await page.getByRole("button", { name: "인증서를 휴대전화로 옮기기" }).click();
  await drop(page, sampleFolder(t, "NPKI"));
  await page.locator("button.certificate").click();
  await page.locator("#password").fill("abc");
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("heading", { name: "Type the certificate password" }).waitFor();
  assert.equal(await page.locator("#password").inputValue(), "abc");
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "language");
  assert.match(await page.title(), /^Type the certificate password/);
});
