import type { Details } from "./core";
import type { Refusal } from "./remark";
import type { Settings } from "./settings";
import type { Way } from "./way";

type Direction = "from-pc" | "to-pc" | "to-storage";

const DIRECTIONS: Record<Way, Direction | undefined> = {
  phone: "from-pc", deposit: "from-pc", bring: "to-pc", fetch: "to-pc", copy: "to-storage", passwd: undefined,
};

/** The agency's rule that keeps a certificate from going this way; none where it may. */
export function refusedWay(settings: Settings, way: Way): Refusal | undefined {
  const direction = DIRECTIONS[way];
  if (!direction || !settings.directions || settings.directions.includes(direction)) return undefined;
  return refusal(settings, "directions");
}

/** The agency's rule that keeps this certificate from being moved; none where it may be. */
export function refusedCertificate(settings: Settings, details: Details | undefined): Refusal | undefined {
  const { issuers, policies } = settings;
  if (issuers && !(details && issuers.includes(details.issuer))) return refusal(settings, "issuers");
  if (policies && !details?.policies.some((policy) => policies.includes(policy))) return refusal(settings, "policies");
  return undefined;
}

function refusal({ agency, desk }: Settings, rule: string): Refusal {
  return { rule, agency: agency ?? null, desk: desk ?? null };
}
