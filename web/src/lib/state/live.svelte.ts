import { urls } from '$lib/api';

export interface LiveChange {
  readonly created: ReadonlySet<string>;
  readonly updated: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
  /** Something may have been missed: look at everything again. */
  readonly isResync: boolean;
}

type Kind = 'created' | 'updated' | 'removed';
type News = { readonly kind: Kind; readonly ids: readonly string[] } | { readonly kind: 'resync' };

/**
 * Milliseconds in which news is gathered: a single photo is seen soon, a flood of them is drawn now and then. The server tells
 * the first of many at once and the others a quarter of a second later.
 */
const GATHER = 350;
const GATHER_FLOOD = 2000;
const KINDS: readonly Kind[] = ['created', 'updated', 'removed'];

/**
 * The server's events. What arrives within a moment is handed on as one change, so that a thousand new photos
 * cost one update; while they keep coming, the pauses grow. All tabs share one stream, for browsers open only six connections to a server and each stream holds one:
 * the tab that holds the lock listens and passes on, and when it closes, another takes over.
 */
export class Live {
  #listeners = new Set<(change: LiveChange) => void>();
  #pending = { created: new Set<string>(), updated: new Set<string>(), removed: new Set<string>(), isResync: false };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #gather = GATHER;
  #handedOn = 0;
  #tabs = new BroadcastChannel('media-vault-live');
  #stop: (() => void) | null = null;
  /** Ends the pause before the next stream. */
  #endPause: (() => void) | null = null;
  #renew: () => Promise<void>;

  /** `renew` makes a request that refreshes the session if that is why the stream ended. */
  constructor(renew: () => Promise<void>) {
    this.#renew = renew;
    this.#tabs.onmessage = ({ data }: MessageEvent<News>) => {
      if (this.#stop) this.#take(data);
    };
  }

  onChange(listener: (change: LiveChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  open(): void {
    if (this.#stop) return;
    const ending = new AbortController();
    this.#stop = () => ending.abort();
    if (!('locks' in navigator)) {
      void this.#listen(ending.signal);
      return;
    }
    navigator.locks
      .request('media-vault-live', { signal: ending.signal }, () => this.#listen(ending.signal))
      .catch(() => undefined);
  }

  close(): void {
    this.#stop?.();
    this.#stop = null;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The server is back: a lost stream is opened again at once. */
  hurry(): void {
    this.#endPause?.();
  }

  /** Listens until `signal` ends it. A lost stream is opened again after growing pauses, and everything looked at anew. */
  async #listen(signal: AbortSignal): Promise<void> {
    let pause = 1000;
    let isFirst = true;
    while (!signal.aborted) {
      if (!isFirst) {
        await this.#renew();
        this.#tell({ kind: 'resync' });
      }
      isFirst = false;
      const began = performance.now();
      await this.#stream(signal);
      if (signal.aborted) return;
      pause = performance.now() - began > 30_000 ? 1000 : Math.min(30_000, pause * 2);
      await new Promise<void>((resolve) => {
        this.#endPause = resolve;
        setTimeout(resolve, pause);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      this.#endPause = null;
    }
  }

  /** One stream. Short interruptions are mended by the browser, which names the last event that it saw. */
  #stream(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const source = new EventSource(urls.events());
      const end = () => {
        source.close();
        resolve();
      };
      signal.addEventListener('abort', end, { once: true });
      source.onerror = () => {
        if (source.readyState === EventSource.CLOSED) end();
      };
      for (const kind of KINDS) {
        source.addEventListener(`media.${kind}`, (event: MessageEvent<string>) => {
          const { ids } = JSON.parse(event.data) as { ids?: string[] };
          this.#tell({ kind, ids: ids ?? [] });
        });
      }
      source.addEventListener('resync', () => this.#tell({ kind: 'resync' }));
    });
  }

  #tell(news: News): void {
    this.#tabs.postMessage(news);
    this.#take(news);
  }

  #take(news: News): void {
    if (news.kind === 'resync') this.#pending.isResync = true;
    else for (const id of news.ids) this.#pending[news.kind].add(id);
    if (this.#timer !== undefined) return;
    this.#gather = performance.now() - this.#handedOn < 2 * this.#gather ? Math.min(2 * this.#gather, GATHER_FLOOD) : GATHER;
    this.#timer = setTimeout(() => this.#handOn(), this.#gather);
  }

  #handOn(): void {
    this.#timer = undefined;
    this.#handedOn = performance.now();
    const change = this.#pending;
    this.#pending = { created: new Set(), updated: new Set(), removed: new Set(), isResync: false };
    for (const listener of this.#listeners) listener(change);
  }
}
