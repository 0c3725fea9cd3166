// The person at the PC, for tests in other languages: the real page in the real browser, driven by lines
// of JSON. A line is `{"id": 1, "do": "give", …}`; its answer `{"id": 1, …}`, or `{"id": 1, "error": "…"}`.
// Each page that is opened is a browser of its own; `"page"` names one where there are several. At the
// end of the input everything is closed.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PASSWORD, drop, openBrowser, sampleFolder, showQr, temporaryFolder, typeCode } from "./people.mjs";

const cleanups = [];
const t = { after: (cleanup) => cleanups.push(cleanup) };
const pages = new Map();
const press = (page, name) => page.getByRole("button", { name }).click();
const digits = async (locator) => (await locator.innerText()).replaceAll(" ", "");

async function open(origin, name) {
  await pages.get(name)?.context().close();
  const page = await openBrowser(t, origin);
  page.setDefaultTimeout(60_000);
  // A dialog may go with its page before it is answered.
  page.on("dialog", (dialog) => dialog.accept().catch(() => {}));
  pages.set(name, page);
  return page;
}

/** The picture as a camera hands it over: one byte of luma a pixel. */
async function luma(page, png) {
  const blank = await page.context().newPage();
  const { width, height, bytes } = await blank.evaluate(async (base64) => {
    const blob = await (await fetch(`data:image/png;base64,${base64}`)).blob();
    const picture = await createImageBitmap(blob);
    const { width, height } = picture;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(picture, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    let bytes = "";
    for (let at = 0; at < data.length; at += 4) {
      bytes += String.fromCharCode(Math.round(0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]));
    }
    return { width, height, bytes: btoa(bytes) };
  }, png.toString("base64"));
  await blank.close();
  return { width, height, bytes: Buffer.from(bytes, "base64") };
}

const deeds = {
  /** Opens the page, chooses a sample certificate (`GPKI`, `NPKI` or `PFX`) and shows the QR. `folder` is where its copy is. */
  async give({ origin, certificate = "NPKI", page }) {
    const folder = sampleFolder(t, certificate);
    await showQr(await open(origin, page), origin, folder);
    return { folder };
  },

  /** Opens the page and shows the QR by which it receives. */
  async receive({ origin, page }) {
    const opened = await open(origin, page);
    await opened.goto(origin);
    await press(opened, "휴대전화에서 PC로 가져오기");
    await opened.locator(".left").filter({ hasText: /\d/ }).waitFor();
  },

  /** What a phone would see: `png`, and `luma` with `width` and `height`. */
  async photograph({ page }) {
    const folder = temporaryFolder(t);
    mkdirSync(folder, { recursive: true });
    const picture = await pages.get(page).screenshot();
    const { width, height, bytes } = await luma(pages.get(page), picture);
    const [png, raw] = [join(folder, "screen.png"), join(folder, "screen.luma")];
    writeFileSync(png, picture);
    writeFileSync(raw, bytes);
    return { png, luma: raw, width, height };
  },

  /** The 연결번호 that the page shows for those who cannot scan. */
  async showNumber({ page }) {
    await press(pages.get(page), "QR을 찍을 수 없나요?");
    return { number: await pages.get(page).locator("#connection-number").innerText() };
  },

  /** Types another device's 연결번호 on a page that receives. */
  async enterNumber({ number, page }) {
    await pages.get(page).getByText("보내는 기기에 연결번호가 보이나요?").click();
    await pages.get(page).getByLabel("보내는 기기의 연결번호").fill(number);
    await press(pages.get(page), "연결번호로 연결하기");
  },

  /** Types the security code that the phone shows. */
  async enterCode({ code, page }) {
    await pages.get(page).getByLabel("보안번호 여섯 자리").waitFor();
    await typeCode(pages.get(page), code);
  },

  /** The security code that the page shows. */
  async readCode({ page }) {
    return { code: await digits(pages.get(page).locator("#security-code")) };
  },

  /** What a receiving page does once the certificate has come: stores it in a new folder, and checks it. */
  async store({ page }) {
    const into = temporaryFolder(t);
    await press(pages.get(page), "맞습니다. 저장하기");
    await drop(pages.get(page), into);
    await pages.get(page).locator("#password").fill(PASSWORD);
    await press(pages.get(page), "비밀번호로 확인");
    await pages.get(page).getByRole("heading", { name: "저장했습니다." }).waitFor();
    return { into };
  },

  /** Leaves a sample certificate with the relay. */
  async deposit({ origin, certificate = "NPKI", page }) {
    const folder = sampleFolder(t, certificate);
    const opened = await open(origin, page);
    await opened.goto(origin);
    await press(opened, "맡겨 두고 나중에 받기");
    await drop(opened, folder);
    await opened.locator("button.certificate").first().click();
    await opened.getByLabel("인증서 비밀번호", { exact: true }).fill(PASSWORD);
    await press(opened, "확인");
    const recovery = await opened.locator("#recovery-code").innerText();
    return { folder, recovery, withdraw: await opened.locator("#withdraw-code").innerText() };
  },

  /** Waits for a text, also a part of one. */
  async see({ text, page }) {
    await pages.get(page).getByText(text).first().waitFor();
  },

  /** Presses a button by its name. */
  async press({ button, page }) {
    await press(pages.get(page), button);
  },

  /** Reloads the page, which ends what it was doing. */
  async reload({ page }) {
    await pages.get(page).reload();
  },

  /** Closes the browser, and says what went wrong in it unseen. */
  async close({ page }) {
    const { mistakes } = pages.get(page);
    await pages.get(page).context().close();
    pages.delete(page);
    return { mistakes };
  },
};

async function answer(line) {
  const { id, do: deed, ...rest } = JSON.parse(line);
  try {
    const result = await deeds[deed]({ page: "first", ...rest });
    console.log(JSON.stringify({ id, ...result }));
  } catch (error) {
    const seen = await pages.get(rest.page ?? "first")?.locator("body").innerText().catch(() => "");
    console.log(JSON.stringify({ id, error: `${deed}: ${error.message}`, seen }));
  }
}

// Lines that name different pages are done side by side; those of one page in their order.
const queues = new Map();
for await (const line of createInterface({ input: process.stdin })) {
  const { page = "first" } = JSON.parse(line);
  queues.set(page, (queues.get(page) ?? Promise.resolve()).then(() => answer(line)));
}
await Promise.all(queues.values());
for (const cleanup of cleanups) await cleanup();
