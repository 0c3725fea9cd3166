// Devices that prove to each other whose they are, and a relay that lies about that.
import { once } from "node:events";
import { createServer, request } from "node:http";
import { drop, freePort, openBrowser, startProgram, startRelay, PASSWORD } from "./people.mjs";
import { appToken, logInAs, startProvider } from "./provider.mjs";
import { logIn, startWorld } from "./world.mjs";

export const PEOPLE = { hong: { name: "홍길동" }, kim: { name: "김철수" } };
const CLIENTS = { pageClientId: "naru-channel-page", appClientIds: ["naru-channel-app"] };

/** A relay whose provider's people prove at both ends who they are. */
export async function startChannel(t, settings = {}) {
  const says = 'channel = { page_client_id = "naru-channel-page", app_client_ids = ["naru-channel-app"] }\n';
  const world = await startWorld(t, { interior: { people: PEOPLE, says, ...settings } });
  return { ...world, issuer: world.issuers.interior, accounts: true };
}

/** A relay that lets everybody join, and says that the page's person is logged in: nothing that it says of people is true. */
export async function startLyingRelay(t, settings = {}) {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const { issuer } = await startProvider(t, { relay: origin, people: PEOPLE, ...settings });
  const open = await startRelay(t);
  const lies = {
    "/v1/settings": async (honest) => ({ ...(await honest.json()), login: { providers: [{ id: "interior", issuer, channel: CLIENTS }] } }),
    "/v1/me": () => ({ name: "홍길동", provider: "interior", agency: null, isAdmin: false }),
  };
  const proxy = createServer(async (from, to) => {
    const { pathname } = new URL(from.url, origin);
    if (lies[pathname]) {
      to.setHeader("content-type", "application/json");
      return to.end(JSON.stringify(await lies[pathname](await fetch(open.origin + pathname))));
    }
    const path = pathname === "/login/channel" ? "/channel.html" : from.url;
    const sent = request(open.origin + path, { method: from.method, headers: from.headers }, (answer) => {
      const headers = { ...answer.headers };
      headers["content-security-policy"] = headers["content-security-policy"].replace("connect-src 'self'", `connect-src 'self' ${issuer}`);
      to.writeHead(answer.statusCode, headers);
      answer.pipe(to);
    });
    sent.on("error", () => to.destroy());
    to.on("close", () => sent.destroy());
    from.pipe(sent);
  }).listen(port, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => proxy.closeAllConnections());
  t.after(() => proxy.close());
  return { origin, issuer, relay: open, accounts: false };
}

/** The person's browser, in which they are logged in with the relay. */
export async function openAs(t, world, name, locale = "ko-KR") {
  const page = await openBrowser(t, world.origin, locale);
  page.on("dialog", (dialog) => dialog.accept());
  if (!world.accounts) await page.goto(world.origin);
  else await logIn(page, world.origin, name, locale === "ko-KR" ? "로그인" : "Log in");
  await page.getByText(PEOPLE[name].name).waitFor();
  return page;
}

/** From the start to the question who the person is, or past it to the QR. */
export async function beginGiving(page, folder) {
  await page.locator("button.way").first().click();
  await drop(page, folder);
  await page.locator("button.certificate").first().click();
  await page.locator("#password").fill(PASSWORD);
  await page.locator("form .primary").click();
}

/** The window that the page opens for the person to say who they are. */
export async function openWindow(page) {
  const opened = page.context().waitForEvent("page");
  await page.locator("#identify").click();
  return opened;
}

/** The person says at the provider who they are, which the page hears. */
export async function confirm(page, name) {
  const window = await openWindow(page);
  const closed = window.isClosed() || window.waitForEvent("close").then(() => true);
  const asked = window.getByRole("button", { name: /Sign-in|Continue/ }).waitFor().then(() => false, () => true);
  // Whom the provider knows already, it asks nothing.
  if (await Promise.race([closed, asked])) return;
  if (await window.locator("input[name=login]").count()) await logInAs(window, name);
  else await window.getByRole("button", { name: "Continue" }).click();
  await closed;
}

/** The pairing code, as whoever photographs the QR has it. */
export async function photographed(page) {
  await page.locator(".left").filter({ hasText: /\d/ }).waitFor();
  return page.locator("#pairing-code").textContent();
}

/** An app's stand-in on which somebody is logged in, and whose tokens count there; without any it proves and asks nothing. */
export async function startApp(t, world, name, told, audiences = [CLIENTS.pageClientId, ...CLIENTS.appClientIds]) {
  const app = startProgram(t, "naru-test-phone");
  const { nonce } = JSON.parse(await app.hears(/(.*nonce.*)\n/));
  const browser = await openBrowser(t, world.origin);
  const line = { relay: world.origin, ...told };
  if (world.accounts) line.account = await appToken(browser, world.issuer, "naru-app", name, "n");
  if (audiences.length > 0) {
    const token = await appToken(browser, world.issuer, "naru-channel-app", name, nonce);
    const jwks = await (await fetch(`${world.issuer}/jwks`)).text();
    line.channel = { token, issuer: world.issuer, audiences, jwks };
  }
  await browser.context().close();
  app.type(JSON.stringify(line));
  app.ended = () => app.hears(/"end":"(\w+)"/);
  return app;
}
