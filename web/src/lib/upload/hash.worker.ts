import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

export interface HashRequest {
  readonly ticket: number;
  readonly file: File;
}
export interface HashAnswer {
  readonly ticket: number;
  readonly sha256: string | null;
}

/** Up to here the browser's own (faster) hash is used; it wants the whole file at once and a secure page. */
const WHOLE = 48 * 1024 * 1024;
const CHUNK = 4 * 1024 * 1024;

async function hash(file: File): Promise<string> {
  if (file.size <= WHOLE && 'subtle' in crypto) {
    return bytesToHex(new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer())));
  }
  const running = sha256.create();
  for (let at = 0; at < file.size; at += CHUNK) {
    running.update(new Uint8Array(await file.slice(at, at + CHUNK).arrayBuffer()));
  }
  return bytesToHex(running.digest());
}

const scope = self as unknown as DedicatedWorkerGlobalScope;
let last: Promise<void> = Promise.resolve();

scope.onmessage = ({ data }: MessageEvent<HashRequest>) => {
  // One after the other: reading many files at once only makes the disk seek.
  last = last.then(async () => {
    const answer: HashAnswer = { ticket: data.ticket, sha256: await hash(data.file).catch(() => null) };
    scope.postMessage(answer);
  });
};
