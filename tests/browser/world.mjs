// A relay where people log in, with their providers.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, startRelay, temporaryFolder } from "./people.mjs";
import { logInAs, startProvider } from "./provider.mjs";

/** A relay where people log in; each provider by its id, with what the relay's file says of it beside issuer and clients. */
export async function startWorld(t, providers, ...options) {
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

export async function logIn(page, origin, name, button = "로그인") {
  await page.goto(origin);
  await page.getByRole("button", { name: button }).click();
  await logInAs(page, name);
}
