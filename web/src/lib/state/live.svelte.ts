import { urls } from '$lib/api';

export interface LiveChange {
  readonly created: ReadonlySet<string>;
  readonly updated: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
  /** Something may have been missed: look at everything again. */
  readonly isResync: boolean;
}

const GATHER = 250;
const KINDS = ['created', 'updated', 'removed'] as const;

/**
 * The server's events. What arrives within a quarter of a second is handed on as one change, so that a thousand new photos
 * cost one update. A lost connection is made again, with growing pauses; the browser sends Last-Event-ID by itself while it
 * reconnects, and after a connection of ours everything is looked at again.
 */
export class Live {
  #source: EventSource | null = null;
  #listeners = new Set<(change: LiveChange) => void>();
  #created = new Set<string>();
  #updated = new Set<string>();
  #removed = new Set<string>();
  #isResync = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #pause = 1000;
  #renew: () => Promise<void>;

  /** `renew` makes a request that refreshes the session if that is why the connection ended. */
  constructor(renew: () => Promise<void>) {
    this.#renew = renew;
  }

  onChange(listener: (change: LiveChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  open(): void {
    if (this.#source) return;
    const source = new EventSource(urls.events());
    this.#source = source;
    source.onopen = () => (this.#pause = 1000);
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) this.#reopen();
    };
    for (const kind of KINDS) {
      source.addEventListener(`media.${kind}`, (event) => this.#gather(kind, (event as MessageEvent<string>).data));
    }
    source.addEventListener('resync', () => this.#resync());
  }

  close(): void {
    this.#source?.close();
    this.#source = null;
    clearTimeout(this.#timer);
    clearTimeout(this.#again);
  }

  #reopen(): void {
    this.close();
    this.#again = setTimeout(() => {
      this.#pause = Math.min(30_000, this.#pause * 2);
      void this.#renew().finally(() => {
        this.open();
        this.#resync();
      });
    }, this.#pause);
  }

  #resync(): void {
    this.#isResync = true;
    this.#handOnSoon();
  }

  #gather(kind: (typeof KINDS)[number], data: string): void {
    const { ids } = JSON.parse(data) as { ids?: string[] };
    const into = { created: this.#created, updated: this.#updated, removed: this.#removed }[kind];
    for (const id of ids ?? []) into.add(id);
    this.#handOnSoon();
  }

  #handOnSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const change = { created: this.#created, updated: this.#updated, removed: this.#removed, isResync: this.#isResync };
      this.#created = new Set();
      this.#updated = new Set();
      this.#removed = new Set();
      this.#isResync = false;
      for (const listener of this.#listeners) listener(change);
    }, GATHER);
  }
}
