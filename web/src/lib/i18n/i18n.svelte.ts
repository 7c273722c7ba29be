import { en } from './en';

/** A message is a text with `{names}`, or one text for each plural form of `count`. */
export type Message = string | ({ other: string } & Partial<Record<Intl.LDMLPluralRule, string>>);
export type Locale = 'en' | 'pl';
export const LOCALES: readonly { id: Locale; name: string }[] = [
  { id: 'en', name: 'English' },
  { id: 'pl', name: 'Polski' }
];

const DEFAULT_REGION: Record<Locale, string> = { en: 'en-GB', pl: 'pl-PL' };

type English = typeof en;
export type MessageKey = keyof English;
export type Catalogue = Record<MessageKey, Message>;

/** What the server says, in another language than English: by the code of a problem or failure. */
export type Reasons = Readonly<Record<string, string>>;

type Names<T extends string> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type NamesOf<M> = M extends string ? Names<M> : M extends { other: infer O extends string } ? Names<O> | 'count' : never;
type Values<K extends MessageKey> = { [Name in NamesOf<English[K]>]: string | number };
type Arguments<K extends MessageKey> = [NamesOf<English[K]>] extends [never] ? [] : [Values<K>];

/** What the app says, in the person's language. Other languages than English are loaded when they are chosen. */
export class I18n {
  locale = $state<Locale>('en');
  #catalogue = $state.raw<Catalogue>(en);
  #reasons = $state.raw<Reasons>({});
  /** The language as it is written where the person lives: the order of a date differs between London and New York. */
  region = $derived(
    navigator.languages.find((language) => language.toLowerCase().startsWith(this.locale)) ?? DEFAULT_REGION[this.locale]
  );
  #plural = $derived(new Intl.PluralRules(this.locale));
  #number = $derived(new Intl.NumberFormat(this.region));

  async use(locale: Locale): Promise<void> {
    const { catalogue, reasons } = locale === 'pl' ? await import('./pl').then(({ pl, reasons }) => ({ catalogue: pl, reasons })) : { catalogue: en, reasons: {} };
    this.#catalogue = catalogue;
    this.#reasons = reasons;
    this.locale = locale;
    document.documentElement.lang = locale;
  }

  t = <K extends MessageKey>(key: K, ...values: Arguments<K>): string => {
    const given = (values[0] ?? {}) as Record<string, string | number>;
    const message = this.#catalogue[key];
    const text =
      typeof message === 'string' ? message : (message[this.#plural.select(Number(given['count']))] ?? message.other);
    return text.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = given[name] ?? '';
      return typeof value === 'number' ? this.#number.format(value) : value;
    });
  };

  /** Why the server refused or could not show something. It tells a code, and English words that are often more exact. */
  reason = ({ code, detail }: { readonly code: string; readonly detail: string }): string => this.#reasons[code] ?? detail;
}

/** The language to begin with: the chosen one, else the browser's if we have it. */
export function preferredLocale(chosen: Locale | 'system'): Locale {
  if (chosen !== 'system') return chosen;
  for (const language of navigator.languages) {
    const found = LOCALES.find(({ id }) => language.toLowerCase().startsWith(id));
    if (found) return found.id;
  }
  return 'en';
}
