import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection } from './connection.svelte';

let connection: Connection;
let tell: EventTarget;
/** What the server answers when it is asked; null: nothing. */
let health: boolean | null;
let asked: number;
let returned: number;

beforeEach(() => {
  vi.useFakeTimers();
  tell = new EventTarget();
  health = true;
  asked = returned = 0;
  vi.stubGlobal('navigator', { onLine: true });
  vi.stubGlobal('addEventListener', (name: string, listener: () => void) => tell.addEventListener(name, listener));
  vi.stubGlobal('fetch', async () => {
    asked++;
    if (health === null) throw new TypeError('Failed to fetch');
    return { ok: health };
  });
  start();
});
afterEach(() => vi.useRealTimers());

function start() {
  connection = new Connection();
  connection.onReturn(() => returned++);
  connection.watch();
}
const browserSays = async (what: 'online' | 'offline') => {
  tell.dispatchEvent(new Event(what));
  await vi.advanceTimersByTimeAsync(0);
};
const later = () => vi.advanceTimersByTimeAsync(3000);

describe('a connection', () => {
  it('is back although no request has noticed that it was cut', async () => {
    health = null;
    await browserSays('offline');
    expect(connection.isOnline).toBe(false);
    health = true;
    await browserSays('online');
    expect(connection.isOnline).toBe(true);
    expect(returned).toBe(1);
  });

  it('is back when the server answers, not when the network is there', async () => {
    health = null;
    await browserSays('offline');
    await browserSays('online');
    expect(connection.isOnline).toBe(false);
    health = false;
    await later();
    expect([connection.isOnline, returned]).toEqual([false, 0]);
    health = true;
    await later();
    expect([connection.isOnline, returned]).toEqual([true, 1]);
    await later();
    expect([asked, returned]).toEqual([3, 1]);
  });

  it('is not back by the answer to what was under way when it was cut', async () => {
    health = null;
    await browserSays('offline');
    connection.reached(true);
    expect([connection.isOnline, returned]).toEqual([false, 0]);
  });

  it('is there where the server answers in spite of the browser: both are on one machine', async () => {
    vi.stubGlobal('navigator', { onLine: false });
    start();
    expect(connection.isOnline).toBe(false);
    await later();
    expect([connection.isOnline, returned]).toEqual([true, 1]);
  });

  it('is told of once, however many requests fail and succeed', async () => {
    health = null;
    for (const is of [false, false, true, true, false]) connection.reached(is);
    expect(returned).toBe(1);
    health = true;
    await later();
    expect([connection.isOnline, returned, asked]).toEqual([true, 2, 1]);
  });
});
