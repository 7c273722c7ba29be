import type { TimelineBucket, TimelineColumns } from '$lib/api';
import { concat, emptyColumns, itemAt, without, type Item } from './columns';
import { estimateHeight, layoutSection, type LayoutOptions, type SectionLayout } from './layout';

/** One month of a timeline: how many items it has, those that are loaded, and how they lie. */
export class Section {
  readonly month: string;
  count: number;
  columns: TimelineColumns = emptyColumns();
  /** `undefined`: nothing is loaded; `null`: everything is. */
  cursor: string | null | undefined = undefined;
  layout: SectionLayout | null = null;
  height = 0;
  loading: Promise<void> | null = null;
  failed: unknown = null;

  constructor(bucket: TimelineBucket) {
    this.month = bucket.month;
    this.count = bucket.count;
  }

  get loaded(): number {
    return this.columns.id.length;
  }

  get isComplete(): boolean {
    return this.cursor === null;
  }

  arrange(options: LayoutOptions): void {
    if (this.loaded === 0) {
      this.layout = null;
      this.height = estimateHeight(this.count, options);
      return;
    }
    const { ratio, taken_at } = this.columns;
    const missing = this.isComplete ? 0 : Math.max(0, this.count - this.loaded);
    this.layout = layoutSection(ratio, missing, options, (index) => (taken_at[index] ?? '').slice(0, 10));
    this.height = this.layout.height;
  }

  append(columns: TimelineColumns, cursor: string | null): void {
    this.columns = concat(this.columns, columns);
    this.cursor = cursor;
    if (cursor === null) this.count = this.loaded;
  }

  replace(columns: TimelineColumns, cursor: string | null): void {
    this.columns = emptyColumns();
    this.append(columns, cursor);
  }

  /** Forgets the items but keeps the exact height, so that nothing moves when they are loaded again. */
  evict(): void {
    this.columns = emptyColumns();
    this.cursor = undefined;
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
