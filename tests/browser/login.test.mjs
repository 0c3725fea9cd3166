// Login at a real provider, and what people see of their devices, their agency's rules and the audit.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { freePort, openBrowser, startRelay, temporaryFolder } from "./people.mjs";
import { logInAs, startProvider } from "./provider.mjs";

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
