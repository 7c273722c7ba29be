import { untrack } from 'svelte';
import { placeRow, rowAt, rowOf, type LayoutOptions, type SectionLayout } from './layout';
import { ScrollScale } from './scroll-scale';
import type { Section } from './section';
import type { Keeper, Place, Timeline } from './timeline.svelte';

/** A row that is to be drawn, placed within its section. */
export interface VisibleRow {
  readonly key: number;
  readonly top: number;
  readonly height: number;
  readonly start: number;
  /** Left edge and width of each item; null for a heading of days. */
  readonly places: Float32Array | null;
  /** What a heading names: for each day the first item and where it stands. */
  readonly days: readonly DayLabel[];
}

export interface DayLabel {
  readonly index: number;
  readonly left: number;
  readonly width: number;
}

export interface VisibleSection {
  readonly section: Section;
  readonly index: number;
  /** Upper edge inside the scroller. */
  readonly top: number;
  readonly height: number;
  readonly rows: VisibleRow[];
  /**
   * The part in sight of the space whose items are not loaded yet, and where in its pattern it begins. Only this part: a
   * box as tall as the month would cost the browser more than all photos.
   */
  readonly pending: { readonly top: number; readonly height: number; readonly phase: number } | null;
}

interface Anchor {
  readonly section: Section;
  readonly id: string | null;
  readonly offset: number;
  readonly part: number;
}

const SETTLE_AFTER = 160;
/** A scrubber that is held still may be on its way: pictures that arrive just then would make its next steps late. */
const SETTLE_WHILE_HELD = 400;
const LOAD_AFTER = 100;

/** What of a timeline is in sight: ties a scrolling element to the timeline's own coordinates. */
export class Viewport implements Keeper {
  readonly timeline: Timeline;
  readonly #scale = new ScrollScale();
  #element: HTMLElement | null = null;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #loading: ReturnType<typeof setTimeout> | undefined;
  #position = $state(0);
  #epoch = $state(0);
  #height = $state(0);
  #changes = 0;
  #speed = 0;
  #movedAt = 0;
  /** Images wait while the library flies past. */
  isFast = $state(false);
  /** The library moves. Rows ask once, when they appear. */
  isMoving = false;

  constructor(timeline: Timeline) {
    this.timeline = timeline;
    timeline.keepWith(this);
  }

  scrollHeight = $derived.by(() => {
    void this.timeline.revision;
    void this.#epoch;
    return this.#scale.height;
  });

  /** Position in the library. */
  top = $derived.by(() => {
    void this.#epoch;
    void this.#position;
    void this.timeline.revision;
    return this.#scale.virtualTop;
  });

  get height(): number {
    return this.#height;
  }

  attach = (element: HTMLElement) => {
    this.#element = element;
    const resize = new ResizeObserver(() => this.#resized());
    resize.observe(element);
    untrack(() => this.#resized());
    return () => {
      resize.disconnect();
      clearTimeout(this.#settling);
      clearTimeout(this.#loading);
      this.#element = null;
    };
  };

  #resized(): void {
    if (!this.#element) return;
    this.#height = this.#element.clientHeight;
    this.#scale.resize(this.timeline.height, this.#height);
    this.#epoch = ++this.#changes;
  }

  scrolled = (): void => {
    if (!this.#element) return;
    const before = this.#scale.virtualTop;
    this.#scale.scrolled(this.#element.scrollTop);
    const moved = Math.abs(this.#scale.virtualTop - before);
    // The echo of a jump is no movement of its own: it would say that the library stands still between two jumps.
    if (moved >= 1) this.#measure(moved);
    if (this.#scale.mustSettle) this.#settle();
    this.#position = this.#element.scrollTop;
    this.#later();
  };

  #measure(moved: number): void {
    this.isMoving = true;
    const now = performance.now();
    this.#speed = moved / Math.max(1, now - this.#movedAt);
    this.#movedAt = now;
    this.isFast = this.#speed > 12 || moved > this.#height * 3;
  }

  #later(patience = SETTLE_AFTER): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(this.land, patience);
    if (this.isFast) return;
    clearTimeout(this.#loading);
    this.#loading = setTimeout(() => this.wantVisible(), this.#speed > 4 ? LOAD_AFTER : 0);
  }

  /** The movement is over: what is in sight now stays. */
  land = (): void => {
    clearTimeout(this.#settling);
    this.isFast = this.isMoving = false;
    this.#settle();
    this.wantVisible();
  };

  #settle(): void {
    const top = this.#scale.settle();
    if (this.#element && Math.abs(this.#element.scrollTop - top) > 0.5) {
      this.#epoch = ++this.#changes;
      this.#element.scrollTop = top;
    }
  }

  /** Shows a position of the library. */
  jump(virtualTop: number): void {
    if (!this.#element) return;
    this.#measure(Math.abs(virtualTop - this.#scale.virtualTop));
    this.#element.scrollTop = this.#scale.jump(virtualTop);
    this.#epoch = ++this.#changes;
    this.#later();
  }

  /**
   * Shows a position for a moment, on the way to another. The scroller stays where it is, and only what it holds changes:
   * scrolling it would make the browser lay out at once and paint the whole screen into new memory. It follows at rest, or
   * by {@link land}.
   */
  fly(virtualTop: number): void {
    const moved = Math.abs(virtualTop - this.#scale.virtualTop);
    // A pointer that moves across the track goes nowhere: no rest that pictures should be asked for in.
    if (moved < 1) return;
    this.#measure(moved);
    this.#scale.fly(virtualTop);
    this.#epoch = ++this.#changes;
    this.#later(SETTLE_WHILE_HELD);
  }

  /** Scrolls as little as needed to show a place whole. */
  reveal(place: Place, margin = 64): void {
    const extent = this.timeline.extent(place);
    if (!extent) return;
    const top = this.#scale.virtualTop;
    if (extent.top - margin < top) this.jump(extent.top - margin);
    else if (extent.bottom + 16 > top + this.#height) this.jump(extent.bottom + 16 - this.#height);
  }

  /** The row of a place, by name, and the middle of the place in it. */
  horizontal(place: Place): { row: string; middle: number } | null {
    const { section, index } = place;
    const { options } = this.timeline;
    if (!section.layout || !options) return null;
    const row = rowOf(section.layout, index);
    const start = section.layout.start[row] ?? 0;
    const places = placesOf(section, section.layout, row, options);
    const at = (index - start) * 2;
    return { row: `${section.month}/${row}`, middle: (places[at] ?? 0) + (places[at + 1] ?? 0) / 2 };
  }

  keep(change: () => void): void {
    const before = this.#scale.virtualTop;
    const anchor = before > 1 ? this.#anchor() : null;
    change();
    this.#scale.resize(this.timeline.height, this.#height);
    if (anchor) this.#scale.grownAbove(this.#whereIs(anchor) - before);
    this.#epoch = ++this.#changes;
    if (this.#element) this.#later();
  }

  #anchor(): Anchor | null {
    const top = this.#scale.virtualTop;
    const index = this.timeline.sectionAt(top);
    const section = this.timeline.sections[index];
    if (!section) return null;
    const inside = top - (this.timeline.tops[index] ?? 0);
    const part = section.height > 0 ? inside / section.height : 0;
    const { layout } = section;
    if (!layout || layout.rows === 0) return { section, id: null, offset: inside, part };
    const row = rowAt(layout, inside);
    const id = section.columns.id[layout.start[row] ?? 0] ?? null;
    return { section, id, offset: inside - (layout.top[row] ?? 0), part };
  }

  #whereIs(anchor: Anchor): number {
    const place = anchor.id === null ? null : this.timeline.find(anchor.id);
    const extent = place ? this.timeline.extent(place) : null;
    if (extent) return extent.top + anchor.offset;
    const index = this.timeline.sections.findIndex((section) => section.month <= anchor.section.month);
    if (index < 0) return Math.max(0, this.timeline.height - this.#height);
    const section = this.timeline.sections[index];
    return (this.timeline.tops[index] ?? 0) + (section?.month === anchor.section.month ? anchor.part * section.height : 0);
  }

  /** Loads what is in sight, then what is next to it. */
  wantVisible(): void {
    const { timeline } = this;
    const top = this.#scale.virtualTop;
    const first = timeline.sectionAt(top);
    timeline.see(first);
    for (let index = first; index < timeline.sections.length; index++) {
      const section = timeline.sections[index];
      const from = timeline.tops[index] ?? 0;
      if (!section || from > top + this.#height * 1.5) break;
      if (section.isComplete || section.failed !== null) continue;
      const { layout } = section;
      const loadedTo = from + (layout && layout.rows > 0 ? (layout.top[layout.rows - 1] ?? 0) : 0);
      if (section.loaded === 0 || loadedTo < top + this.#height * 2) void timeline.want(section).then(() => this.wantVisible());
    }
  }

  visible = $derived.by((): VisibleSection[] => {
    const { timeline } = this;
    void timeline.revision;
    void this.#epoch;
    void this.#position;
    const options = timeline.options;
    if (!options || timeline.sections.length === 0 || this.#height === 0) return [];
    // Rows outside of sight are drawn ahead, but not while flying: then only what is seen counts.
    const ahead = this.isFast ? 0 : Math.min(this.#height, 600);
    const from = this.#scale.virtualTop - ahead;
    const to = this.#scale.virtualTop + this.#height + ahead;
    const shown: VisibleSection[] = [];
    for (let index = timeline.sectionAt(Math.max(0, from)); index < timeline.sections.length; index++) {
      const section = timeline.sections[index];
      const top = timeline.tops[index] ?? 0;
      if (!section || top > to) break;
      shown.push({
        section,
        index,
        top: top - this.#scale.shift,
        height: section.height,
        rows: this.#rows(section, from - top, to - top),
        pending: pendingPart(section, options.headerHeight, from - top, to - top)
      });
    }
    return shown;
  });

  #rows(section: Section, from: number, to: number): VisibleRow[] {
    const { layout } = section;
    const options = this.timeline.options;
    if (!layout || layout.rows === 0 || !options) return [];
    const rows: VisibleRow[] = [];
    for (let row = rowAt(layout, from); row < layout.rows; row++) {
      const top = layout.top[row] ?? 0;
      if (top > to) break;
      const start = layout.start[row] ?? 0;
      const end = layout.start[row + 1] ?? start;
      const height = layout.rowHeight[row] ?? 0;
      const isHeading = end === start;
      const places = placesOf(section, layout, isHeading ? row + 1 : row, options);
      rows.push({ key: row, top, height, start, places: isHeading ? null : places, days: isHeading ? daysOf(section, start, places, options.width) : [] });
    }
    return rows;
  }
}

function placesOf(section: Section, layout: SectionLayout, row: number, options: LayoutOptions): Float32Array {
  const start = layout.start[row] ?? 0;
  const end = layout.start[row + 1] ?? start;
  return placeRow(section.columns.ratio, start, end, layout.rowHeight[row] ?? 0, options, section.dayOf);
}

/** Each day of the row below a heading, as wide as there is room before the next one. */
function daysOf(section: Section, start: number, places: Float32Array, width: number): DayLabel[] {
  const starts: { index: number; left: number }[] = [];
  for (let n = 0; n < places.length / 2; n++) {
    if (n === 0 || section.dayOf(start + n) !== section.dayOf(start + n - 1)) starts.push({ index: start + n, left: places[n * 2] ?? 0 });
  }
  return starts.map(({ index, left }, n) => ({ index, left, width: (starts[n + 1]?.left ?? width) - left }));
}

function pendingPart(section: Section, headerHeight: number, from: number, to: number): VisibleSection['pending'] {
  if (section.isComplete) return null;
  const { layout } = section;
  const last = (layout?.rows ?? 0) - 1;
  const begin = layout && last >= 0 ? (layout.top[last] ?? 0) + (layout.rowHeight[last] ?? 0) : headerHeight;
  const top = Math.max(begin, from);
  const height = Math.min(section.height, to) - top;
  return height > 0 ? { top, height, phase: top - begin } : null;
}
