import { en } from "./texts/en";
import { ko } from "./texts/ko";
import type { Texts } from "./texts/type";

export type { Texts } from "./texts/type";

export const texts = { ko, en };

/** Korean unless the browser asks for something else first. */
export function preferred(languages: readonly string[]): Texts {
  const first = languages[0] ?? "ko";
  return first.toLowerCase().startsWith("ko") ? ko : en;
}
