// A real provider: the certified `oidc-provider`, with its own screens for login and consent.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import Provider from "oidc-provider";

/** Where an app's login comes back to. */
const APP = "http://127.0.0.1/app";

/**
 * A provider on another site than the relay: a strict cookie does not come back from there. `people` are the
 * claims of those whom it knows, by the name with which they log in.
 */
export async function startProvider(t, { relay, people = {}, ...settings }) {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "naru-relay",
        token_endpoint_auth_method: "none",
        redirect_uris: [`${relay}/login/callback`],
      },
      {
        client_id: "naru-app",
        application_type: "native",
        token_endpoint_auth_method: "none",
        grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token", "authorization_code"],
        redirect_uris: [APP],
      },
      // Those whose tokens devices show each other.
      {
        client_id: "naru-channel-page",
        token_endpoint_auth_method: "none",
        redirect_uris: [`${relay}/login/channel`],
      },
      {
        client_id: "naru-channel-app",
        application_type: "native",
        token_endpoint_auth_method: "none",
        redirect_uris: [APP],
      },
    ],
    claims: { openid: ["sub"], profile: ["name", "roles", "org"], email: ["email", "email_verified"] },
    cookies: { keys: ["a key of the tests"] },
    features: { deviceFlow: { enabled: true, mask: "****-****" } },
    clientBasedCORS: (_, origin, { clientId }) => clientId === "naru-channel-page" && origin === relay,
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    ...settings,
  });
  server.on("request", provider.callback());
  return { issuer, provider };
}

/** A person at the provider's own screens, from its login to the way back. */
export async function logInAs(page, name) {
  await page.locator("input[name=login]").fill(name);
  await page.locator("input[name=password]").fill("a password of the tests");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}

/** A person with a browser of their own who confirms what a device asks for. */
export async function confirmDevice(page, address, name) {
  await page.goto(address);
  await page.getByRole("button", { name: "Continue" }).click();
  await logInAs(page, name);
  await page.getByText("Sign-in Success").waitFor();
}

/** An ID token of one of the app's clients, for somebody who logs in with this browser. */
export async function appToken(page, issuer, client, name, nonce) {
  const app = createServer((_, answer) => answer.end()).listen(0, "127.0.0.1");
  await once(app, "listening");
  const redirect = APP.replace("127.0.0.1", `127.0.0.1:${app.address().port}`);
  const verifier = randomBytes(32).toString("base64url");
  const asked = new URLSearchParams({
    response_type: "code", client_id: client, redirect_uri: redirect, scope: "openid", nonce, state: "s",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256",
  });
  const back = once(app, "request");
  await page.goto(`${issuer}/auth?${asked}`);
  if (await page.locator("input[name=login]").count()) await logInAs(page, name);
  else await page.getByRole("button", { name: "Continue" }).click();
  const [{ url }] = await back;
  app.close();
  app.closeAllConnections();
  const code = new URL(url, redirect).searchParams.get("code");
  const body = new URLSearchParams({
    grant_type: "authorization_code", code, redirect_uri: redirect, client_id: client, code_verifier: verifier,
  });
  const answer = await fetch(`${issuer}/token`, { method: "POST", body });
  return (await answer.json()).id_token;
}
