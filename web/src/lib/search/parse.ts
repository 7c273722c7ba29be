import type { SearchQuery } from '$lib/api';

const SEASONS: Readonly<Record<string, number>> = {
  spring: 3, wiosna: 3, wiosną: 3,
  summer: 6, lato: 6, latem: 6,
  autumn: 9, fall: 9, jesień: 9, jesienią: 9,
  winter: 12, zima: 12, zimą: 12
};
const LAST = /^(last|zeszłe|zeszła|zeszły|ostatnie|ostatnia|ostatni)$/;

/**
 * What somebody typed, as a question to the server: a year, a month or a season in words becomes a stretch of time, the
 * other words stay words. "beach may 2024", "2024-05", "last summer", "zima 2023".
 */
export function parseSearch(typed: string, locale: string, now = new Date()): SearchQuery {
  const words = typed.trim().split(/\s+/).filter(Boolean);
  const months = monthNames(locale);
  let year: number | null = null;
  let month: number | null = null;
  let season: number | null = null;
  let day: number | null = null;
  let isLast = false;
  const rest: string[] = [];
  for (const word of words) {
    const name = word.toLocaleLowerCase(locale).replace(/[,.]$/, '');
    const exact = /^((?:19|20)\d\d)(?:-(0?[1-9]|1[0-2])(?:-(0?[1-9]|[12]\d|3[01]))?)?$/.exec(name);
    if (exact && year === null) {
      year = Number(exact[1]);
      month = exact[2] ? Number(exact[2]) : month;
      day = exact[3] ? Number(exact[3]) : day;
    } else if (months.has(name) && month === null) month = months.get(name) ?? null;
    else if (Object.hasOwn(SEASONS, name) && season === null) season = SEASONS[name] ?? null;
    else if (LAST.test(name)) isLast = true;
    else rest.push(word);
  }
  // "May" alone is also a name: without a year it stays a word.
  if (month !== null && year === null && !isLast) return { q: typed.trim() };
  if (isLast && season === null && month === null) return { q: typed.trim() };
  const stretch = season !== null ? seasonOf(season, year, now) : monthOf(year, month, day, now);
  return { q: rest.join(' '), ...stretch };
}

function seasonOf(start: number, year: number | null, now: Date): SearchQuery {
  const of = year ?? lastYearOf(start + 3, now);
  return between(of, start, 1, of, start + 3, 1);
}

function monthOf(year: number | null, month: number | null, day: number | null, now: Date): SearchQuery {
  if (year === null && month === null) return {};
  const of = year ?? lastYearOf((month ?? 12) + 1, now);
  if (month === null) return between(of, 1, 1, of + 1, 1, 1);
  if (day !== null) return between(of, month, day, of, month, day + 1);
  return between(of, month, 1, of, month + 1, 1);
}

/** The last year in which the month before `end` was over already. */
function lastYearOf(end: number, now: Date): number {
  const year = now.getFullYear();
  return new Date(Date.UTC(year, end - 1, 1)).getTime() <= now.getTime() ? year : year - 1;
}

function between(...[y1, m1, d1, y2, m2, d2]: readonly [number, number, number, number, number, number]): SearchQuery {
  const at = (year: number, month: number, day: number) => new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 19) + 'Z';
  return { from: at(y1, m1, d1), to: at(y2, m2, d2) };
}

/** Names of months in a person's language and in English, long and short, as they stand alone and in a date. */
function monthNames(locale: string): Map<string, number> {
  const names = new Map<string, number>();
  for (const language of [locale, 'en']) {
    for (let month = 0; month < 12; month++) {
      const date = new Date(Date.UTC(2024, month, 1));
      for (const form of ['long', 'short'] as const) {
        const alone = new Intl.DateTimeFormat(language, { month: form, timeZone: 'UTC' }).format(date);
        const inDate = new Intl.DateTimeFormat(language, { day: 'numeric', month: form, timeZone: 'UTC' }).formatToParts(date);
        for (const name of [alone, inDate.find(({ type }) => type === 'month')?.value ?? alone]) names.set(name.toLocaleLowerCase(language).replace(/\.$/, ''), month + 1);
      }
    }
  }
  return names;
}
