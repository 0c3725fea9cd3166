import type { Answer } from "./issuer";

/** Between the page and the window that comes back from the issuer: they share nothing but their origin. */
const NAME = "naru-channel";

/** Takes the answer to one state, once; any other is nobody's. */
export function listenFor(state: string, take: (answer: Answer) => void): () => void {
  const channel = new BroadcastChannel(NAME);
  channel.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
    if (data.state !== state) return;
    channel.postMessage({ taken: state });
    channel.close();
    take(data);
  });
  return () => channel.close();
}

/** Hands an answer over; `taken` runs when a page has waited for it. */
export function handOver(answer: Answer, taken: () => void): void {
  const channel = new BroadcastChannel(NAME);
  channel.addEventListener("message", ({ data }: MessageEvent<{ taken?: string }>) => {
    if (data.taken === answer.state) taken();
  });
  channel.postMessage(answer);
}
