import assert from "node:assert/strict";
import { test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import {
  PASSWORD, drop, openBrowser, photograph, sampleFolder, showQr, startPhone, startRelay, temporaryFolder, typeCode,
} from "./people.mjs";

/** Looks at a screen as people may have it: dark or light, wide or narrow. */
async function inspect(page, screen) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 360]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
      assert.deepEqual(found, [], `${screen}, ${colorScheme}, ${width} pixels`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(overflow, 0, `${screen} scrolls sideways at ${width} pixels`);
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

const heading = (page) => page.evaluate(() => document.activeElement?.tagName);

test("every screen is accessible, and a new one takes the focus", async (t) => {
  const relay = await startRelay(t);
  const page = await openBrowser(t, relay.origin);
  await page.goto(relay.origin);
  await inspect(page, "start");
  await page.getByRole("button", { name: "시작하기" }).click();
  assert.equal(await heading(page), "H1");
  await inspect(page, "choose");
  await drop(page, temporaryFolder(t));
  await page.getByRole("alert").getByText("인증서를 찾지 못했습니다").waitFor();
  await inspect(page, "nothing found");
  await drop(page, sampleFolder(t, "NPKI"));
  await page.locator("button.certificate").waitFor();
  assert.equal(await heading(page), "H1");
  await inspect(page, "list");
  await page.locator("button.certificate").click();
  await inspect(page, "password");
  await page.getByLabel("인증서 비밀번호", { exact: true }).fill("wrong");
  await page.getByRole("button", { name: "확인", exact: true }).click();
  await page.getByRole("alert").waitFor();
  await inspect(page, "wrong password");
  await page.getByLabel("인증서 비밀번호", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "확인", exact: true }).click();
  await page.locator("#screen").getByText("남은 시간").waitFor();
  assert.equal(await heading(page), "H1");
  await inspect(page, "QR");
  const phone = startPhone(t, relay, temporaryFolder(t), "--image", await photograph(t, page));
  const code = await phone.hears(/Security code: (\d{6})/);
  await page.getByLabel("보안번호 여섯 자리").waitFor();
  await inspect(page, "code");
  await typeCode(page, code.startsWith("0") ? `1${code.slice(1)}` : `0${code.slice(1)}`);
  await page.getByRole("alert").waitFor();
  await inspect(page, "wrong code");
  await typeCode(page, code);
  await phone.hears(/^1\. /m);
  await inspect(page, "sending");
  phone.type("y");
  phone.type(PASSWORD);
  await page.getByRole("button", { name: "남겨 두기" }).waitFor();
  assert.equal(await heading(page), "H1");
  await inspect(page, "done");
  await page.getByRole("button", { name: "남겨 두기" }).click();
  await inspect(page, "result");
});

test("screens of what went wrong are accessible", async (t) => {
  const relay = await startRelay(t, "--join-ttl", "2");
  const page = await openBrowser(t, relay.origin);
  await showQr(page, relay.origin, sampleFolder(t, "NPKI"));
  await page.getByRole("alert").getByText("시간이 지나 연결을 닫았습니다.").waitFor();
  await inspect(page, "expired");
  await relay.stop("SIGKILL");
  await page.getByRole("button", { name: "새 QR 만들기" }).click();
  await page.getByRole("alert").getByText("중계 서버에 연결할 수 없습니다").waitFor();
  await inspect(page, "relay gone");
});

test("a person with a keyboard alone moves a certificate, in English", async (t) => {
  const relay = await startRelay(t);
  const page = await openBrowser(t, relay.origin, "en-US");
  await page.goto(relay.origin);
  const press = async (label, key = "Enter") => {
    for (let presses = 0; presses < 30; presses += 1) {
      const name = await page.evaluate(() => {
        const at = document.activeElement;
        return at?.tagName === "BUTTON" ? (at.getAttribute("aria-label") ?? at.textContent) : "";
      });
      if (name?.includes(label)) return page.keyboard.press(key);
      await page.keyboard.press("Tab");
    }
    assert.fail(`${label} is not reached`);
  };
  await press("Start");
  const chooser = page.waitForEvent("filechooser");
  await press(".pfx");
  await (await chooser).setFiles(`${sampleFolder(t, "PFX")}/홍길동.pfx`);
  await page.locator("button.certificate").waitFor();
  await press("홍길동");
  await page.getByLabel("Certificate password").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.locator("canvas.qr").waitFor();
  await page.locator("#screen .left").getByText(/\d/).waitFor();
  const phone = startPhone(t, relay, temporaryFolder(t), "--image", await photograph(t, page));
  const code = await phone.hears(/Security code: (\d{6})/);
  await page.locator("#code").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.type(code);
  await page.keyboard.press("Enter");
  await phone.hears(/^1\. /m);
  phone.type("y");
  phone.type(PASSWORD);
  await page.locator("details").or(page.getByText("cannot delete")).first().waitFor();
  await press("Keep");
  assert.equal(await phone.end(), 0);
});
