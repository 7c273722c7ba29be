/** Milliseconds between two questions whether the server is back. */
const ASK_EVERY = 3000;
/** Milliseconds that such a question may take. */
const PATIENCE = 10_000;

/** Is the server within reach? Told by every request, asked for again while it is not. */
export class Connection {
  /** The browser has said so; what was still under way then proves nothing, an answer to a new question does. */
  #isCut = $state(!navigator.onLine);
  #serverReached = $state(true);
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #onReturn = new Set<() => void>();

  get isOnline(): boolean {
    return this.#serverReached && !this.#isCut;
  }

  watch(): void {
    addEventListener('online', () => void this.#probe());
    addEventListener('offline', () => this.#change({ isCut: true }));
    if (this.#isCut) this.#probeLater();
  }

  /** Calls `listener` each time the server is reached again. */
  onReturn(listener: () => void): () => void {
    this.#onReturn.add(listener);
    return () => this.#onReturn.delete(listener);
  }

  reached(is: boolean): void {
    this.#change({ serverReached: is });
  }

  #change({ serverReached = this.#serverReached, isCut = this.#isCut }): void {
    const was = this.isOnline;
    this.#serverReached = serverReached;
    this.#isCut = isCut;
    if (this.isOnline === was) return;
    if (was) this.#probeLater();
    else for (const listener of this.#onReturn) listener();
  }

  #probeLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#probe(), ASK_EVERY);
  }

  async #probe(): Promise<void> {
    clearTimeout(this.#retry);
    try {
      const { ok } = await fetch('/health', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
      if (ok) this.#change({ serverReached: true, isCut: false });
      else this.reached(false);
    } catch {
      this.reached(false);
    }
    if (!this.isOnline) this.#probeLater();
  }
}
