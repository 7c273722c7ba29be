import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, UnreachableError, type Api, type Media, type UploadCreated, type UploadInfo } from '$lib/api';
import type { Connection } from '$lib/state/connection.svelte';
import { UnreadableFile } from './item.svelte';
import { UploadQueue } from './queue.svelte';
import type { Added } from './send';

const sends = vi.hoisted(() => ({ all: [] as { url: string; atOnce: number; resolve: (id: string) => void; reject: (e: unknown) => void; stop: () => void }[] }));

const wholes = vi.hoisted(() => [] as { name: string; resolve: (added: { id: string; isNew: boolean }) => void; reject: (e: unknown) => void }[]);

vi.mock('./send', async (original) => {
  const real = await original<typeof import('./send')>();
  const send = (_: File, url: string, __: unknown, atOnce = Infinity) => {
    let resolve: (id: string) => void = () => undefined;
    let reject: (error: unknown) => void = () => undefined;
    const done = new Promise<string>((yes, no) => ((resolve = yes), (reject = no)));
    const stop = vi.fn(() => reject(new real.Stopped()));
    sends.all.push({ url, atOnce, resolve, reject, stop });
    return { done, stop };
  };
  const sendWhole = (file: File) => {
    let resolve: (added: Added) => void = () => undefined;
    let reject: (error: unknown) => void = () => undefined;
    const done = new Promise<Added>((yes, no) => ((resolve = yes), (reject = no)));
    wholes.push({ name: file.name, resolve, reject });
    return { done, stop: () => reject(new real.Stopped()) };
  };
  return { ...real, send, sendAll: send, sendWhole };
});
vi.mock('./hasher', () => ({ Hasher: class { hash = async (file: File) => `hash of ${file.name}`; } }));

class FakeConnection {
  isOnline = true;
  listeners: (() => void)[] = [];
  onReturn(listener: () => void) {
    this.listeners.push(listener);
  }
  reached(is: boolean) {
    this.isOnline = is;
    if (is) this.listeners.forEach((listener) => listener());
  }
}

let connection: FakeConnection;
let create: (body: { file_name: string }) => Promise<UploadCreated>;
let queue: UploadQueue;
let person: string;
let orphans: UploadInfo[];
/** Does the vault have files of this size? */
let isKnown: (size: number) => boolean;
const file = (name: string, size = 100) => new File([new Uint8Array(size)], name, { lastModified: 1 });
/** Lets every promise that can go on do so. */
const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

beforeEach(() => {
  sends.all.length = 0;
  wholes.length = 0;
  isKnown = () => true;
  const stored = new Map<string, string>();
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('localStorage', { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, value: string) => stored.set(key, value) });
  connection = new FakeConnection();
  create = async ({ file_name }) => ({ id: file_name, protocol: 'tus', url: `/u/${file_name}`, expires_at: new Date(Date.now() + 1e7).toISOString() });
  person = 'ada';
  orphans = [];
  const uploads = {
    create: (body: { file_name: string }) => create(body),
    sizes: async (sizes: number[]) => ({ known: sizes.filter((size) => isKnown(size)) }),
    list: async () => ({ items: orphans }),
    get: async (id: string) => ({ ...orphans[0], url: `/u/${id}` })
  };
  const api = { uploads, me: { get: async () => (person === 'nobody' ? Promise.reject(new ApiError(401, {}, null)) : { id: person }) } } as unknown as Api;
  queue = new UploadQueue(api, connection as unknown as Connection);
});

const statuses = () => queue.items.map(({ status }) => status);

describe('uploads', () => {
  it('travel four at a time and count up', async () => {
    queue.add(Array.from({ length: 6 }, (_, n) => file(`${n}.jpg`)));
    await settle();
    expect(sends.all).toHaveLength(4);
    sends.all[0]?.resolve('m0');
    await settle();
    expect(sends.all).toHaveLength(5);
    expect(queue.finished).toBe(1);
    expect(queue.sentBytes).toBe(100);
    expect(queue.items[0]?.mediaId).toBe('m0');
  });

  it('that are here already are not sent', async () => {
    create = async () => ({ media: { id: 'old' } as Media });
    queue.add([file('twice.jpg')]);
    await settle();
    expect(statuses()).toEqual(['duplicate']);
    expect(sends.all).toHaveLength(0);
    expect(queue.isActive).toBe(false);
  });

  it('that are refused say why, and the others go on', async () => {
    create = async ({ file_name }) => {
      if (file_name === 'bad.txt') throw new ApiError(415, { type: 'urn:media-vault:problem:unsupported-file', detail: 'not a photo' }, null);
      return { id: '1', protocol: 'tus', url: '/u/1', expires_at: new Date(Date.now() + 1e7).toISOString() };
    };
    queue.add([file('bad.txt'), file('good.jpg')]);
    await settle();
    sends.all[0]?.resolve('m');
    await settle();
    expect(statuses()).toEqual(['failed', 'done']);
    expect(queue.failed).toBe(1);
    expect(queue.items[0]?.error).toMatchObject({ detail: 'not a photo', code: 'unsupported-file' });
    expect(queue.progress).toBe(1);
  });

  it('cut off by the network wait and go on at the same address', async () => {
    queue.add([file('a.jpg')]);
    await settle();
    sends.all[0]?.reject(new UnreachableError('cut'));
    await settle();
    expect(statuses()).toEqual(['waiting']);
    connection.reached(true);
    await settle();
    expect(sends.all.map(({ url }) => url)).toEqual(['/u/a.jpg', '/u/a.jpg']);
    sends.all[1]?.resolve('m');
    await settle();
    expect(statuses()).toEqual(['done']);
  });

  it('wait for the person to sign in again, and lose nothing', async () => {
    const working = create;
    create = async () => {
      throw new ApiError(401, {}, null);
    };
    queue.add([file('a.jpg'), file('b.jpg')]);
    await settle();
    expect(queue.needsSignIn).toBe(true);
    expect(statuses()).toEqual(['waiting', 'waiting']);
    create = working;
    queue.signedIn();
    await settle();
    expect(sends.all).toHaveLength(2);
  });

  it('are not sent into the library of another person who signs in', async () => {
    queue.signedIn();
    await settle();
    create = async () => {
      throw new ApiError(401, {}, null);
    };
    queue.add([file('a.jpg'), file('b.jpg')]);
    await settle();
    person = 'bob';
    queue.signedIn();
    await settle();
    expect(queue.items).toHaveLength(0);
    expect(sends.all).toHaveLength(0);
  });

  it('of a file that is gone fail with that reason, and the server is not blamed', async () => {
    const gone = file('gone.jpg');
    gone.slice = () => ({ arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotFoundError')) }) as unknown as Blob;
    queue.add([gone]);
    await settle();
    sends.all[0]?.reject(new UnreachableError('cut'));
    await settle();
    expect(statuses()).toEqual(['failed']);
    expect(queue.items[0]?.error).toBeInstanceOf(UnreadableFile);
    expect(connection.isOnline).toBe(true);
  });

  it('whose announcement was answered to nobody are not announced twice', async () => {
    const working = create;
    create = async () => {
      throw new UnreachableError('the answer was cut off');
    };
    queue.add([file('a.jpg')]);
    await settle();
    let announced = 0;
    create = (body) => (announced++, working(body));
    orphans = [{ id: 'o', file_name: 'a.jpg', size: 100, offset: 0, expires_at: '', media_id: null }];
    connection.reached(true);
    await settle();
    expect(announced).toBe(0);
    expect(sends.all.map(({ url }) => url)).toEqual(['/u/o']);
  });

  it('whose address has expired begin anew', async () => {
    queue.add([file('a.jpg')]);
    await settle();
    sends.all[0]?.reject(new ApiError(410, {}, null));
    await settle();
    expect(sends.all).toHaveLength(2);
  });

  it('pause and resume', async () => {
    queue.add(Array.from({ length: 6 }, (_, n) => file(`${n}.jpg`)));
    await settle();
    queue.pause();
    await settle();
    expect(sends.all.every(({ stop }) => vi.mocked(stop).mock.calls.length === 1)).toBe(true);
    expect(statuses()).toEqual(['paused', 'paused', 'paused', 'paused', 'waiting', 'waiting']);
    queue.resume();
    await settle();
    expect(sends.all).toHaveLength(8);
    for (const { resolve } of sends.all.slice(4)) resolve('m');
    await settle();
    expect(queue.finished).toBe(4);
  });

  it('that were cut off, paused and resumed before it was clear why go on once, and can be cancelled', async () => {
    const slow = file('a.jpg');
    let look: () => void = () => undefined;
    slow.slice = () => ({ arrayBuffer: () => new Promise<void>((resolve) => (look = resolve)) }) as unknown as Blob;
    queue.add([slow]);
    await settle();
    sends.all[0]?.reject(new UnreachableError('cut'));
    await settle();
    queue.pause();
    queue.resume();
    await settle();
    look();
    await settle();
    expect([statuses(), connection.isOnline]).toEqual([['sending'], true]);
    expect(sends.all).toHaveLength(2);
    const [item] = queue.items;
    if (item) queue.cancel(item);
    expect(sends.all[1]?.stop).toHaveBeenCalled();
  });

  it('that are cancelled leave the list and the totals', async () => {
    queue.add([file('a.jpg', 300), file('b.jpg', 100)]);
    await settle();
    const [first] = queue.items;
    if (first) queue.cancel(first);
    expect(queue.items).toHaveLength(1);
    expect(queue.totalBytes).toBe(100);
  });
});

it.each([
  { said: null, rest: 5000 },
  { said: 12_000, rest: 12_000 },
  { said: 0, rest: 1000 },
  { said: 3_600_000, rest: 60_000 }
])('too many at once for the server, which asks for $said ms: they rest $rest, and go on by themselves', async ({ said, rest }) => {
  vi.useFakeTimers();
  try {
    const tick = () => vi.advanceTimersByTimeAsync(0);
    queue.add([file('a.jpg'), file('b.jpg')]);
    await tick();
    for (const sent of [...sends.all]) sent.reject(new ApiError(429, { type: 'urn:media-vault:problem:too-many-requests' }, null, said));
    await tick();
    expect(statuses()).toEqual(['waiting', 'waiting']);
    expect(queue.isResting).toBe(true);
    queue.add([file('c.jpg')]);
    await vi.advanceTimersByTimeAsync(rest - 100);
    expect(sends.all).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(200);
    expect(queue.isResting).toBe(false);
    expect(sends.all.slice(2).map(({ url }) => url)).toEqual(['/u/a.jpg', '/u/b.jpg', '/u/c.jpg']);
  } finally {
    vi.useRealTimers();
  }
});

describe('a gateway before the server that takes no large requests', () => {
  const shut = new ApiError(413, {}, null);

  it('gets them in parts, and nobody is told', async () => {
    isKnown = () => false;
    queue.add([file('film.mp4', 3e6)]);
    await settle();
    wholes[0]?.reject(shut);
    await settle();
    expect(sends.all.map(({ url, atOnce }) => [url, atOnce])).toEqual([['/u/film.mp4', 1e6]]);
    expect(queue.sentBytes).toBe(0);
    sends.all[0]?.resolve('m');
    await settle();
    expect(statuses()).toEqual(['done']);
    // What fits goes as before, and the next large one in parts at once.
    queue.add([file('small.jpg', 1e5), file('second.mp4', 3e6)]);
    await settle();
    expect(wholes.map(({ name }) => name)).toEqual(['film.mp4', 'small.jpg']);
    expect(sends.all.at(-1)).toMatchObject({ url: '/u/second.mp4', atOnce: 1e6 });
  });

  it('several are refused at the same time: each is tried again, not each in smaller parts', async () => {
    queue.add([file('a.mp4', 3e6), file('b.mp4', 3e6)]);
    await settle();
    for (const sent of [...sends.all]) sent.reject(shut);
    await settle();
    expect(statuses()).toEqual(['sending', 'sending']);
    expect(sends.all.slice(2).map(({ atOnce }) => atOnce)).toEqual([1e6, 1e6]);
  });

  it('that refuses even small ones is said to be the reason, and the server that refuses for a reason of its own is believed', async () => {
    queue.add([file('a.jpg', 1000), file('b.mp4', 3e6)]);
    await settle();
    sends.all[0]?.reject(shut);
    sends.all[1]?.reject(new ApiError(413, { type: 'urn:media-vault:problem:too-large', detail: 'over 64 GB' }, null));
    await settle();
    expect(statuses()).toEqual(['failed', 'failed']);
    expect(queue.items[0]?.error).toBe(shut);
  });
});

describe('files of a size that the vault does not know', () => {
  let hashed: (string | undefined)[];
  beforeEach(() => {
    isKnown = () => false;
    hashed = [];
    const working = create;
    create = (body: { file_name: string; sha256?: string }) => (hashed.push(body.sha256), working(body));
  });

  it('go in one request, unannounced and not hashed', async () => {
    queue.add([file('a.jpg'), file('b.jpg', 101)]);
    await settle();
    expect(wholes.map(({ name }) => name)).toEqual(['a.jpg', 'b.jpg']);
    wholes[0]?.resolve({ id: 'm', isNew: true });
    wholes[1]?.resolve({ id: 'old', isNew: false });
    await settle();
    expect(statuses()).toEqual(['done', 'duplicate']);
    expect(queue.items.map(({ mediaId }) => mediaId)).toEqual(['m', 'old']);
    expect(hashed).toEqual([]);
  });

  it('are announced when they are large, so that they can be resumed, and not hashed either', async () => {
    queue.add([file('film.mp4', 9e6)]);
    await settle();
    expect(hashed).toEqual([undefined]);
    expect(sends.all.map(({ url }) => url)).toEqual(['/u/film.mp4']);
  });

  it('are sent again when the answer was cut off, and are not said to have been there', async () => {
    queue.add([file('a.jpg')]);
    await settle();
    wholes[0]?.reject(new UnreachableError('cut'));
    await settle();
    wholes[1]?.resolve({ id: 'm', isNew: false });
    await settle();
    expect(statuses()).toEqual(['done']);
  });

  it('are hashed once they may have arrived', async () => {
    queue.add([file('a.jpg')]);
    await settle();
    wholes[0]?.reject(new UnreachableError('cut'));
    await settle();
    wholes[1]?.reject(new UnreachableError('cut'));
    await settle();
    expect(statuses()).toEqual(['waiting']);
    connection.reached(true);
    await settle();
    expect(hashed).toEqual(['hash of a.jpg']);
    expect(wholes).toHaveLength(2);
  });

  it('are not sent twice when they pause and go on while the server is asked', async () => {
    queue.add([file('a.jpg')]);
    await settle();
    wholes[0]?.reject(new UnreachableError('cut'));
    queue.pause();
    await Promise.resolve();
    queue.resume();
    await settle();
    const open = [...wholes.slice(1), ...sends.all];
    expect(open).toHaveLength(1);
    expect(sends.all).toHaveLength(1);
    sends.all[0]?.resolve('m');
    await settle();
    expect([statuses(), queue.finished]).toEqual([['done'], 1]);
  });

  it('wait for the person when the session has ended', async () => {
    queue.add([file('a.jpg')]);
    await settle();
    person = 'nobody';
    wholes[0]?.reject(new ApiError(401, {}, null));
    await settle();
    expect(queue.needsSignIn).toBe(true);
    expect(statuses()).toEqual(['waiting']);
  });

  it('of one drop are asked about together', async () => {
    const asked: number[] = [];
    isKnown = (size) => (asked.push(size), false);
    queue.add(Array.from({ length: 50 }, (_, n) => file(`${n}.jpg`, 100 + n)));
    await settle();
    expect(asked).toHaveLength(50);
    for (const { resolve } of [...wholes]) resolve({ id: 'm', isNew: true });
    await settle();
    expect(asked).toHaveLength(50);
  });
});
