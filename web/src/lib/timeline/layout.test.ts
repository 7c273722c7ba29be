import { describe, expect, it } from 'vitest';
import { clampRatio, estimateHeight, layoutSection, placeRow, rowAt, rowOf, type LayoutOptions } from './layout';

const options: LayoutOptions = { width: 1000, gap: 4, mode: 'justified', rowHeight: 220, columns: 4, headerHeight: 52, dayHeight: 0, dayGap: 20 };
const noDays = () => '';

/** The same sequence of ratios each time. */
function ratios(count: number, seed = 7): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return [0.56, 0.75, 1, 1.33, 1.5, 1.78, 4.5, 0.2][state >>> 29] ?? 1;
  });
}

describe('justified rows', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    it(`hold every item once, in order, and fill the width (seed ${seed})`, () => {
      const all = ratios(500, seed);
      const layout = layoutSection(all, 0, options, noDays);
      let next = 0;
      for (let row = 0; row < layout.rows; row++) {
        const from = layout.start[row] ?? 0;
        const to = layout.start[row + 1] ?? 0;
        expect(from).toBe(next);
        expect(to).toBeGreaterThan(from);
        next = to;
        const places = placeRow(all, from, to, layout.rowHeight[row] ?? 0, options, noDays);
        const end = (places.at(-2) ?? 0) + (places.at(-1) ?? 0);
        expect(end).toBeLessThanOrEqual(options.width + 0.01);
        if (row < layout.rows - 1) expect(end).toBeCloseTo(options.width, 1);
      }
      expect(next).toBe(500);
    });
  }

  it('do not overlap and end at the height of the section', () => {
    const layout = layoutSection(ratios(300), 0, options, noDays);
    for (let row = 1; row < layout.rows; row++) {
      const above = (layout.top[row - 1] ?? 0) + (layout.rowHeight[row - 1] ?? 0);
      expect(layout.top[row]).toBeCloseTo(above + options.gap, 3);
    }
    const last = layout.rows - 1;
    expect(layout.height).toBeCloseTo((layout.top[last] ?? 0) + (layout.rowHeight[last] ?? 0) + options.gap, 3);
  });

  it('stay near the wanted height', () => {
    const layout = layoutSection(ratios(2000), 0, options, noDays);
    const mean = layout.rowHeight.reduce((sum, height) => sum + height, 0) / layout.rows;
    expect(mean).toBeGreaterThan(options.rowHeight * 0.8);
    expect(mean).toBeLessThan(options.rowHeight * 1.2);
  });

  it('keep a single photo at the wanted height', () => {
    const layout = layoutSection([1.5], 0, options, noDays);
    expect(layout.rowHeight[0]).toBe(220);
  });

  it('lay out 70,000 items in well under a frame', () => {
    const all = ratios(70_000);
    layoutSection(all, 0, options, noDays);
    const began = performance.now();
    layoutSection(all, 0, options, noDays);
    expect(performance.now() - began).toBeLessThan(50);
  });
});

describe('a page that is not loaded to its end', () => {
  it('reserves room for the missing items', () => {
    const whole = layoutSection(ratios(1000), 0, options, noDays).height;
    const half = layoutSection(ratios(500), 500, options, noDays).height;
    expect(Math.abs(half - whole) / whole).toBeLessThan(0.15);
    expect(estimateHeight(1000, options) / whole).toBeGreaterThan(0.8);
    expect(estimateHeight(1000, options) / whole).toBeLessThan(1.2);
  });
});

describe('days', () => {
  const days = { ...options, dayHeight: 36 };

  it('that are long begin with a heading and never share a row', () => {
    const dayOf = (index: number) => String(Math.floor(index / 17));
    const layout = layoutSection(new Float32Array(170).fill(1.5), 0, days, dayOf);
    let headings = 0;
    for (let row = 0; row < layout.rows; row++) {
      const from = layout.start[row] ?? 0;
      const to = layout.start[row + 1] ?? 0;
      if (from === to) headings++;
      else expect(dayOf(from)).toBe(dayOf(to - 1));
    }
    expect(headings).toBe(10);
  });

  for (const seed of [1, 2, 3]) {
    it(`that are short stand side by side, apart from each other, within the width (seed ${seed})`, () => {
      const all = ratios(200, seed);
      const dayOf = (index: number) => String(Math.floor(index / 2));
      const layout = layoutSection(all, 0, days, dayOf);
      let next = 0;
      for (let row = 0; row < layout.rows; row += 2) {
        const from = layout.start[row + 1] ?? 0;
        const to = layout.start[row + 2] ?? 0;
        expect(layout.start[row]).toBe(from);
        expect(from).toBe(next);
        next = to;
        const places = placeRow(all, from, to, layout.rowHeight[row + 1] ?? 0, days, dayOf);
        for (let n = 1; n < to - from; n++) {
          const apart = (places[n * 2] ?? 0) - (places[n * 2 - 2] ?? 0) - (places[n * 2 - 1] ?? 0);
          if (dayOf(from + n) === dayOf(from + n - 1)) expect(apart).toBeCloseTo(options.gap, 2);
          else expect(apart).toBeGreaterThanOrEqual(days.dayGap - 0.01);
        }
        expect((places.at(-2) ?? 0) + (places.at(-1) ?? 0)).toBeLessThanOrEqual(options.width + 0.6);
      }
      expect(next).toBe(200);
      expect(layout.rows).toBeLessThan(200);
    });

    it(`fill the width where that leaves the row near the wanted height (seed ${seed})`, () => {
      const all = ratios(200, seed).map((ratio) => Math.min(2, Math.max(0.56, ratio)));
      const dayOf = (index: number) => String(Math.floor(index / 2));
      const layout = layoutSection(all, 0, days, dayOf);
      let ragged = 0;
      for (let row = 1; row < layout.rows - 1; row += 2) {
        const height = layout.rowHeight[row] ?? 0;
        expect(height).toBeGreaterThanOrEqual(days.rowHeight * 0.71);
        expect(height).toBeLessThanOrEqual(days.rowHeight * 1.31);
        const places = placeRow(all, layout.start[row] ?? 0, layout.start[row + 1] ?? 0, height, days, dayOf);
        if (Math.abs((places.at(-2) ?? 0) + (places.at(-1) ?? 0) - days.width) > 0.6) ragged++;
      }
      expect(ragged).toBeLessThan(layout.rows / 20);
    });
  }
});

describe('a day alone', () => {
  it('keeps the wanted height, and two that are a little too wide together shrink into one row', () => {
    const days = { ...options, dayHeight: 36, width: 600 };
    const single = layoutSection([1.5], 0, days, () => 'a');
    expect([...single.rowHeight]).toEqual([36, 220]);
    const two = layoutSection([1.5, 1.5], 0, days, String);
    expect([...two.start]).toEqual([0, 0, 2]);
    expect(two.rowHeight[1]).toBe(193);
  });
});

describe('squares', () => {
  it('fill the columns', () => {
    const square = { ...options, mode: 'square' as const };
    const layout = layoutSection(ratios(10), 0, square, noDays);
    expect([...layout.start]).toEqual([0, 4, 8, 10]);
    const places = placeRow(ratios(10), 0, 4, layout.rowHeight[0] ?? 0, square, noDays);
    expect((places[6] ?? 0) + (places[7] ?? 0)).toBeCloseTo(1000, 2);
  });
});

describe('finding rows', () => {
  it('agrees with looking at each', () => {
    const layout = layoutSection(ratios(400), 0, options, noDays);
    for (let row = 0; row < layout.rows; row++) {
      expect(rowAt(layout, (layout.top[row] ?? 0) + 1)).toBe(row);
      expect(rowOf(layout, layout.start[row] ?? 0)).toBe(row);
      expect(rowOf(layout, (layout.start[row + 1] ?? 0) - 1)).toBe(row);
    }
    expect(rowAt(layout, -500)).toBe(0);
    expect(rowAt(layout, 1e9)).toBe(layout.rows - 1);
  });
});

it('odd ratios are tamed', () => {
  expect(clampRatio(0)).toBe(1);
  expect(clampRatio(Number.NaN)).toBe(1);
  expect(clampRatio(40)).toBe(3.2);
  expect(clampRatio(0.01)).toBe(0.45);
});
