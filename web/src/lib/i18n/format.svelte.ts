import type { I18n } from './i18n.svelte';

/**
 * Dates, sizes and durations in the person's language. A capture time is shown as the clock stood where it was taken,
 * so its local part is read and its offset only named.
 */
export class Format {
  #i18n: I18n;
  constructor(i18n: I18n) {
    this.#i18n = i18n;
  }

  #month = $derived.by(() => this.#dates({ month: 'long', year: 'numeric' }));
  #monthOnly = $derived.by(() => this.#dates({ month: 'short' }));
  #day = $derived.by(() => this.#dates({ day: 'numeric', month: 'long', year: 'numeric' }));
  #weekday = $derived.by(() => this.#dates({ weekday: 'short', day: 'numeric', month: 'long' }));
  #dayOfMonth = $derived.by(() => this.#dates({ weekday: 'short', day: 'numeric', month: 'short' }));
  #dayTime = $derived.by(() => this.#dates({ dateStyle: 'long', timeStyle: 'short' }));
  #number = $derived.by(() => new Intl.NumberFormat(this.#i18n.region));
  #relative = $derived.by(() => new Intl.RelativeTimeFormat(this.#i18n.region, { numeric: 'auto' }));

  #dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    return new Intl.DateTimeFormat(this.#i18n.region, { ...options, timeZone: 'UTC' });
  }

  #made = new Map<string, Intl.NumberFormat>();

  /** Making one takes longer than formatting a hundred numbers. */
  #units(unit: string, unitDisplay: 'long' | 'short', maximumFractionDigits: number): Intl.NumberFormat {
    const key = `${this.#i18n.region} ${unit} ${unitDisplay} ${maximumFractionDigits}`;
    let made = this.#made.get(key);
    if (!made) this.#made.set(key, (made = new Intl.NumberFormat(this.#i18n.region, { style: 'unit', unit, unitDisplay, maximumFractionDigits })));
    return made;
  }

  number = (value: number): string => this.#number.format(value);

  /** `2024-05` -> "May 2024"; a year is itself. */
  month = (month: string): string => (month.length === 4 ? month : this.#monthOf(month));
  #monthOf = (month: string): string => capital(this.#month.format(new Date(`${month}-01T00:00:00Z`)));
  monthShort = (month: string): string => this.#monthOnly.format(new Date(`${month}-01T00:00:00Z`));

  /** A capture time as people say it: "Today", "Yesterday", "Sun, 12 May" (this year), "12 May 2024". */
  day = (takenAt: string, now = new Date()): string => {
    const date = wallClock(takenAt);
    const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
    const days = Math.round((Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - today) / 86_400_000);
    if (days === 0 || days === -1) return capital(this.#relative.format(days, 'day'));
    return date.getUTCFullYear() === now.getFullYear() ? this.#weekday.format(date) : this.#day.format(date);
  };

  /** A day under the heading of its month: "Sun, 12 May". */
  dayOfMonth = (takenAt: string): string => capital(this.#dayOfMonth.format(wallClock(takenAt)));

  /** A capture time in full, as the clock stood there. */
  takenAt = (takenAt: string): string => this.#dayTime.format(wallClock(takenAt));

  /** A moment (created, last used) on this device's clock. */
  moment = (instant: string): string =>
    new Intl.DateTimeFormat(this.#i18n.region, { dateStyle: 'long', timeStyle: 'short' }).format(new Date(instant));

  /** "5 minutes ago". */
  ago = (instant: string, now = Date.now()): string => {
    const seconds = Math.round((new Date(instant).getTime() - now) / 1000);
    for (const [unit, size] of UNITS) {
      if (Math.abs(seconds) >= size) return this.#relative.format(Math.trunc(seconds / size), unit);
    }
    return this.#relative.format(0, 'second');
  };

  /** Decimal units, as disks and phones count. */
  bytes = (bytes: number): string => {
    const power = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
    const value = bytes / 1000 ** power;
    return this.#units(SIZES[power] ?? 'byte', power === 0 ? 'long' : 'short', value < 10 && power > 0 ? 1 : 0).format(value);
  };

  /** Seconds as "3 min" for time left. */
  timeLeft = (seconds: number): string => {
    const [unit, size] = seconds >= 5400 ? (['hour', 3600] as const) : seconds >= 60 ? (['minute', 60] as const) : (['second', 1] as const);
    return this.#units(unit, 'short', 0).format(Math.max(1, seconds / size));
  };
}

const SIZES = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60]
];

const capital = (text: string): string => text.charAt(0).toLocaleUpperCase() + text.slice(1);

/** The clock reading of an RFC 3339 time, as a UTC date: its offset is left out on purpose. */
export function wallClock(takenAt: string): Date {
  return new Date(`${takenAt.slice(0, 19)}Z`);
}

/** `2024-05-12T14:03:00+02:00` -> `UTC+2`; empty where the offset is not known. */
export function offsetOf(takenAt: string): string {
  const offset = /([+-])(\d\d):(\d\d)$/.exec(takenAt);
  // RFC 3339: `-00:00` says that the offset is not known.
  if (offset?.[0] === '-00:00') return '';
  if (!offset || (offset[2] === '00' && offset[3] === '00')) return 'UTC';
  return `UTC${offset[1] === '-' ? '−' : '+'}${Number(offset[2])}${offset[3] === '00' ? '' : `:${offset[3]}`}`;
}

/** 83_000 -> "1:23"; hours appear only when there are some. */
export function duration(milliseconds: number): string {
  const total = Math.round(milliseconds / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${minutes}:${two(total % 60)}`;
}
