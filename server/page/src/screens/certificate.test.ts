import { expect, test } from "vitest";
import { date } from "./certificate";

test("writes a day as each language does", () => {
  const day = new Date(2027, 11, 31, 12).getTime() / 1000;
  expect(date(day, "ko")).toBe("2027.12.31");
  expect(date(day, "en")).toBe("31 Dec 2027");
});
