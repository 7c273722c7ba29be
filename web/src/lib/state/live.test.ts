import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Live, type LiveChange } from './live.svelte';

class FakeSource {
  static readonly CLOSED = 2;
  static all: FakeSource[] = [];
  readyState = 1;
  onerror: (() => void) | null = null;
  #listeners = new Map<string, (event: { data: string }) => void>();
  constructor() {
    FakeSource.all.push(this);
  }
  addEventListener(type: string, listener: (event: { data: string }) => void) {
    this.#listeners.set(type, listener);
  }
  close() {
    this.readyState = FakeSource.CLOSED;
  }
  says(type: string, ids: string[]) {
    this.#listeners.get(type)?.({ data: JSON.stringify({ ids }) });
  }
  /** As when a gateway answers in place of the server. */
  isRefused() {
    this.close();
    this.onerror?.();
  }
}

class SilentChannel {
  onmessage = null;
  postMessage() {}
}

const renew = vi.fn(async () => undefined);
let live: Live;
let changes: LiveChange[];
const streams = () => FakeSource.all.length;

beforeEach(() => {
  vi.useFakeTimers();
  // The page has been open for a while.
  vi.advanceTimersByTime(5000);
  FakeSource.all = [];
  renew.mockClear();
  vi.stubGlobal('EventSource', FakeSource);
  vi.stubGlobal('BroadcastChannel', SilentChannel);
  vi.stubGlobal('navigator', {});
  live = new Live(renew);
  changes = [];
  live.onChange((change) => changes.push(change));
  live.open();
});
afterEach(() => {
  live.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('what arrives within a moment is one change', async () => {
  FakeSource.all[0]?.says('media.created', ['a', 'b']);
  FakeSource.all[0]?.says('media.updated', ['c']);
  await vi.advanceTimersByTimeAsync(400);
  expect(changes).toHaveLength(1);
  expect(changes[0]).toMatchObject({ created: new Set(['a', 'b']), updated: new Set(['c']), isResync: false });
});

it('a stream that was refused is opened again after growing pauses, and everything looked at anew', async () => {
  FakeSource.all[0]?.isRefused();
  await vi.advanceTimersByTimeAsync(1900);
  expect(streams()).toBe(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(streams()).toBe(2);
  FakeSource.all[1]?.isRefused();
  await vi.advanceTimersByTimeAsync(3900);
  expect(streams()).toBe(2);
  await vi.advanceTimersByTimeAsync(200);
  expect(streams()).toBe(3);
  expect(renew).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(400);
  expect(changes.some(({ isResync }) => isResync)).toBe(true);
});

it('when the server is back it does not wait for the end of such a pause', async () => {
  FakeSource.all[0]?.isRefused();
  await vi.advanceTimersByTimeAsync(10);
  live.hurry();
  await vi.advanceTimersByTimeAsync(0);
  expect(streams()).toBe(2);
  // Nothing is opened twice when the pause would have ended.
  await vi.advanceTimersByTimeAsync(60_000);
  expect(streams()).toBe(2);
  live.hurry();
  await vi.advanceTimersByTimeAsync(0);
  expect(streams()).toBe(2);
});
