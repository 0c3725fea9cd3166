// A real provider: the certified `oidc-provider`, with its own screens for login and consent.
import { once } from "node:events";
import { createServer } from "node:http";
import Provider from "oidc-provider";

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
        grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
        response_types: [],
        redirect_uris: [],
      },
    ],
    claims: { openid: ["sub"], profile: ["name", "roles", "org"], email: ["email", "email_verified"] },
    cookies: { keys: ["a key of the tests"] },
    features: { deviceFlow: { enabled: true, mask: "****-****" } },
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
