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

/** Years as labels and months as ticks, where the library has them; those that would touch each other are left out. */
export function scrubberMarks(sections: readonly Section[], tops: Float64Array, height: number): Mark[] {
  const total = tops[sections.length] ?? 0;
  if (total === 0 || height === 0) return [];
  const marks: Mark[] = [];
  let year = '';
  let lastLabel = -Infinity;
  let lastTick = -Infinity;
  sections.forEach((section, index) => {
    const y = ((tops[index] ?? 0) / total) * height;
    const ofYear = section.month.slice(0, 4);
    if (ofYear !== year && y - lastLabel >= YEAR_SPACE && y <= height - 4) {
      year = ofYear;
      lastLabel = y;
      lastTick = y + 5;
      marks.push({ month: section.month, y, label: ofYear });
    } else if (y - lastTick >= TICK_SPACE && y - lastLabel >= 11) {
      lastTick = y;
      marks.push({ month: section.month, y, label: null });
    }
    year = ofYear;
  });
  return marks;
}
