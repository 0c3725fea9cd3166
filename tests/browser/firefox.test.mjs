// Firefox has no way for a page to delete files: the original stays, and the page says how to delete it.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import puppeteer from "puppeteer-core";
import { PASSWORD, filesBelow, sampleFolder, startPhone, startRelay, temporaryFolder } from "./people.mjs";

async function openFirefox(t) {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: "/usr/bin/firefox-esr",
    headless: true,
    extraPrefsFirefox: { "intl.accept_languages": "ko-KR,ko" },
  });
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  page.mistakes = [];
  page.on("pageerror", (error) => page.mistakes.push(String(error)));
  return page;
}

const shows = (page, words) =>
  page.waitForFunction((words) => document.querySelector("main").innerText.includes(words), {}, words);
const press = async (page, selector) => (await page.waitForSelector(selector)).click();
const type = async (page, selector, words) => (await page.waitForSelector(selector)).type(words);

test("Firefox: a GPKI folder crosses byte for byte, and the page says how to delete it by hand", async (t) => {
  const relay = await startRelay(t);
  const folder = sampleFolder(t, "GPKI");
  const originals = filesBelow(folder);
  const page = await openFirefox(t);
  await page.goto(relay.origin);
  await press(page, "main .way");
  // Firefox takes no folder from a driver, only the files that it would have found there.
  const input = await page.waitForSelector("input[webkitdirectory]");
  await input.uploadFile(...[...originals.keys()].map((path) => join(folder, path)));
  await press(page, "button.certificate");
  await type(page, "#password", PASSWORD);
  await press(page, "form .primary");
  await shows(page, "남은 시간");

  const picture = join(temporaryFolder(t), "screen.png");
  writeFileSync(picture, await page.screenshot());
  const into = temporaryFolder(t);
  const phone = startPhone(t, relay, into, "--image", picture);
  const code = await phone.hears(/Security code: (\d{6})/);
  await type(page, "#code", code);
  await press(page, "form .primary");
  await phone.hears(/^1\. /m);
  phone.type("y");
  phone.type(PASSWORD);
  await shows(page, "휴대전화에 저장하고 확인했습니다.");
  await shows(page, "파일 탐색기에서");
  for (const path of originals.keys()) await shows(page, path.split("/").pop());
  assert.equal(await page.$("button.danger"), null);
  await press(page, "main .primary");
  await shows(page, "원본을 남겨 두었습니다.");
  assert.equal(await phone.end(), 0);

  assert.deepEqual(filesBelow(folder), originals);
  const arrived = [...filesBelow(into).values()];
  assert.equal(arrived.length, originals.size);
  for (const bytes of originals.values()) assert.ok(arrived.some((other) => other.equals(bytes)));
  assert.deepEqual(page.mistakes, []);
});
