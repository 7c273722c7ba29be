import type { Api } from '$lib/api';

/** The server answers about this many at once. */
const AT_ONCE = 1000;

/**
 * Which sizes the person's files in the vault have. A file of any other size is certainly new: it need not be read to the end
 * and hashed before it is sent.
 */
export class KnownSizes {
  #api: Api;
  #asked = new Map<number, Promise<boolean>>();

  constructor(api: Api) {
    this.#api = api;
  }

  /** What was known is too old to be believed. */
  forget(): void {
    this.#asked.clear();
  }

  /** Does a file in the vault have this size? Asks about those of `next` in the same breath. Throws what the server throws. */
  has(size: number, next: Iterable<number>): Promise<boolean> {
    return this.#asked.get(size) ?? this.#ask(size, next);
  }

  #ask(size: number, next: Iterable<number>): Promise<boolean> {
    const sizes = new Set([size]);
    for (const one of next) {
      if (sizes.size === AT_ONCE) break;
      if (!this.#asked.has(one)) sizes.add(one);
    }
    const known = this.#api.uploads.sizes([...sizes]).then(({ known }) => new Set(known));
    for (const one of sizes) {
      const answer = known.then((all) => all.has(one));
      // Nobody may ask about this one before the server does not answer.
      answer.catch(() => this.#asked.delete(one));
      this.#asked.set(one, answer);
    }
    return this.#asked.get(size) ?? Promise.resolve(true);
  }
}
