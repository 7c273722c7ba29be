import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Presence } from './presence';

/** Channels of one browser. */
class Channel extends EventTarget {
  static open = new Set<Channel>();
  constructor() {
    super();
    Channel.open.add(this);
  }
  postMessage(data: unknown) {
    for (const other of Channel.open) if (other !== this) other.dispatchEvent(new MessageEvent('message', { data }));
  }
  close() {
    Channel.open.delete(this);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  Channel.open.clear();
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('BroadcastChannel', Channel);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** What closes with it is told by the last channel that was opened. */
function open(): { presence: Presence; close: () => void } {
  const presence = new Presence();
  const channel = [...Channel.open].at(-1);
  return { presence, close: () => channel?.close() };
}

it('without locks, a page that does not answer is gone', async () => {
  const { presence } = open();
  let isGone = false;
  void presence.gone('a page of yesterday').then(() => (isGone = true));
  await vi.advanceTimersByTimeAsync(900);
  expect(isGone).toBe(false);
  await vi.advanceTimersByTimeAsync(200);
  expect(isGone).toBe(true);
});

it('without locks, a page that is there is not gone until it is', async () => {
  const [one, other, third] = [open(), open(), open()];
  let gone = 0;
  for (const { presence } of [one, third]) void presence.gone(other.presence.page).then(() => gone++);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(gone).toBe(0);
  other.close();
  await vi.advanceTimersByTimeAsync(7000);
  expect(gone).toBe(2);
});
