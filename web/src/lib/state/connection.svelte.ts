/** Is the server within reach? Told by every request, asked for again while it is not. */
export class Connection {
  #browserOnline = $state(navigator.onLine);
  #serverReached = $state(true);
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #onReturn = new Set<() => void>();

  isOnline = $derived(this.#browserOnline && this.#serverReached);

  watch(): void {
    addEventListener('online', () => {
      this.#browserOnline = true;
      void this.#probe();
    });
    addEventListener('offline', () => (this.#browserOnline = false));
  }

  /** Calls `listener` each time the server is reached again. */
  onReturn(listener: () => void): () => void {
    this.#onReturn.add(listener);
    return () => this.#onReturn.delete(listener);
  }

  reached(is: boolean): void {
    if (is === this.#serverReached) return;
    this.#serverReached = is;
    if (is) for (const listener of this.#onReturn) listener();
    else this.#probeLater();
  }

  #probeLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#probe(), 3000);
  }

  async #probe(): Promise<void> {
    try {
      const response = await fetch('/health', { cache: 'no-store' });
      this.reached(response.ok);
      if (response.ok) return;
    } catch {
      this.reached(false);
    }
    this.#probeLater();
  }
}
