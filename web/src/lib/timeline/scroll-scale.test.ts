import { describe, expect, it } from 'vitest';
import { MAX_SCROLL_HEIGHT, ScrollScale } from './scroll-scale';

function scaled(total = 40_000_000, viewport = 800): ScrollScale {
  const scale = new ScrollScale();
  scale.resize(total, viewport);
  return scale;
}

describe('a small library', () => {
  it('scrolls one to one', () => {
    const scale = scaled(100_000);
    expect(scale.height).toBe(100_000);
    scale.scrolled(54_321);
    expect(scale.virtualTop).toBe(54_321);
    expect(scale.shift).toBe(0);
  });
});

describe('a library that is taller than browsers can scroll', () => {
  it('keeps within their limit and reaches both ends', () => {
    const scale = scaled();
    expect(scale.height).toBe(MAX_SCROLL_HEIGHT);
    expect(scale.jump(40_000_000)).toBe(MAX_SCROLL_HEIGHT - 800);
    expect(scale.virtualTop).toBe(40_000_000 - 800);
    expect(scale.jump(-5)).toBe(0);
    expect(scale.virtualTop).toBe(0);
  });

  it('moves rows with the finger one to one', () => {
    const scale = scaled();
    const top = scale.jump(20_000_000);
    scale.scrolled(top + 120);
    expect(scale.virtualTop).toBe(20_000_120);
  });

  it('reads a dragged scrollbar in proportion', () => {
    const scale = scaled();
    scale.scrolled((MAX_SCROLL_HEIGHT - 800) / 2);
    expect(scale.virtualTop).toBeCloseTo((40_000_000 - 800) / 2, 0);
  });

  it('reaches the beginning by scrolling alone', () => {
    const scale = scaled();
    let top = scale.jump(60_000);
    for (let steps = 0; scale.virtualTop > 0 && steps < 2000; steps++) {
      scale.scrolled(Math.max(0, top - 100));
      top = Math.max(0, top - 100);
      if (scale.mustSettle) top = scale.settle();
    }
    expect(scale.virtualTop).toBe(0);
    expect(top).toBe(0);
  });

  it('settling moves nothing that is seen', () => {
    const scale = scaled();
    const top = scale.jump(20_000_000);
    scale.scrolled(top + 3000);
    const before = scale.virtualTop;
    scale.settle();
    expect(Math.abs(scale.virtualTop - before)).toBeLessThanOrEqual(1);
  });
});

describe('growth above', () => {
  it('leaves the scroller where it is', () => {
    const scale = scaled(100_000);
    scale.scrolled(50_000);
    scale.resize(100_700, 800);
    scale.grownAbove(700);
    expect(scale.virtualTop).toBe(50_700);
    expect(scale.virtualTop - scale.shift).toBe(50_000);
    expect(scale.settle()).toBe(50_700);
  });
});
