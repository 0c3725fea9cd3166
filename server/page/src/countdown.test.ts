import { expect, test } from "vitest";
import { clock, isAnnounced } from "./countdown";

test("shows whole minutes and seconds and never less than nothing", () => {
  expect(clock(161)).toEqual({ minutes: 2, seconds: 41 });
  expect(clock(0.2)).toEqual({ minutes: 0, seconds: 1 });
  expect(clock(-5)).toEqual({ minutes: 0, seconds: 0 });
});

test("reads out 60 and 20 seconds, once each", () => {
  expect(isAnnounced(60.4, 59.9)).toBe(true);
  expect(isAnnounced(59.9, 58.9)).toBe(false);
  expect(isAnnounced(20.5, 19.5)).toBe(true);
  expect(isAnnounced(Infinity, 180)).toBe(false);
});
