import { expect, test } from "vitest";
import type { Details } from "./core";
import { remarked } from "./remark";
import { refusedCertificate, refusedWay } from "./rules";
import type { Settings } from "./settings";

const OPEN: Settings = { sharedPc: false, deposit: null, roots: null, password: { minCharacters: 10, minKinds: 3 } };
const agency = { id: "interior", name: { ko: "행정안전부", en: "Interior" } };
const desk = { name: { ko: "정보화담당관실", en: "IT office" }, phone: "110" };
const official: Details = {
  name: "홍길동", issuer: "CA131000002", holder: "official", notAfter: 0, validity: "valid", policies: ["1.2.410.100001.2.1.1"],
};

test("a relay without agencies stops nobody", () => {
  for (const way of ["phone", "bring", "copy", "deposit", "fetch", "passwd"] as const) expect(refusedWay(OPEN, way)).toBeUndefined();
  expect(refusedCertificate(OPEN, undefined)).toBeUndefined();
});

test("a direction that is not named is refused with agency and desk", () => {
  const settings: Settings = { ...OPEN, agency, desk, directions: ["from-pc"] };
  expect(refusedWay(settings, "phone")).toBeUndefined();
  expect(refusedWay(settings, "deposit")).toBeUndefined();
  expect(refusedWay(settings, "passwd")).toBeUndefined();
  for (const way of ["bring", "fetch", "copy"] as const) expect(refusedWay(settings, way)).toEqual({ rule: "directions", agency, desk });
});

test("a certificate of another issuer or policy is refused, and one that cannot be read", () => {
  const issuers: Settings = { ...OPEN, agency, desk, issuers: ["CA131000002"] };
  expect(refusedCertificate(issuers, official)).toBeUndefined();
  for (const details of [undefined, { ...official, issuer: "yessignCA" }, { ...official, issuer: "CA13100000" }])
    expect(refusedCertificate(issuers, details)?.rule).toBe("issuers");
  const policies: Settings = { ...OPEN, agency, desk, policies: ["1.2.410.100001.2.1.1"] };
  expect(refusedCertificate(policies, official)).toBeUndefined();
  for (const details of [undefined, { ...official, policies: [] }, { ...official, policies: ["1.2.410.100001.2.1"] }])
    expect(refusedCertificate(policies, details)?.rule).toBe("policies");
});

test("takes the reference number of every answer, and the refusal of one", () => {
  const first = remarked({}, new Headers({ "naru-reference": "4F7K-22T" }), () => "");
  expect(first).toEqual({ reference: "4F7K-22T" });
  const headers = new Headers({ "naru-problem": "not_allowed" });
  expect(remarked(first, headers, () => "no JSON")).toEqual(first);
  const body = JSON.stringify({ rule: "networks", agency, desk });
  expect(remarked(first, headers, () => body).refusal).toEqual({ rule: "networks", agency, desk });
  expect(remarked(first, new Headers({ "naru-problem": "other" }), () => body)).toEqual(first);
});
