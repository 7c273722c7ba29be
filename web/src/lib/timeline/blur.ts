import { thumbHashToAverageRGBA } from 'thumbhash';
import type { BlurAnswer, BlurRequest } from './blur.worker';

/** Small pictures made from thumbhashes in a worker; the newest of them are kept. */
const KEPT = 3000;
const made = new Map<string, string>();
const averages = new Map<string, string>();
const waiting = new Map<string, ((url: string) => void)[]>();
let worker: Worker | null = null;

export const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

/** The colour to show before anything else; costs microseconds. */
export function averageColor(thumbhash: string): string {
  let color = averages.get(thumbhash);
  if (color === undefined) {
    const { r, g, b } = thumbHashToAverageRGBA(bytesOf(thumbhash));
    color = `rgb(${Math.round(r * 255)} ${Math.round(g * 255)} ${Math.round(b * 255)})`;
    if (averages.size > KEPT) averages.clear();
    averages.set(thumbhash, color);
  }
  return color;
}

/** Asks for the blurred picture; the answer is not called after the returned function was. */
export function blur(thumbhash: string, answer: (url: string) => void): () => void {
  const known = made.get(thumbhash);
  if (known !== undefined) {
    answer(known);
    return () => undefined;
  }
  let isWanted = true;
  const tell = (url: string) => {
    if (isWanted) answer(url);
  };
  const others = waiting.get(thumbhash);
  if (others) others.push(tell);
  else {
    waiting.set(thumbhash, [tell]);
    const request: BlurRequest = thumbhash;
    (worker ??= start()).postMessage(request);
  }
  return () => (isWanted = false);
}

function start(): Worker {
  const fresh = new Worker(new URL('./blur.worker.ts', import.meta.url), { type: 'module' });
  fresh.onmessage = ({ data }: MessageEvent<BlurAnswer>) => {
    if (made.size > KEPT) for (const old of [...made.keys()].slice(0, KEPT / 4)) made.delete(old);
    made.set(data.thumbhash, data.url);
    for (const tell of waiting.get(data.thumbhash) ?? []) tell(data.url);
    waiting.delete(data.thumbhash);
  };
  return fresh;
}
