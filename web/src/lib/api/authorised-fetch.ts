import { isFromGateway } from '$lib/offline/gateway';
import { FROM_CACHE } from '$lib/offline/names';
import { UnreachableError } from './problem';

export interface SessionListener {
  /** The session is over: the refresh was refused. */
  expired(): void;
  /** A request reached the server, or did not. */
  reachable(is: boolean): void;
}

/** Milliseconds. A server that takes longer is as good as out of reach, and what waits behind the request may go on. */
const TIMEOUT = 60_000;

/**
 * `fetch` for the API: on a 401 the session is refreshed once and the request repeated. Refresh tokens are used once
 * only and their reuse ends the session, so refreshing is single-flight, across tabs too.
 */
export function authorisedFetch(listener: SessionListener, fetcher: typeof fetch = fetch): typeof fetch {
  let refreshing: Promise<boolean> | null = null;
  let lastRefresh = 0;

  async function reach(request: Request): Promise<Response> {
    try {
      const response = await fetcher(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT)]) });
      if (isFromGateway(response)) throw new Error(`a gateway answered ${response.status}`);
      listener.reachable(!response.headers.has(FROM_CACHE));
      return response;
    } catch (error) {
      if (request.signal.aborted) throw error;
      listener.reachable(false);
      throw new UnreachableError(error);
    }
  }

  async function postRefresh(): Promise<boolean> {
    const response = await reach(
      new Request(new URL('/api/v1/auth/refresh', location.href), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-session': 'cookie' },
        body: '{}'
      })
    );
    if (response.ok) return true;
    if (response.status === 401 || response.status === 403) return false;
    throw new UnreachableError(`refresh answered ${response.status}`);
  }

  /** Another tab that refreshed while this one waited for the lock has renewed the shared cookies already. */
  async function refresh(failedAt: number): Promise<boolean> {
    if (!('locks' in navigator)) return postRefresh();
    return navigator.locks.request('media-vault-refresh', async () => {
      const other = Number(readShared());
      if (other > failedAt || lastRefresh > failedAt) return true;
      const renewed = await postRefresh();
      if (renewed) {
        lastRefresh = Date.now();
        writeShared(lastRefresh);
      }
      return renewed;
    });
  }

  return async (input, init) => {
    const request = new Request(typeof input === 'string' ? new URL(input, location.href) : input, init);
    const again = request.clone();
    const sentAt = Date.now();
    const response = await reach(request);
    if (response.status !== 401 || /\/auth\/(login|refresh|logout)$/.test(new URL(request.url).pathname)) return response;
    refreshing ??= refresh(sentAt).finally(() => (refreshing = null));
    if (!(await refreshing)) {
      listener.expired();
      return response;
    }
    return reach(again);
  };
}

const KEY = 'refreshed-at';

function readShared(): string {
  try {
    return localStorage.getItem(KEY) ?? '0';
  } catch {
    return '0';
  }
}

function writeShared(at: number): void {
  try {
    localStorage.setItem(KEY, String(at));
  } catch {
    // Without storage each tab refreshes for itself, one after the other.
  }
}
