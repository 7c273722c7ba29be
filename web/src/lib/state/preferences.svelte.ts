import type { Locale } from '$lib/i18n/i18n.svelte';

export type Theme = 'system' | 'light' | 'dark';
export type Grouping = 'day' | 'month' | 'year';

interface Stored {
  theme: Theme;
  locale: Locale | 'system';
  rowHeight: number;
  columns: number;
  grouping: Grouping;
}

const DEFAULTS: Stored = { theme: 'system', locale: 'system', rowHeight: 220, columns: 3, grouping: 'month' };
const KEY = 'preferences';

/** What a person chose on this device. Kept in local storage; `static/theme.js` reads the theme before the first paint. */
export class Preferences {
  #values = $state<Stored>(read());

  get theme(): Theme {
    return this.#values.theme;
  }
  set theme(theme: Theme) {
    this.#put({ theme });
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
  }

  get locale(): Locale | 'system' {
    return this.#values.locale;
  }
  set locale(locale: Locale | 'system') {
    this.#put({ locale });
  }

  /** Wanted height of timeline rows, 120 to 320 px. */
  get rowHeight(): number {
    return this.#values.rowHeight;
  }
  set rowHeight(rowHeight: number) {
    this.#put({ rowHeight });
  }

  /** Photos side by side on a phone, 3 to 5. */
  get columns(): number {
    return this.#values.columns;
  }
  set columns(columns: number) {
    this.#put({ columns });
  }

  get grouping(): Grouping {
    return this.#values.grouping;
  }
  set grouping(grouping: Grouping) {
    this.#put({ grouping });
  }

  #put(change: Partial<Stored>): void {
    Object.assign(this.#values, change);
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#values));
    } catch {
      // Storage is blocked: the choice lasts as long as this page.
    }
  }
}

function read(): Stored {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof stored === 'object' && stored !== null ? { ...DEFAULTS, ...stored } : { ...DEFAULTS };
  } catch {
    return { ...DEFAULTS };
  }
}
