import { expect, it, vi } from 'vitest';
import { retryAfter } from './problem';

it('a server asks for patience in seconds or until a date', () => {
  vi.useFakeTimers({ now: Date.parse('2026-11-28T10:00:00Z') });
  try {
    expect(retryAfter('7')).toBe(7000);
    expect(retryAfter(' 0 ')).toBe(0);
    expect(retryAfter('Sat, 28 Nov 2026 10:00:30 GMT')).toBe(30_000);
    expect(retryAfter('Sat, 28 Nov 2026 09:00:00 GMT')).toBe(0);
    for (const nothing of [null, undefined, '', 'soon']) expect(retryAfter(nothing)).toBeNull();
  } finally {
    vi.useRealTimers();
  }
});
