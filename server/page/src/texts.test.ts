import { expect, test } from "vitest";
import { preferred, texts } from "./texts";

test("both languages say everything, each in its own script", () => {
  const keys = (value: object): string[] =>
    Object.entries(value).flatMap(([key, below]) =>
      typeof below === "object" ? keys(below).map((name) => `${key}.${name}`) : [key]);
  expect(keys(texts.en)).toEqual(keys(texts.ko));
  expect(JSON.stringify({ ...texts.en, otherLanguage: "" })).not.toMatch(/[가-힣]/);
});

test("speaks Korean unless the browser asks for something else first", () => {
  expect(preferred(["ko-KR", "en"]).lang).toBe("ko");
  expect(preferred(["en-US", "ko"]).lang).toBe("en");
  expect(preferred([]).lang).toBe("ko");
});
