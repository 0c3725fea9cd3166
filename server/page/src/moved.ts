const KEY = "naru-moved";

/** When certificates were moved from here, by their fingerprints; never kept on a shared PC. */
export function movedAt(fingerprint: string): number | undefined {
  return read()[fingerprint];
}

export function rememberMoved(fingerprint: string, seconds: number): void {
  write({ ...read(), [fingerprint]: seconds });
}

export function forgetMoved(fingerprint: string): void {
  const { [fingerprint]: _, ...rest } = read();
  write(rest);
}

function read(): Record<string, number> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Record<string, number>;
  } catch {
    return {};
  }
}

/** A browser that keeps nothing loses no certificate by it. */
function write(moved: Record<string, number>): void {
  try {
    if (Object.keys(moved).length === 0) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(moved));
  } catch {
    return;
  }
}
