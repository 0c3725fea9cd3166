/** Whose word counts between devices, and as which client the page asks for it (docs/protocol.md, §8.1). */
export interface Channel {
  issuer: string;
  clientId: string;
  audiences: string[];
}

/** A login that has been prepared: a window that is opened later than the press of a button is blocked. */
export interface Login {
  /** Where the person says who they are. */
  address: string;
  state: string;
  readonly verifier: string;
  readonly issuer: Described;
}

/** What the issuer's window has come back with. */
export interface Answer {
  state: string;
  code: string | null;
  error: string | null;
  iss: string | null;
}

interface Described {
  issuer: string;
  authorization_endpoint: string;
  token_endpoint: string;
  jwks_uri: string;
  response_modes_supported?: unknown;
  authorization_response_iss_parameter_supported?: unknown;
}

/** Milliseconds that the issuer may take for an answer. */
const PATIENCE = 10_000;

/** Where the issuer's window comes back to. */
const redirect = (): string => `${location.origin}/login/channel`;

/** Begins a login whose token commits to a key; throws `{code}`. */
export async function prepare({ issuer, clientId }: Channel, nonce: string): Promise<Login> {
  const described = await discover(issuer);
  const [state, verifier] = [drawn(), drawn()];
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const modes = described.response_modes_supported;
  const address = new URL(described.authorization_endpoint);
  const asked = {
    response_type: "code", client_id: clientId, redirect_uri: redirect(), scope: "openid", state, nonce,
    code_challenge: encoded(new Uint8Array(hash)), code_challenge_method: "S256",
    // So that the code stays in the browser; what the relay sees of one is of no use without the verifier either.
    ...(Array.isArray(modes) && modes.includes("fragment") && { response_mode: "fragment" }),
  };
  for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value);
  return { address: address.href, state, verifier, issuer: described };
}

/** Takes the code to the issuer; yields the ID token and the issuer's keys, or throws `{code}`. */
export async function conclude(login: Login, answer: Answer, { clientId }: Channel): Promise<{ token: string; jwks: string }> {
  const { issuer, verifier } = login;
  // RFC 9207: another issuer's answer.
  const isNamed = answer.iss !== null || issuer.authorization_response_iss_parameter_supported === true;
  if (isNamed && answer.iss !== issuer.issuer) throw { code: "token_issuer" };
  if (answer.error !== null || !answer.code) throw { code: "identity_denied" };
  const body = new URLSearchParams({
    grant_type: "authorization_code", code: answer.code, redirect_uri: redirect(), client_id: clientId, code_verifier: verifier,
  });
  const [token, jwks] = await Promise.all([ask(issuer.token_endpoint, { method: "POST", body }), ask(issuer.jwks_uri)]);
  const id: unknown = parsed(token)["id_token"];
  if (typeof id !== "string") throw { code: "token_malformed" };
  return { token: id, jwks };
}

/** When a token that the core has taken is over, in milliseconds. */
export function endOf(token: string): number {
  const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
  return Number(parsed(atob(payload))["exp"]) * 1000;
}

/** What the text is the address of; nothing where it is none. */
export function addressed(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** What the issuer says of itself, where that is all there and its own. */
async function discover(issuer: string): Promise<Described> {
  const said = parsed(await ask(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`));
  const isSafe = (name: string): boolean => {
    const text = said[name];
    const { protocol, hostname } = (typeof text === "string" && addressed(text)) || {};
    return protocol === "https:" || (protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(hostname ?? ""));
  };
  if (said["issuer"] !== issuer || !["authorization_endpoint", "token_endpoint", "jwks_uri"].every(isSafe)) {
    throw { code: "issuer_invalid" };
  }
  return said as unknown as Described;
}

async function ask(address: string, options: RequestInit = {}): Promise<string> {
  let response: Response;
  try {
    response = await fetch(address, {
      ...options, mode: "cors", credentials: "omit", cache: "no-store", redirect: "error", signal: AbortSignal.timeout(PATIENCE),
    });
  } catch {
    // Whether it is away or does not answer this page is not told to the page.
    throw { code: "issuer_unreachable" };
  }
  if (response.status >= 500) throw { code: "issuer_unreachable" };
  if (!response.ok) throw { code: options.method === "POST" ? "identity_refused" : "issuer_invalid" };
  try {
    return await response.text();
  } catch {
    throw { code: "issuer_unreachable" };
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // It is none, as below.
  }
  throw { code: "issuer_invalid" };
}

/** 256 bits that nobody can guess. */
function drawn(): string {
  return encoded(crypto.getRandomValues(new Uint8Array(32)));
}

function encoded(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
