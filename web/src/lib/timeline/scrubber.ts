import type { Section } from './section';

export interface Mark {
  readonly month: string;
  /** Distance from the upper end of the scrubber. */
  readonly y: number;
  /** The year, on its first mark; null for a month's tick. */
  readonly label: string | null;
}

const YEAR_SPACE = 20;
const TICK_SPACE = 7;
/** Half the height of a label: ticks keep away this far. */
const LABEL_ROOM = 10;

/** Years as labels and months as ticks, where the library has them; those that would touch each other are left out. */
export function scrubberMarks(sections: readonly Section[], tops: Float64Array, height: number): Mark[] {
  const total = tops[sections.length] ?? 0;
  if (total === 0 || height === 0) return [];
  const all = sections.map(({ month }, index) => ({ month, y: ((tops[index] ?? 0) / total) * height }));
  const labels = yearLabels(all, height);
  const ticks: Mark[] = [];
  let next = 0;
  let last = -Infinity;
  for (const { month, y } of all) {
    while ((labels[next]?.y ?? Infinity) < y - LABEL_ROOM) next++;
    const touchesLabel = Math.abs((labels[next]?.y ?? Infinity) - y) < LABEL_ROOM;
    if (touchesLabel || y - last < TICK_SPACE) continue;
    ticks.push({ month, y, label: null });
    last = y;
  }
  return [...labels, ...ticks];
}

function yearLabels(all: readonly { month: string; y: number }[], height: number): Mark[] {
  const labels: Mark[] = [];
  let year = '';
  for (const { month, y } of all) {
    if (month.slice(0, 4) === year) continue;
    year = month.slice(0, 4);
    const at = Math.max(y, LABEL_ROOM / 2);
    const isFree = at - (labels.at(-1)?.y ?? -Infinity) >= YEAR_SPACE && at <= height - LABEL_ROOM / 2;
    if (isFree) labels.push({ month, y: at, label: year });
  }
  return labels;
}

/** The section that a key leads to: month by month with the arrows, year by year with the page keys; null for other keys. */
export function keyTarget(key: string, sections: readonly Section[], at: number, isInside: (at: number) => boolean): number | null {
  const year = sections[at]?.month.slice(0, 4) ?? '';
  const last = sections.length - 1;
  const found = (index: number): number => (index < 0 ? last : index);
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, at + 1);
    case 'ArrowUp':
      return Math.max(0, isInside(at) ? at : at - 1);
    case 'PageDown':
      return found(sections.findIndex(({ month }) => month.slice(0, 4) < year));
    case 'PageUp':
      return found(sections.findIndex(({ month }) => month.slice(0, 4) <= String(Number(year) + 1)));
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}
