import type { HashAnswer, HashRequest } from './hash.worker';

/** SHA-256 of files, off the main thread. `null`: the file cannot be read (any more). */
export class Hasher {
  #worker: Worker | null = null;
  #waiting = new Map<number, (sha256: string | null) => void>();
  #ticket = 0;

  hash(file: File): Promise<string | null> {
    const worker = (this.#worker ??= this.#start());
    const request: HashRequest = { ticket: ++this.#ticket, file };
    return new Promise((resolve) => {
      this.#waiting.set(request.ticket, resolve);
      worker.postMessage(request);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./hash.worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<HashAnswer>) => {
      this.#waiting.get(data.ticket)?.(data.sha256);
      this.#waiting.delete(data.ticket);
    };
    worker.onerror = () => {
      for (const resolve of this.#waiting.values()) resolve(null);
      this.#waiting.clear();
      this.#worker = null;
    };
    return worker;
  }
}
