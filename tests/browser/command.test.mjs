// The command's login at a real provider, with a browser of its machine.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  PASSWORD, filesBelow, freePort, openBrowser, sampleFolder, startCommand, startPhone, startRelay, startSender,
  temporaryFolder, typeCode,
} from "./people.mjs";
import { PEOPLE, beginGiving, confirm, openAs, photographed } from "./channel.mjs";
import { confirmDevice, logInAs, startProvider } from "./provider.mjs";

// The test is the person's browser: no other may come up.
process.env.BROWSER = "true";

const CHANNEL = { page: "naru-channel-page", app: "naru-channel-app" };

/** Registered as `docs/identity.md` says. */
const clientsOf = (relay, ...grants) => [
  { client_id: "naru-relay", token_endpoint_auth_method: "none", redirect_uris: [`${relay}/login/callback`] },
  { client_id: CHANNEL.page, token_endpoint_auth_method: "none", redirect_uris: [`${relay}/login/channel`] },
  ...["naru-app", CHANNEL.app].map((id) => ({
    client_id: id,
    application_type: "native",
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", ...(id === CHANNEL.app ? [] : grants)],
    redirect_uris: ["http://127.0.0.1/naru"],
  })),
];

/** A relay where devices prove whose they are, and its provider. */
async function startWorld(t, deviceFlow) {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const grants = deviceFlow.enabled ? ["urn:ietf:params:oauth:grant-type:device_code"] : [];
  const { issuer } = await startProvider(t, {
    relay: origin, people: PEOPLE, features: { deviceFlow }, clients: clientsOf(origin, ...grants), conformIdTokenClaims: false,
  });
  const identity = join(temporaryFolder(t), "identity.toml");
  writeFileSync(
    identity,
    `origin = "${origin}"\n[provider.interior]\nissuer = "${issuer}"\nclient_id = "naru-relay"\napp_client_ids = ["naru-app"]\n` +
      `channel = { page_client_id = "${CHANNEL.page}", app_client_ids = ["${CHANNEL.app}"] }\n`,
  );
  const relay = await startRelay(t, "--listen", `127.0.0.1:${port}`, "--identity", identity);
  return { relay, origin, issuer, accounts: true };
}

const startLogin = (t, { origin, issuer }) =>
  startCommand(t, "login", "--relay", origin, "--issuer", issuer, "--channel-clients", Object.values(CHANNEL).join(","));

/** Follows the address for the other device in a browser where the person is logged in or not. */
async function recognise(page, login, name) {
  await page.goto(await login.hears(/recognise each other[^\n]*\n {2}(http\S+)\n/));
  if (name) await logInAs(page, name);
  else await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("You may close this window").waitFor();
}

async function cross(t, relay) {
  const folder = sampleFolder(t, "NPKI");
  const sender = startSender(t, relay, folder);
  const into = temporaryFolder(t);
  const phone = startPhone(t, relay, into, "--yes", "--code", await sender.hears(/(NARU:.*)\n/));
  sender.type(await phone.hears(/Security code: (\d{6})/));
  await phone.hears(/Stored in/);
  phone.type(PASSWORD);
  assert.equal(await phone.end(), 0, phone.complained);
  assert.equal(await sender.end(), 0, sender.complained);
  const given = [...filesBelow(folder).values()].map((it) => it.toString("hex")).sort();
  assert.deepEqual([...filesBelow(into).values()].map((it) => it.toString("hex")).sort(), given);
}

/** Both logins, in one browser of the person's. */
async function logIn(t, world, name) {
  const login = startLogin(t, world);
  const page = await openBrowser(t, world.origin, "en-US");
  await page.goto(await login.hears(/Log in with a browser[^\n]*\n {2}(http\S+)\n/));
  await logInAs(page, name);
  await page.getByText("You may close this window").waitFor();
  await recognise(page, login);
  assert.equal(await login.end(), 0, login.complained);
  assert.match(login.said, /Logged in/);
  assert.deepEqual(page.mistakes, []);
}

test("the command logs in with a browser where the provider has no grant for devices", async (t) => {
  const world = await startWorld(t, { enabled: false });
  await logIn(t, world, "hong");
  await cross(t, world.relay);
});

test("the page gives to the command of the same person, and to nobody else's", async (t) => {
  const world = await startWorld(t, { enabled: false });
  const page = await openAs(t, world, "hong");
  for (const [name, kind] of [["hong", "NPKI"], ["kim", "GPKI"]]) {
    const folder = sampleFolder(t, kind);
    await logIn(t, world, name);
    await beginGiving(page, folder);
    if (name === "hong") await confirm(page);
    const into = temporaryFolder(t);
    const phone = startPhone(t, world.relay, into, "--yes", "--code", await photographed(page));
    if (name === "kim") {
      assert.equal(await phone.end(), 1);
      assert.match(phone.complained, /\[other_person, /);
      assert.equal(filesBelow(into).size, 0);
      continue;
    }
    await typeCode(page, await phone.hears(/Security code: (\d{6})/));
    await phone.hears(/Stored in/);
    phone.type(PASSWORD);
    await page.getByRole("button", { name: "남겨 두기" }).click();
    assert.equal(await phone.end(), 0, phone.complained);
    assert.deepEqual([...filesBelow(into).values()], [...filesBelow(folder).values()]);
    await page.getByRole("button", { name: "처음으로" }).click();
  }
});

test("the command logs in by a code for the relay, and with a browser for the other device", async (t) => {
  const world = await startWorld(t, { enabled: true, mask: "****-****" });
  const login = startLogin(t, world);
  const address = await login.hears(/any device[^\n]*\n {2}(http\S+)\n/);
  const elsewhere = await openBrowser(t, world.origin, "en-US");
  await confirmDevice(elsewhere, address, "hong");
  const page = await openBrowser(t, world.origin, "en-US");
  await recognise(page, login, "hong");
  assert.equal(await login.end(), 0, login.complained);
  await cross(t, world.relay);
});

test("a person who cancels at the provider is told so, in the window and in the terminal", async (t) => {
  const world = await startWorld(t, { enabled: false });
  const login = startLogin(t, world);
  const page = await openBrowser(t, world.origin, "en-US");
  await page.goto(await login.hears(/Log in with a browser[^\n]*\n {2}(http\S+)\n/));
  await page.getByRole("link", { name: "[ Cancel ]" }).click();
  await page.getByText("The terminal says why").waitFor();
  assert.equal(await login.end(), 1);
  assert.match(login.complained, /not allowed. \(access_denied\) \[login_denied\]/);
});
