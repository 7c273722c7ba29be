import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TimelineColumns } from '$lib/api';
import { Timeline } from './timeline.svelte';
import { together } from './together';
import { Viewport } from './viewport.svelte';

const empty: TimelineColumns = { id: [], taken_at: [], kind: [], ratio: [], thumbhash: [], duration_ms: [], favorite: [], state: [], version: [] };
let asked: string[];
let viewport: Viewport;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal('ResizeObserver', class {
    observe = (): void => undefined;
    disconnect = (): void => undefined;
  });
  asked = [];
  const buckets = Array.from({ length: 40 }, (_, n) => ({ month: `${2060 - n}-01`, count: 1000 }));
  const timeline = new Timeline({
    summary: async () => ({ buckets }),
    month: async (month) => {
      asked.push(month);
      return { items: empty, next_cursor: null };
    }
  });
  viewport = new Viewport(timeline);
  await timeline.load();
  timeline.arrange({ width: 1000, gap: 4, mode: 'justified', rowHeight: 200, columns: 4, headerHeight: 52, dayHeight: 0, dayGap: 20 });
  viewport.attach({ clientHeight: 800, scrollTop: 0 } as unknown as HTMLElement);
  await vi.runAllTimersAsync();
  asked = [];
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a scrubber that is dragged', () => {
  it('asks for nothing on its way, nor while the pointer only trembles across it', async () => {
    for (const top of [50_000, 50_000, 90_000, 90_000.4]) {
      viewport.fly(top);
      expect(viewport.isFast).toBe(true);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(asked).toEqual([]);
  });

  it('shows what it is held on after a while, and what it is dropped on at once', async () => {
    viewport.fly(400_000);
    await vi.advanceTimersByTimeAsync(500);
    expect(viewport.isFast).toBe(false);
    expect(asked.length).toBeGreaterThan(0);
    const before = asked.length;
    viewport.fly(800_000);
    expect(viewport.isFast).toBe(true);
    viewport.land();
    expect(viewport.isFast).toBe(false);
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.length).toBeGreaterThan(before);
  });
});

describe('what is ready', () => {
  it('is shown at once, and what follows it closely together', async () => {
    const shown: [number, string][] = [];
    const began = performance.now();
    const ready = (name: string): void => together(() => shown.push([performance.now() - began, name]));
    ready('a');
    await vi.advanceTimersByTimeAsync(10);
    ready('b');
    await vi.advanceTimersByTimeAsync(20);
    ready('c');
    await vi.advanceTimersByTimeAsync(100);
    ready('d');
    await vi.advanceTimersByTimeAsync(10);
    expect(shown).toEqual([[0, 'a'], [50, 'b'], [50, 'c'], [130, 'd']]);
  });
});
