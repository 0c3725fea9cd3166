const KEY = "naru-issuer";

/** Where the person has said who they are with this relay before. */
export function knownIssuer(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Never on a shared PC: it says something of whoever was there. */
export function rememberIssuer(issuer: string): void {
  try {
    localStorage.setItem(KEY, issuer);
  } catch {
    return;
  }
}

export function forgetIssuer(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    return;
  }
}
