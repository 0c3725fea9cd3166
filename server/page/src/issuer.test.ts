import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Answer, type Login, conclude, endOf, prepare } from "./issuer";

const ISSUER = "https://login.example";
const CHANNEL = { issuer: ISSUER, clientId: "page", audiences: ["page", "app"] };
const DESCRIBED = {
  issuer: ISSUER, authorization_endpoint: `${ISSUER}/auth?tenant=1`, token_endpoint: "https://tokens.example/token", jwks_uri: `${ISSUER}/jwks`,
};
const asked: [string, RequestInit | undefined][] = [];

/** What the issuer answers at each address. */
function answers(given: Record<string, [number, unknown]>): void {
  asked.length = 0;
  vi.stubGlobal("fetch", async (address: string, options?: RequestInit) => {
    asked.push([address, options]);
    const [status, body] = given[address] ?? [0, ""];
    if (status === 0) throw new TypeError("no answer");
    return new Response(typeof body === "string" ? body : JSON.stringify(body), { status });
  });
}

const described = (changed: object = {}): Record<string, [number, unknown]> => ({
  [`${ISSUER}/.well-known/openid-configuration`]: [200, { ...DESCRIBED, ...changed }],
});

async function code(outcome: Promise<unknown>): Promise<string> {
  return outcome.then(() => "taken", (error: { code: string }) => error.code);
}

beforeEach(() => vi.stubGlobal("location", { origin: "https://relay.example" }));
afterEach(() => vi.unstubAllGlobals());

test("a login is by code and PKCE, with the key's commitment", async () => {
  answers(described({ response_modes_supported: ["query", "fragment"] }));
  const login = await prepare(CHANNEL, "commitment");
  const address = new URL(login.address);
  const values = Object.fromEntries(address.searchParams);
  expect(values).toMatchObject({
    tenant: "1", response_type: "code", client_id: "page", redirect_uri: "https://relay.example/login/channel", scope: "openid",
    nonce: "commitment", code_challenge_method: "S256", response_mode: "fragment", state: login.state,
  });
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(login.verifier)));
  expect(values["code_challenge"]).toBe(btoa(String.fromCharCode(...hash)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""));
  const other = await prepare(CHANNEL, "commitment");
  expect(new Set([login.state, login.verifier, other.state, other.verifier]).size).toBe(4);
  answers(described());
  expect(new URL((await prepare(CHANNEL, "n")).address).searchParams.has("response_mode")).toBe(false);
});

test("an issuer is its own, byte for byte, and has safe addresses", async () => {
  for (const [changed, expected] of [
    [{}, "taken"],
    [{ token_endpoint: "http://127.0.0.1:1/token" }, "taken"],
    [{ issuer: `${ISSUER}/` }, "issuer_invalid"],
    [{ issuer: ISSUER.toUpperCase() }, "issuer_invalid"],
    [{ issuer: undefined }, "issuer_invalid"],
    [{ token_endpoint: "http://login.example/token" }, "issuer_invalid"],
    [{ jwks_uri: "data:application/json,{}" }, "issuer_invalid"],
    [{ authorization_endpoint: "javascript:alert(1)" }, "issuer_invalid"],
    [{ authorization_endpoint: undefined }, "issuer_invalid"],
  ] as const) {
    answers(described(changed));
    expect([changed, await code(prepare(CHANNEL, "n"))]).toEqual([changed, expected]);
  }
  for (const [answer, expected] of [
    [[0, ""], "issuer_unreachable"], [[503, ""], "issuer_unreachable"], [[404, ""], "issuer_invalid"], [[200, "<html>"], "issuer_invalid"],
    [[200, "null"], "issuer_invalid"],
  ] as const) {
    answers({ [`${ISSUER}/.well-known/openid-configuration`]: [...answer] });
    expect([answer, await code(prepare(CHANNEL, "n"))]).toEqual([answer, expected]);
  }
});

const TOKENS: Record<string, [number, unknown]> = {
  [DESCRIBED.token_endpoint]: [200, { id_token: "a.b.c" }],
  [DESCRIBED.jwks_uri]: [200, "{\"keys\":[]}"],
};

async function prepared(changed: object = {}): Promise<[Login, Answer]> {
  answers(described(changed));
  const login = await prepare(CHANNEL, "n");
  return [login, { state: login.state, code: "c", error: null, iss: null }];
}

test("a code is taken to the issuer with its verifier, and without anything of the browser's", async () => {
  const [login, answer] = await prepared();
  answers(TOKENS);
  expect(await conclude(login, answer, CHANNEL)).toEqual({ token: "a.b.c", jwks: "{\"keys\":[]}" });
  const [, options] = asked.find(([address]) => address === DESCRIBED.token_endpoint) ?? [];
  expect(Object.fromEntries(options?.body as URLSearchParams)).toEqual({
    grant_type: "authorization_code", code: "c", redirect_uri: "https://relay.example/login/channel", client_id: "page",
    code_verifier: login.verifier,
  });
  expect(asked.every(([, given]) => given?.credentials === "omit" && given.redirect === "error" && given.cache === "no-store")).toBe(true);
});

test("what the issuer, or another one, answers else is told by its code", async () => {
  for (const [changed, said, given, expected] of [
    [{}, { error: "access_denied", code: null }, {}, "identity_denied"],
    [{}, { code: null }, {}, "identity_denied"],
    [{}, { iss: "https://other.example" }, {}, "token_issuer"],
    [{}, { iss: ISSUER }, {}, "taken"],
    [{ authorization_response_iss_parameter_supported: true }, {}, {}, "token_issuer"],
    [{}, {}, { [DESCRIBED.token_endpoint]: [400, { error: "invalid_grant" }] }, "identity_refused"],
    [{}, {}, { [DESCRIBED.token_endpoint]: [0, ""] }, "issuer_unreachable"],
    [{}, {}, { [DESCRIBED.token_endpoint]: [200, {}] }, "token_malformed"],
    [{}, {}, { [DESCRIBED.jwks_uri]: [404, ""] }, "issuer_invalid"],
  ] as const) {
    const [login, answer] = await prepared(changed);
    answers({ ...TOKENS, ...(given as unknown as typeof TOKENS) });
    const outcome = await code(conclude(login, { ...answer, ...said }, CHANNEL));
    expect([changed, said, given, outcome]).toEqual([changed, said, given, expected]);
  }
});

test("the end of a token", () => {
  expect(endOf(`x.${btoa("{\"exp\":1795000300,\"name\":\"a?b>c\"}").replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}.y`)).toBe(1_795_000_300_000);
});
