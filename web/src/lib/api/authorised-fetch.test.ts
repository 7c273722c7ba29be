import { beforeEach, describe, expect, it, vi } from 'vitest';
import { authorisedFetch } from './authorised-fetch';
import { UnreachableError } from './problem';

let hasSession: boolean;
let canRefresh: boolean;
let refreshes: number;
let isDown: boolean;
const listener = { expired: vi.fn(), reachable: vi.fn() };

const server: typeof fetch = async (input) => {
  if (isDown) throw new TypeError('failed to fetch');
  const { pathname } = new URL((input as Request).url);
  if (pathname.endsWith('/auth/refresh')) {
    refreshes++;
    await Promise.resolve();
    if (canRefresh) hasSession = true;
    return new Response(null, { status: canRefresh ? 200 : 401 });
  }
  return new Response(await (input as Request).text(), { status: hasSession ? 200 : 401 });
};

beforeEach(() => {
  vi.stubGlobal('location', { href: 'http://vault.test/' });
  vi.stubGlobal('navigator', {});
  hasSession = false;
  canRefresh = true;
  refreshes = 0;
  isDown = false;
  listener.expired.mockClear();
  listener.reachable.mockClear();
});

describe('an expired session', () => {
  it('is refreshed once for many requests, which are all repeated with their bodies', async () => {
    const go = authorisedFetch(listener, server);
    const answers = await Promise.all([1, 2, 3].map((n) => go('/api/v1/x', { method: 'POST', body: `body ${n}` })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(['body 1', 'body 2', 'body 3']);
    expect(refreshes).toBe(1);
  });

  it('that cannot be refreshed is said to be over', async () => {
    canRefresh = false;
    expect((await authorisedFetch(listener, server)('/api/v1/x')).status).toBe(401);
    expect(listener.expired).toHaveBeenCalledOnce();
  });

  it('is not refreshed by a wrong password', async () => {
    await authorisedFetch(listener, server)('/api/v1/auth/login', { method: 'POST', body: '{}' });
    expect(refreshes).toBe(0);
    expect(listener.expired).not.toHaveBeenCalled();
  });
});

it('a server out of reach is told apart from one that refuses', async () => {
  isDown = true;
  await expect(authorisedFetch(listener, server)('/api/v1/x')).rejects.toBeInstanceOf(UnreachableError);
  expect(listener.reachable).toHaveBeenCalledWith(false);
});

it('a gateway that answers in place of the server says that it is out of reach; the server itself is asked what is wrong', async () => {
  const answered = (status: number, type: string) => authorisedFetch(listener, async () => new Response('{}', { status, headers: { 'content-type': type } }))('/api/v1/x');
  for (const status of [502, 503, 504, 522]) await expect(answered(status, 'text/html')).rejects.toBeInstanceOf(UnreachableError);
  expect(listener.reachable).not.toHaveBeenCalledWith(true);
  for (const status of [503, 507]) expect((await answered(status, 'application/problem+json')).status).toBe(status);
  expect((await answered(500, 'text/html')).status).toBe(500);
  expect(listener.reachable).toHaveBeenLastCalledWith(true);
});

it('a server that never answers is out of reach after a minute', async () => {
  const ending = new AbortController();
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(ending.signal);
  const silent: typeof fetch = (_, init) => new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(new DOMException('late', 'TimeoutError'))));
  const asked = authorisedFetch(listener, silent)('/api/v1/x');
  expect(timeout).toHaveBeenCalledWith(60_000);
  ending.abort();
  await expect(asked).rejects.toBeInstanceOf(UnreachableError);
  timeout.mockRestore();
});
