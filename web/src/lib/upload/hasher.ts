import type { HashAnswer, HashRequest } from './hash.worker';

/** Files beyond this have a worker of their own: a film must not hold up a thousand photos. */
const LARGE = 64 * 1024 * 1024;

/** SHA-256 of files, off the main thread. `null`: the file cannot be read (any more). */
export class Hasher {
  readonly #small = [new Desk(), new Desk()];
  readonly #large = new Desk();

  hash(file: File): Promise<string | null> {
    const [first, ...others] = this.#small as [Desk, ...Desk[]];
    const idlest = others.reduce((best, desk) => (desk.waiting < best.waiting ? desk : best), first);
    return (file.size > LARGE ? this.#large : idlest).hash(file);
  }
}

/** A worker and what it was asked. */
class Desk {
  #worker: Worker | null = null;
  #waiting = new Map<number, (sha256: string | null) => void>();
  #ticket = 0;

  get waiting(): number {
    return this.#waiting.size;
  }

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
