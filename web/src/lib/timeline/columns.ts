import type { TimelineColumns } from '$lib/api';

/** What one tile shows. */
export interface Item {
  readonly id: string;
  readonly takenAt: string;
  readonly kind: TimelineColumns['kind'][number];
  readonly ratio: number;
  readonly thumbhash: string | null;
  readonly durationMs: number | null;
  readonly favorite: boolean;
  readonly state: 'processing' | 'ready' | 'failed';
  /** Counts the item's files; names the address of its thumbnail. */
  readonly version: number;
}

/** An item and where it lies in its row. */
export interface Cell {
  readonly index: number;
  readonly item: Item | null;
  readonly left: number;
  readonly width: number;
}

/** Would both be drawn alike? */
export function isSameCell(a: Cell, b: Cell): boolean {
  return a.index === b.index && a.left === b.left && a.width === b.width && isSameItem(a.item, b.item);
}

function isSameItem(a: Item | null, b: Item | null): boolean {
  if (a === null || b === null) return a === b;
  return (Object.keys(a) as (keyof Item)[]).every((field) => a[field] === b[field]);
}

export const emptyColumns = (): TimelineColumns => ({
  id: [],
  taken_at: [],
  kind: [],
  ratio: [],
  thumbhash: [],
  duration_ms: [],
  favorite: [],
  state: [],
  version: []
});

/** Columns of `left` followed by those of `right`. */
export function concat(left: TimelineColumns, right: TimelineColumns): TimelineColumns {
  if (left.id.length === 0) return right;
  return {
    id: left.id.concat(right.id),
    taken_at: left.taken_at.concat(right.taken_at),
    kind: left.kind.concat(right.kind),
    ratio: left.ratio.concat(right.ratio),
    thumbhash: left.thumbhash.concat(right.thumbhash),
    duration_ms: left.duration_ms.concat(right.duration_ms),
    favorite: left.favorite.concat(right.favorite),
    state: left.state.concat(right.state),
    version: left.version.concat(right.version)
  };
}

/** The columns from the item at `start` on. */
export function from(columns: TimelineColumns, start: number): TimelineColumns {
  return {
    id: columns.id.slice(start),
    taken_at: columns.taken_at.slice(start),
    kind: columns.kind.slice(start),
    ratio: columns.ratio.slice(start),
    thumbhash: columns.thumbhash.slice(start),
    duration_ms: columns.duration_ms.slice(start),
    favorite: columns.favorite.slice(start),
    state: columns.state.slice(start),
    version: columns.version.slice(start)
  };
}

/** The columns without the items at `gone` (indices). */
export function without(columns: TimelineColumns, gone: ReadonlySet<number>): TimelineColumns {
  const keep = <T>(column: T[]): T[] => column.filter((_, index) => !gone.has(index));
  return {
    id: keep(columns.id),
    taken_at: keep(columns.taken_at),
    kind: keep(columns.kind),
    ratio: keep(columns.ratio),
    thumbhash: keep(columns.thumbhash),
    duration_ms: keep(columns.duration_ms),
    favorite: keep(columns.favorite),
    state: keep(columns.state),
    version: keep(columns.version)
  };
}

export function itemAt(columns: TimelineColumns, index: number): Item | null {
  const id = columns.id[index];
  if (id === undefined) return null;
  return {
    id,
    takenAt: columns.taken_at[index] ?? '',
    kind: columns.kind[index] ?? 'photo',
    ratio: columns.ratio[index] ?? 1,
    thumbhash: columns.thumbhash[index] ?? null,
    durationMs: columns.duration_ms[index] ?? null,
    favorite: columns.favorite[index] ?? false,
    state: columns.state[index] ?? 'ready',
    version: columns.version[index] ?? 1
  };
}
