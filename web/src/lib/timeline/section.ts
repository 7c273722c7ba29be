import type { TimelineBucket, TimelineColumns } from '$lib/api';
import { concat, emptyColumns, from, itemAt, without, type Item } from './columns';
import { estimateHeight, layoutSection, type LayoutOptions, type SectionLayout } from './layout';

/** Where the next page of a section begins. */
export interface NextPage {
  readonly month: string;
  readonly cursor: string | undefined;
}

const sum = (buckets: readonly TimelineBucket[]): number => buckets.reduce((total, { count }) => total + count, 0);

/** A stretch of a timeline under one heading, a month or a year: how many items it has, those that are loaded, and how they lie. */
export class Section {
  /** `2024-05`, or `2024` for a year; either sorts like its time. */
  readonly month: string;
  /** The months that it is made of, newest first: they are what the server knows. */
  buckets: readonly TimelineBucket[];
  count: number;
  columns: TimelineColumns = emptyColumns();
  layout: SectionLayout | null = null;
  height = 0;
  loading: Promise<void> | null = null;
  failed: unknown = null;
  #at = 0;
  #cursor: string | undefined = undefined;

  constructor(month: string, buckets: readonly TimelineBucket[]) {
    this.month = month;
    this.buckets = buckets;
    this.count = sum(buckets);
  }

  get loaded(): number {
    return this.columns.id.length;
  }

  get isComplete(): boolean {
    return this.#at >= this.buckets.length;
  }

  /** What is to be asked for next; null when everything is loaded. */
  get next(): NextPage | null {
    const bucket = this.buckets[this.#at];
    return bucket ? { month: bucket.month, cursor: this.#cursor } : null;
  }

  /** Is it as many items as the server counts? */
  agreesWith(buckets: readonly TimelineBucket[]): boolean {
    return this.count === sum(buckets) && this.buckets.length === buckets.length;
  }

  arrange(options: LayoutOptions): void {
    if (this.loaded === 0) {
      this.layout = null;
      this.height = estimateHeight(this.count, options);
      return;
    }
    const missing = this.isComplete ? 0 : Math.max(0, this.count - this.loaded);
    this.layout = layoutSection(this.columns.ratio, missing, options, this.dayOf);
    this.height = this.layout.height;
  }

  /** The day of an item, as the clock stood where it was taken. */
  dayOf = (index: number): string => (this.columns.taken_at[index] ?? '').slice(0, 10);

  append(columns: TimelineColumns, cursor: string | null): void {
    this.columns = concat(this.columns, columns);
    this.#cursor = cursor ?? undefined;
    if (cursor === null) this.#at++;
    if (this.isComplete) this.count = this.loaded;
  }

  /** Takes over what another one knows and has loaded of the same stretch. */
  take(other: Section): void {
    this.buckets = other.buckets;
    this.count = other.count;
    this.columns = other.columns;
    this.#at = other.#at;
    this.#cursor = other.#cursor;
    if (this.isComplete) this.count = this.loaded;
  }

  /**
   * Takes the rest from an `older` reading of the same stretch, if nothing can have changed there: it was whole, goes on behind
   * the last item of this one, holds none of the `touched` items, and both together are as many as the server counts.
   */
  goOnWith(older: Section, touched: ReadonlySet<string>): boolean {
    const last = older.columns.id.indexOf(this.columns.id.at(-1) ?? '');
    if (last < 0 || !older.isComplete || this.loaded + older.loaded - last - 1 !== this.count) return false;
    const rest = from(older.columns, last + 1);
    if (rest.id.some((id) => touched.has(id))) return false;
    this.columns = concat(this.columns, rest);
    this.#at = older.#at;
    this.#cursor = older.#cursor;
    return true;
  }

  /** Forgets the items but keeps the exact height, so that nothing moves when they are loaded again. */
  evict(): void {
    this.columns = emptyColumns();
    this.#at = 0;
    this.#cursor = undefined;
    this.layout = null;
  }

  /** Takes out the items whose ids are in `ids`; answers how many there were. */
  remove(ids: ReadonlySet<string>): number {
    const gone = new Set<number>();
    this.columns.id.forEach((id, index) => {
      if (ids.has(id)) gone.add(index);
    });
    if (gone.size === 0) return 0;
    this.columns = without(this.columns, gone);
    this.count -= gone.size;
    return gone.size;
  }

  item(index: number): Item | null {
    return itemAt(this.columns, index);
  }
}

/** Months under a heading each, or all of a year under one. */
export function sectionsOf(buckets: readonly TimelineBucket[], isByYear: boolean): Map<string, TimelineBucket[]> {
  const sections = new Map<string, TimelineBucket[]>();
  for (const bucket of buckets) {
    const name = isByYear ? bucket.month.slice(0, 4) : bucket.month;
    const known = sections.get(name);
    if (known) known.push(bucket);
    else sections.set(name, [bucket]);
  }
  return sections;
}
