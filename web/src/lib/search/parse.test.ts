import { describe, expect, it } from 'vitest';
import { parseSearch } from './parse';

const now = new Date('2026-11-25T12:00:00Z');
const ask = (typed: string, locale = 'en-GB') => parseSearch(typed, locale, now);
const stretch = (from: string, to: string) => ({ from: `${from}T00:00:00Z`, to: `${to}T00:00:00Z` });

describe('what was typed', () => {
  it.each([
    ['2024', stretch('2024-01-01', '2025-01-01')],
    ['2024-05', stretch('2024-05-01', '2024-06-01')],
    ['2024-12-31', stretch('2024-12-31', '2025-01-01')],
    ['May 2024', stretch('2024-05-01', '2024-06-01')],
    ['dec 2023', stretch('2023-12-01', '2024-01-01')],
    ['summer 2024', stretch('2024-06-01', '2024-09-01')],
    ['winter 2023', stretch('2023-12-01', '2024-03-01')],
    ['last summer', stretch('2026-06-01', '2026-09-01')],
    ['last winter', stretch('2025-12-01', '2026-03-01')],
    ['last december', stretch('2025-12-01', '2026-01-01')]
  ])('"%s" is a stretch of time', (typed, expected) => expect(ask(typed)).toEqual({ q: '', ...expected }));

  it('keeps the other words', () => {
    expect(ask('beach May 2024 fujifilm')).toEqual({ q: 'beach fujifilm', ...stretch('2024-05-01', '2024-06-01') });
  });

  it('leaves words alone that only might be a date', () => {
    expect(ask('May')).toEqual({ q: 'May' });
    expect(ask('last')).toEqual({ q: 'last' });
    expect(ask('IMG_2024')).toEqual({ q: 'IMG_2024' });
    expect(ask('12345')).toEqual({ q: '12345' });
    expect(ask('2024-13')).toEqual({ q: '2024-13' });
    expect(ask('constructor')).toEqual({ q: 'constructor' });
    expect(ask('  ')).toEqual({ q: '' });
  });

  it('understands Polish, in both forms of a month', () => {
    expect(ask('maj 2024', 'pl-PL')).toEqual({ q: '', ...stretch('2024-05-01', '2024-06-01') });
    expect(ask('morze maja 2024', 'pl-PL')).toEqual({ q: 'morze', ...stretch('2024-05-01', '2024-06-01') });
    expect(ask('zeszłe lato', 'pl-PL')).toEqual({ q: '', ...stretch('2026-06-01', '2026-09-01') });
  });
});
