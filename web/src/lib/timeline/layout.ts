/** How a page of photos is broken into rows. Pure arithmetic on columns; everything is in CSS pixels. */

export interface LayoutOptions {
  /** Width of the rows. */
  readonly width: number;
  readonly gap: number;
  /** `justified`: rows of about `rowHeight`, filled to the edge. `square`: a grid of `columns`. */
  readonly mode: 'justified' | 'square';
  readonly rowHeight: number;
  readonly columns: number;
  /** Space above the rows of a month; 0 where no month heading is shown. */
  readonly headerHeight: number;
  /** Height of a heading of days between rows; 0 = days are not separated. */
  readonly dayHeight: number;
  /** Space between days that share a row. */
  readonly dayGap: number;
}

/**
 * Rows of one month. Row `r` holds the items `start[r]..start[r + 1]` at `top[r]` (from the top of the section), `height[r]` tall.
 * A row without items is a day's heading: the day is that of item `start[r]`.
 */
export interface SectionLayout {
  readonly rows: number;
  readonly start: Uint32Array;
  readonly top: Float64Array;
  readonly rowHeight: Float32Array;
  /** Height of the whole section, its header and trailing gap included. */
  readonly height: number;
}

/** A panorama or a screenshot of a chat must not make a row of its own or a sliver. */
export const clampRatio = (ratio: number): number => (ratio > 0 ? Math.min(3.2, Math.max(0.45, ratio)) : 1);

const TYPICAL_RATIO = 1.35;
/** A day is at least this wide: its date stands above it. */
const MIN_DAY = 124;
/** How far a row of days may be from the wanted height, as factors. */
const LEAST = 0.72;
const MOST = 1.3;

/** The height that `count` items will take, before their ratios are known. */
export function estimateHeight(count: number, options: LayoutOptions): number {
  return options.headerHeight + estimateRows(count, options);
}

function estimateRows(count: number, options: LayoutOptions): number {
  if (count === 0) return 0;
  const isSquare = options.mode === 'square';
  const perRow = isSquare ? options.columns : Math.max(1, (options.width + options.gap) / (options.rowHeight * TYPICAL_RATIO + options.gap));
  const rows = Math.ceil(count / perRow);
  // Few days share a row with others, and a month has no more than 31.
  const headings = options.dayHeight * Math.min(20, rows);
  return rows * ((isSquare ? squareSide(options) : options.rowHeight) + options.gap) + headings;
}

export function squareSide({ width, columns, gap }: LayoutOptions): number {
  return (width - gap * (columns - 1)) / columns;
}

/**
 * Lays out the items that are loaded and reserves estimated space for the `missing` ones behind them.
 * `dayOf(i)` names the day of item i; it is asked only if days are separated.
 */
export function layoutSection(
  ratios: ArrayLike<number>,
  missing: number,
  options: LayoutOptions,
  dayOf: (index: number) => string
): SectionLayout {
  const count = ratios.length;
  const rows = new RowWriter(count, options);
  if (options.dayHeight > 0) byDays(rows, ratios, options, dayOf);
  else fill(rows, ratios, 0, count, options);
  return rows.finish(count, estimateRows(missing, options));
}

function fill(rows: RowWriter, ratios: ArrayLike<number>, from: number, to: number, options: LayoutOptions): void {
  if (options.mode === 'square') squares(rows, from, to, options);
  else justify(rows, ratios, from, to, options);
}

/**
 * A day that needs more than a row has rows of its own; short days stand side by side, for most days have few photos. A row
 * of days is filled to the edge where that leaves it near the wanted height.
 */
function byDays(rows: RowWriter, ratios: ArrayLike<number>, options: LayoutOptions, dayOf: (index: number) => string): void {
  const isSquare = options.mode === 'square';
  const wanted = isSquare ? squareSide(options) : options.rowHeight;
  const least = wanted * (isSquare ? 1 : LEAST);
  const heightOf = (from: number, to: number): number =>
    isSquare ? (wanted * options.columns) / (to - from) : heightOfDays(ratios, from, to, options, dayOf);
  let first = 0;
  let end = 0;
  const endRow = (isLast = false): void => {
    if (first === end) return;
    const filled = heightOf(first, end);
    const isFull = !isSquare && filled <= wanted * (isLast ? 1 : MOST);
    rows.push(first, options.dayHeight, 0);
    rows.push(first, isFull ? Math.round(filled) : wanted, options.gap);
    first = end;
  };
  while (end < ratios.length) {
    const day = dayOf(end);
    let next = end + 1;
    while (next < ratios.length && dayOf(next) === day) next++;
    if (heightOf(end, next) < least) {
      endRow();
      rows.push(end, options.dayHeight, 0);
      fill(rows, ratios, end, next, options);
      first = next;
    } else {
      const withIt = heightOf(first, next);
      const without = first === end ? Infinity : heightOf(first, end);
      if (withIt < wanted && (withIt < least || without / wanted < wanted / withIt)) endRow();
    }
    end = next;
    if (first < end && heightOf(first, end) < wanted) endRow();
  }
  endRow(true);
}

/** The height at which whole days fill a row, each at least as wide as its date; 0 if they cannot. */
function heightOfDays(ratios: ArrayLike<number>, from: number, to: number, options: LayoutOptions, dayOf: (index: number) => string): number {
  let days: { ratio: number; gaps: number }[] = [];
  for (let index = from; index < to; index++) {
    const last = days.at(-1);
    const ratio = clampRatio(ratios[index] ?? 1);
    if (last && dayOf(index) === dayOf(index - 1)) {
      last.ratio += ratio;
      last.gaps += options.gap;
    } else days.push({ ratio, gaps: 0 });
  }
  let room = options.width - options.dayGap * (days.length - 1);
  for (;;) {
    const height = days.reduce((left, { gaps }) => left - gaps, room) / days.reduce((sum, { ratio }) => sum + ratio, 0);
    // A day that is narrower than its date does not grow with the row.
    const wide = days.filter(({ ratio, gaps }) => ratio * height + gaps >= MIN_DAY);
    if (wide.length === days.length) return height;
    if (wide.length === 0) return 0;
    room -= MIN_DAY * (days.length - wide.length);
    days = wide;
  }
}

function squares(rows: RowWriter, from: number, to: number, options: LayoutOptions): void {
  const side = squareSide(options);
  for (let index = from; index < to; index += options.columns) rows.push(index, side, options.gap);
}

function justify(rows: RowWriter, ratios: ArrayLike<number>, from: number, to: number, options: LayoutOptions): void {
  const { width, gap, rowHeight } = options;
  let first = from;
  let sum = 0;
  for (let index = from; index < to; index++) {
    const ratio = clampRatio(ratios[index] ?? 1);
    const members = index - first;
    const withIt = (width - gap * members) / (sum + ratio);
    if (withIt <= rowHeight) {
      // The row is full with this item. It may be nearer to the wanted height without it.
      const without = members === 0 ? Infinity : (width - gap * (members - 1)) / sum;
      if (without - rowHeight < rowHeight - withIt) {
        rows.push(first, Math.round(without), gap);
        first = index;
        sum = ratio;
        const alone = width / ratio;
        if (alone <= rowHeight) {
          rows.push(first, Math.round(alone), gap);
          first = index + 1;
          sum = 0;
        }
      } else {
        rows.push(first, Math.round(withIt), gap);
        first = index + 1;
        sum = 0;
      }
    } else {
      sum += ratio;
    }
  }
  // The last row keeps the wanted height and stays ragged.
  if (first < to) rows.push(first, Math.round(Math.min(rowHeight, (width - gap * (to - first - 1)) / sum)), gap);
}

/**
 * Left edges and widths of a row's items; the last one of a full row takes what rounding left. Where days share the row,
 * each begins a little apart.
 */
export function placeRow(
  ratios: ArrayLike<number>,
  from: number,
  to: number,
  height: number,
  options: LayoutOptions,
  dayOf: (index: number) => string
): Float32Array {
  const count = to - from;
  const places = new Float32Array(count * 2);
  if (options.mode === 'square') {
    for (let n = 0; n < count; n++) places.set([n * (height + options.gap), height], n * 2);
    return places;
  }
  let sum = 0;
  for (let index = from; index < to; index++) sum += clampRatio(ratios[index] ?? 1);
  const room = options.width - options.gap * (count - 1);
  const hasDays = options.dayHeight > 0 && count > 1 && dayOf(from) !== dayOf(to - 1);
  const filled = hasDays ? heightOfDays(ratios, from, to, options, dayOf) : room / sum;
  const scale = Math.abs(filled - height) < 1 ? filled : height;
  let x = 0;
  let dayStart = 0;
  for (let n = 0; n < count; n++) {
    if (hasDays && n > 0 && dayOf(from + n) !== dayOf(from + n - 1)) {
      x = Math.max(x - options.gap, dayStart + MIN_DAY) + options.dayGap;
      dayStart = x;
    }
    const width = clampRatio(ratios[from + n] ?? 1) * scale;
    places.set([x, width], n * 2);
    x += width + options.gap;
  }
  return places;
}

class RowWriter {
  #rows = 0;
  #start: Uint32Array;
  #top: Float64Array;
  #height: Float32Array;
  #y: number;

  constructor(count: number, options: LayoutOptions) {
    // Each item makes at most one row, and at most one heading.
    const most = count * (options.dayHeight > 0 ? 2 : 1) + 1;
    this.#start = new Uint32Array(most);
    this.#top = new Float64Array(most);
    this.#height = new Float32Array(most);
    this.#y = options.headerHeight;
  }

  push(start: number, height: number, gap: number): void {
    this.#start[this.#rows] = start;
    this.#top[this.#rows] = this.#y;
    this.#height[this.#rows] = height;
    this.#y += height + gap;
    this.#rows++;
  }

  finish(count: number, missing: number): SectionLayout {
    this.#start[this.#rows] = count;
    const rows = this.#rows;
    return {
      rows,
      start: this.#start.slice(0, rows + 1),
      top: this.#top.slice(0, rows),
      rowHeight: this.#height.slice(0, rows),
      height: this.#y + missing
    };
  }
}

/** The last row that begins at or above `y` (section coordinates); 0 for an empty layout. */
export function rowAt(layout: SectionLayout, y: number): number {
  let low = 0;
  let high = layout.rows - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((layout.top[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The row that holds item `index`. */
export function rowOf(layout: SectionLayout, index: number): number {
  let low = 0;
  let high = layout.rows - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((layout.start[middle] ?? 0) <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}
