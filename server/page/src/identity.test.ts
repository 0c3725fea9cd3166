import { afterEach, beforeAll, expect, test, vi } from "vitest";
import published from "../../../core/tests/vectors/identity.json?raw";
import init, { Identity, IdentityKey } from "./wasm/naru_wasm.js";
import core from "./wasm/naru_wasm_bg.wasm?url&inline";

interface Login { private: string; nonce: string; token: string }

interface Vectors {
  issuer: string; audiences: string[]; now: number; jwks: object; giver: Login; receiver: Login;
  refused: { what: string; token: string }[];
}

const vectors = JSON.parse(published) as Vectors;
const { issuer, audiences, now } = vectors;

beforeAll(async () => {
  await init({ module_or_path: await (await fetch(core)).arrayBuffer() });
});

afterEach(() => void vi.useRealTimers());

const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));

/** How a login ends in the page's core at the vectors' time. */
function outcome(token: string, key: IdentityKey, jwks: string): string {
  vi.useFakeTimers({ now: now * 1000, toFake: ["Date"] });
  try {
    new Identity(token, key, issuer, [...audiences], jwks).free();
    return "taken";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

test("takes and refuses the published tokens, as the core does elsewhere", () => {
  const jwks = JSON.stringify(vectors.jwks);
  for (const login of [vectors.giver, vectors.receiver]) {
    const key = IdentityKey.fromBytes(bytes(login.private));
    expect(key.nonce).toBe(login.nonce);
    expect(outcome(login.token, key, jwks)).toBe("taken");
  }
  const key = IdentityKey.fromBytes(bytes(vectors.receiver.private));
  const refused = Object.fromEntries(vectors.refused.map(({ what, token }) => [what, outcome(token, key, jwks)]));
  expect(refused).toEqual({
    // These tokens are right; what is refused is their proofs, which no login has.
    "another handshake": "taken", "the other end": "taken", "a stolen token": "taken",
    "another person": "token_nonce", "reflected": "token_nonce", "another nonce": "token_nonce",
    "another audience": "token_audience", "another audience too": "token_audience", "another issuer": "token_issuer",
    "expired": "token_expired", "from the future": "token_future", "no algorithm": "token_algorithm",
    "a MAC": "token_algorithm", "the algorithm of another key": "token_algorithm", "an unknown key": "token_signature",
    "a critical extension": "token_malformed",
  });
});

const encoded = (part: Uint8Array): string =>
  btoa(String.fromCharCode(...part)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** Signs whatever it is given, in the browser's own cryptography. */
async function signer(): Promise<{ jwks: string; sign: (header: string, claims: string) => Promise<string> }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const { x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
  return {
    jwks: JSON.stringify({ keys: [null, 1, [], { kty: "EC", crv: "P-256", kid: "k", x, y }] }),
    sign: async (header, claims) => {
      const signed = `${encoded(utf8(header))}.${encoded(utf8(claims))}`;
      return `${signed}.${encoded(new Uint8Array(await crypto.subtle.sign(algorithm, pair.privateKey, utf8(signed))))}`;
    },
  };
}

test("reads the browser's JSON as strictly as its own", async () => {
  const { jwks, sign } = await signer();
  const key = new IdentityKey();
  const good = { iss: issuer, sub: "hong", aud: audiences[0], nonce: key.nonce, iat: now, exp: now + 300 };
  const header = { alg: "ES256", kid: "k" };
  const claimed = async (claims: string): Promise<string> => outcome(await sign(JSON.stringify(header), claims), key, jwks);
  const headed = async (changed: string): Promise<string> => outcome(await sign(changed, JSON.stringify(good)), key, jwks);
  const changed = async (claims: object): Promise<string> => claimed(JSON.stringify({ ...good, ...claims }));
  expect(await changed({})).toBe("taken");
  expect(await changed({ aud: [...audiences], azp: audiences[0], nbf: null, exp: now + 0.5, deep: [{ x: [1e9] }] })).toBe("taken");
  expect(await claimed(JSON.stringify(good).replaceAll("/", "\\/"))).toBe("taken");
  for (const [claims, code] of [
    [{ sub: "" }, "token_malformed"], [{ sub: 1 }, "token_malformed"], [{ sub: undefined }, "token_malformed"],
    [{ sub: ["hong"] }, "token_malformed"], [{ sub: { toString: 1 } }, "token_malformed"],
    [{ sub: "\ud800" }, "token_malformed"],
    [{ aud: [] }, "token_audience"], [{ aud: [audiences[0], 1] }, "token_malformed"],
    [{ aud: [...audiences] }, "token_audience"], [{ aud: { length: 1, 0: audiences[0] } }, "token_malformed"],
    [{ exp: String(now + 300) }, "token_malformed"], [{ exp: 2 ** 53 }, "token_malformed"],
    [{ exp: true }, "token_malformed"], [{ iat: undefined }, "token_malformed"], [{ nbf: now + 61 }, "token_future"],
    [{ azp: 1 }, "token_malformed"], [{ nonce: null }, "token_nonce"], [{ iss: issuer + "/" }, "token_issuer"],
  ] as const) {
    expect([claims, await changed(claims)]).toEqual([claims, code]);
  }
  for (const claims of ["", "[]", "null", "1", "\"x\"", "{", "{} {}", "{\"exp\":1e999}", "[".repeat(9000)]) {
    expect([claims, await claimed(claims)]).toEqual([claims, "token_malformed"]);
  }
  for (const [changed, code] of [
    ["{\"alg\":\"none\",\"kid\":\"k\"}", "token_algorithm"], ["{\"alg\":\"ES256\"}", "token_signature"],
    ["{\"alg\":\"ES256\",\"kid\":\"k\",\"crit\":null}", "token_malformed"], ["[]", "token_malformed"],
    ["{\"alg\":[\"ES256\"],\"kid\":\"k\"}", "token_malformed"],
    ["{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"at+jwt\"}", "token_malformed"],
    ["{\"__proto__\":{\"alg\":\"ES256\",\"kid\":\"k\"}}", "token_malformed"],
  ] as const) {
    expect([changed, await headed(changed)]).toEqual([changed, code]);
  }
});

test("a key that is none, and a requirement that nobody meets", () => {
  const thrown = (make: () => unknown): string => {
    try {
      make();
      return "taken";
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  const key = new IdentityKey();
  expect(key.nonce).toMatch(/^[\w-]{43}$/);
  expect(IdentityKey.fromBytes(key.bytes()).nonce).toBe(key.nonce);
  expect(thrown(() => IdentityKey.fromBytes(new Uint8Array(32)))).toBe("no_identity_key");
  expect(thrown(() => IdentityKey.fromBytes(new Uint8Array(31)))).toBe("no_identity_key");
  const { token } = vectors.giver;
  expect(thrown(() => new Identity(token, key, "", audiences, "{}"))).toBe("identity_issuer");
  expect(thrown(() => new Identity(token, key, issuer, [], "{}"))).toBe("identity_audience");
  expect(thrown(() => new Identity(token, key, issuer, audiences, "{\"keys\":[]}"))).toBe("identity_keys");
});
