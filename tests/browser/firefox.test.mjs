import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import puppeteer from "puppeteer-core";
import { PASSWORD, filesBelow, sampleFolder, startPhone, startRelay, temporaryFolder } from "./people.mjs";

// Firefox takes no folder from a test, so the folder's files are set on the same input: what is
// lost is only the folders' names.
test("Firefox: the files of a folder cross, and no deletion is offered", async (t) => {
  const relay = await startRelay(t);
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: "/usr/bin/firefox-esr",
    headless: true,
    extraPrefsFirefox: { "intl.accept_languages": "ko-KR, ko" },
  });
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  const mistakes = [];
  page.on("pageerror", (error) => mistakes.push(String(error)));
  const press = (label) => page.locator(`::-p-xpath(//button[normalize-space()='${label}'])`).click();
  const reads = (text) => page.waitForSelector(`::-p-xpath(//*[@id='screen']//*[contains(text(), '${text}')])`);

  await page.goto(relay.origin);
  await press("시작하기");
  const folder = sampleFolder(t, "GPKI");
  const originals = filesBelow(folder);
  const input = await page.waitForSelector("input[webkitdirectory]");
  await input.uploadFile(...[...originals.keys()].map((path) => join(folder, path)));
  await page.locator("button.certificate").click();
  await page.locator("#password").fill(PASSWORD);
  await press("확인");
  await reads("남은 시간");
  const picture = join(temporaryFolder(t), "screen.png");
  await page.screenshot({ path: picture });

  const into = temporaryFolder(t);
  const phone = startPhone(t, relay, into, "--image", picture);
  const code = await phone.hears(/Security code: (\d{6})/);
  await page.locator("#code").fill(code);
  await press("확인하고 보내기");
  await phone.hears(/^1\. /m);
  phone.type("y");
  phone.type(PASSWORD);
  await reads("휴대전화에 저장하고 확인했습니다.");
  await reads("이 브라우저에서는 파일을 삭제할 수 없습니다.");
  const buttons = await page.$$eval("main button", (all) => all.map((one) => one.textContent));
  assert.ok(!buttons.includes("원본 삭제"), `${buttons}`);
  await press("남겨 두기");
  await reads("원본을 남겨 두었습니다.");
  assert.equal(await phone.end(), 0);
  assert.deepEqual([...filesBelow(folder)], [...originals]);
  const arrived = [...filesBelow(into).values()];
  assert.equal(arrived.length, originals.size);
  for (const bytes of originals.values()) assert.ok(arrived.some((other) => other.equals(bytes)));
  assert.deepEqual(mistakes, []);
});
