import { beforeEach, describe, expect, it } from 'vitest';
import type { Api, TimelineColumns } from '$lib/api';
import type { LayoutOptions } from './layout';
import { listSource } from './source';
import { Selection } from './selection.svelte';
import { Timeline } from './timeline.svelte';

const options: LayoutOptions = { width: 1000, gap: 4, mode: 'justified', rowHeight: 200, columns: 4, headerHeight: 52, dayHeight: 0, dayGap: 20 };
const PAGE = 10;

/** A library of months that answers like the server, ten items a page. */
class FakeLibrary {
  months = new Map<string, string[]>();
  asked: string[] = [];
  fails = false;
  #held: Promise<void> | null = null;

  /** The next answer with items waits, as it was when it was asked for, until the returned function is called. */
  hold(): () => void {
    let arrive = (): void => undefined;
    this.#held = new Promise((resolve) => (arrive = resolve));
    return arrive;
  }

  put(month: string, count: number): this {
    this.months.set(month, Array.from({ length: count }, (_, n) => `${month}/${n}`));
    return this;
  }

  get api(): Api {
    const timeline: Pick<Api['timeline'], 'summary' | 'month'> = {
      summary: async () => {
        const buckets = [...this.months].filter(([, ids]) => ids.length > 0).map(([month, ids]) => ({ month, count: ids.length }));
        buckets.sort((a, b) => (a.month < b.month ? 1 : -1));
        return { total: buckets.reduce((sum, { count }) => sum + count, 0), buckets };
      },
      month: async (_view, month, cursor) => {
        this.asked.push(`${month}@${cursor ?? 0}`);
        if (this.fails) throw new Error('no network');
        const all = this.months.get(month) ?? [];
        const from = Number(cursor ?? 0);
        const next = from + PAGE < all.length ? String(from + PAGE) : null;
        const page = { month, count: all.length, items: columns(all.slice(from, from + PAGE), month), next_cursor: next };
        const held = this.#held;
        this.#held = null;
        await held;
        return page;
      }
    };
    return { timeline } as unknown as Api;
  }
}

function columns(id: string[], month: string): TimelineColumns {
  return {
    id,
    taken_at: id.map(() => `${month}-02T10:00:00+02:00`),
    kind: id.map(() => 'photo'),
    ratio: id.map(() => 1.5),
    thumbhash: id.map(() => null),
    duration_ms: id.map(() => null),
    favorite: id.map(() => false),
    state: id.map(() => 'ready'),
    version: id.map(() => 1)
  };
}

let library: FakeLibrary;
let timeline: Timeline;

beforeEach(async () => {
  library = new FakeLibrary().put('2024-05', 25).put('2024-04', 3).put('2023-12', 12);
  timeline = new Timeline(listSource(library.api, 'timeline'));
  await timeline.load();
  // What the first screen loads by itself is a test of its own; the others begin with nothing.
  for (const one of timeline.sections) one.evict();
  library.asked = [];
  timeline.arrange(options);
});

const section = (index: number) => {
  const found = timeline.sections[index];
  if (!found) throw new Error(`no section ${index}`);
  return found;
};

describe('months', () => {
  it('are newest first, stacked without gaps, before anything is loaded', () => {
    expect(timeline.sections.map(({ month }) => month)).toEqual(['2024-05', '2024-04', '2023-12']);
    expect(timeline.total).toBe(40);
    expect(timeline.tops[1]).toBe(section(0).height);
    expect(timeline.height).toBe(section(0).height + section(1).height + section(2).height);
    expect(library.asked).toEqual([]);
  });

  it('are loaded page by page, each page once', async () => {
    await Promise.all([timeline.want(section(0)), timeline.want(section(0))]);
    expect(library.asked).toEqual(['2024-05@0']);
    await timeline.wantAll(section(0));
    expect(library.asked).toEqual(['2024-05@0', '2024-05@10', '2024-05@20']);
    expect(section(0).isComplete).toBe(true);
    await timeline.want(section(0));
    expect(library.asked).toHaveLength(3);
  });

  it('that fail to load can be asked for again', async () => {
    library.fails = true;
    await timeline.want(section(1));
    expect(section(1).failed).toBeInstanceOf(Error);
    library.fails = false;
    await timeline.want(section(1));
    expect(section(1).failed).toBeNull();
    expect(section(1).loaded).toBe(3);
  });

  it('are found by position', () => {
    expect(timeline.sectionAt(0)).toBe(0);
    expect(timeline.sectionAt((timeline.tops[1] ?? 0) + 1)).toBe(1);
    expect(timeline.sectionAt(1e9)).toBe(2);
  });
});

describe('the first screen', () => {
  it('is loaded before anything is drawn, and no more than it', async () => {
    const wide = new FakeLibrary().put('2024-05', 90).put('2024-04', 150).put('2023-12', 30);
    const first = new Timeline(listSource(wide.api, 'timeline'));
    await first.load();
    expect(first.status).toBe('ready');
    expect(wide.asked).toEqual(['2024-05@0', '2024-04@0']);
  });
});

describe('years', () => {
  it('hold the items of their months, read one after the other', async () => {
    timeline.groupByYear(true);
    expect(timeline.sections.map(({ month, count }) => `${month}:${count}`)).toEqual(['2024:28', '2023:12']);
    await timeline.wantAll(section(0));
    expect(library.asked).toEqual(['2024-05@0', '2024-05@10', '2024-05@20', '2024-04@0']);
    expect(section(0).columns.id.at(-1)).toBe('2024-04/2');
    expect(section(0).isComplete).toBe(true);
  });

  it('count what is chosen by its month, so that the heading of either knows', async () => {
    timeline.groupByYear(true);
    const selection = new Selection(timeline);
    await selection.toggleMonth(section(1));
    timeline.groupByYear(false);
    expect(selection.monthState(section(2))).toBe('all');
    expect(selection.monthState(section(0))).toBe('none');
  });
});

describe('stepping', () => {
  it('crosses months in both directions and loads them', async () => {
    await timeline.wantAll(section(1));
    const older = await timeline.step({ section: section(1), index: 2 }, 1);
    expect(older && timeline.item(older)?.id).toBe('2023-12/0');
    const newer = await timeline.step({ section: section(1), index: 0 }, -1);
    expect(newer && timeline.item(newer)?.id).toBe('2024-05/24');
    expect(await timeline.step({ section: section(0), index: 0 }, -1)).toBeNull();
  });
});

describe('changes', () => {
  it('taken out are gone at once, and an empty month with them', async () => {
    await timeline.wantAll(section(1));
    timeline.remove(new Set(['2024-04/0', '2024-04/1', '2024-04/2']));
    expect(timeline.sections.map(({ month }) => month)).toEqual(['2024-05', '2023-12']);
    expect(timeline.total).toBe(37);
  });

  it('on the server are merged: only months that differ are read again', async () => {
    await timeline.wantAll(section(0));
    await timeline.wantAll(section(1));
    library.asked = [];
    library.months.get('2024-04')?.unshift('2024-04/new');
    library.put('2024-06', 1);
    await timeline.sync(new Set());
    expect(timeline.sections.map(({ month, count }) => `${month}:${count}`)).toEqual(['2024-06:1', '2024-05:25', '2024-04:4', '2023-12:12']);
    expect(library.asked).toEqual(['2024-04@0']);
    expect(timeline.find('2024-04/new')?.index).toBe(0);
  });

  it('on the server are drawn once, counts and months together', async () => {
    await timeline.wantAll(section(0));
    await timeline.wantAll(section(1));
    library.months.get('2024-05')?.unshift('2024-05/new');
    library.months.get('2024-04')?.unshift('2024-04/new');
    const drawn: number[] = [];
    timeline.keepWith({ keep: (change) => (change(), drawn.push(timeline.sections.filter(({ count, loaded }) => loaded > 0 && count !== loaded).length)) });
    await timeline.sync(new Set());
    expect(drawn).toEqual([0]);
    expect(timeline.total).toBe(42);
  });

  it('on the server do not mix with a page that was under way', async () => {
    await timeline.want(section(0));
    const arrive = library.hold();
    const page = timeline.want(section(0));
    library.months.get('2024-05')?.unshift('2024-05/new');
    await timeline.sync(new Set(['2024-05/new']));
    arrive();
    await page;
    await timeline.wantAll(section(0));
    expect(section(0).columns.id).toEqual(library.months.get('2024-05'));
  });

  it('on the server reach a month whose older answer arrives meanwhile', async () => {
    await timeline.wantAll(section(0));
    const arrive = library.hold();
    const april = timeline.want(section(1));
    library.months.get('2024-05')?.unshift('2024-05/new');
    library.months.get('2024-04')?.unshift('2024-04/new');
    const goOn = library.hold();
    const syncing = timeline.sync(new Set(['2024-05/new', '2024-04/new']));
    arrive();
    await april;
    goOn();
    await syncing;
    expect(section(1).columns.id).toEqual(library.months.get('2024-04'));
    expect(section(0).columns.id).toEqual(library.months.get('2024-05'));
  });

  it('on the server are counted although years are shown meanwhile', async () => {
    await timeline.wantAll(section(1));
    library.months.get('2024-04')?.unshift('2024-04/new');
    const syncing = timeline.sync(new Set(['2024-04/new']));
    timeline.groupByYear(true);
    await syncing;
    expect(timeline.sections.map(({ month, count }) => `${month}:${count}`)).toEqual(['2024:29', '2023:12']);
  });

  it('of an item that is shown are read again although the counts agree', async () => {
    await timeline.wantAll(section(1));
    library.asked = [];
    await timeline.sync(new Set(['2024-04/1']));
    expect(library.asked).toEqual(['2024-04@0']);
  });

  it('at the top of a month do not cost reading the rest of it again', async () => {
    const may = timeline.sections[0]!;
    await timeline.wantAll(may);
    library.months.get('2024-05')!.unshift('new/1', 'new/2');
    library.asked = [];
    await timeline.sync(new Set(['new/1', 'new/2']));
    expect(library.asked).toEqual(['2024-05@0']);
    expect(may.columns.id).toEqual(library.months.get('2024-05'));
    expect(may.isComplete).toBe(true);
  });

  it('further down are found, whether an item changed, came, or came while another went', async () => {
    const may = timeline.sections[0]!;
    await timeline.wantAll(may);
    const ids = library.months.get('2024-05')!;
    library.asked = [];
    await timeline.sync(new Set([ids[22]!]));
    expect(library.asked).toEqual(['2024-05@0', '2024-05@10', '2024-05@20']);
    ids.splice(18, 0, 'new/3');
    await timeline.sync(new Set(['new/3']));
    expect(may.columns.id).toEqual(ids);
    const gone = ids[2]!;
    ids.splice(2, 1);
    ids.push('new/4');
    timeline.remove(new Set([gone]));
    await timeline.sync(new Set(['new/4']));
    expect(may.columns.id).toEqual(ids);
  });

  it('keep what is in sight where it is', async () => {
    let kept = 0;
    timeline.keepWith({ keep: (change) => (kept++, change()) });
    await timeline.want(section(0));
    timeline.remove(new Set(['2024-05/0']));
    expect(kept).toBe(2);
  });
});

describe('selection', () => {
  it('of a month reaches items that are not loaded', async () => {
    const selection = new Selection(timeline);
    await selection.toggleMonth(section(0));
    expect(selection.ids.size).toBe(25);
    expect(selection.monthState(section(0))).toBe('all');
    selection.toggle({ section: section(0), index: 0 });
    expect(selection.monthState(section(0))).toBe('some');
    await selection.toggleMonth(section(0));
    await selection.toggleMonth(section(0));
    expect(selection.ids.size).toBe(0);
  });

  it('by dragging gives back what the drag leaves again, but not what was chosen before', async () => {
    const selection = new Selection(timeline);
    await timeline.wantAll(section(0));
    const at = (index: number) => ({ section: section(0), index });
    selection.toggle(at(3));
    selection.beginSweep(at(1));
    await selection.sweepTo(at(1), at(6));
    expect(selection.ids.size).toBe(6);
    await selection.sweepTo(at(1), at(2));
    expect([...selection.ids].sort()).toEqual(['2024-05/1', '2024-05/2', '2024-05/3']);
    expect(selection.monthState(section(0))).toBe('some');
  });

  it('of a range survives that its beginning is not loaded any more', async () => {
    const selection = new Selection(timeline);
    await timeline.wantAll(section(0));
    await timeline.wantAll(section(2));
    selection.toggle({ section: section(0), index: 23 });
    section(0).evict();
    await selection.extendTo({ section: section(2), index: 0 });
    expect(selection.ids.size).toBe(6);
  });

  it('of everything', async () => {
    const selection = new Selection(timeline);
    expect(await selection.all()).toBe(true);
    expect(selection.ids.size).toBe(40);
  });

  it('of a range crosses months in either direction', async () => {
    const selection = new Selection(timeline);
    await timeline.wantAll(section(0));
    await timeline.wantAll(section(2));
    selection.toggle({ section: section(2), index: 1 });
    await selection.extendTo({ section: section(0), index: 23 });
    expect([...selection.ids].sort()).toEqual(
      ['2024-05/23', '2024-05/24', '2024-04/0', '2024-04/1', '2024-04/2', '2023-12/0', '2023-12/1'].sort()
    );
  });
});

it('far months are dropped when many are loaded, and keep their height', async () => {
  const many = new FakeLibrary();
  for (let n = 0; n < 30; n++) many.put(`20${String(n + 10)}-01`, 0);
  const big = Array.from({ length: 5000 }, (_, n) => String(n));
  const api = {
    timeline: {
      summary: async () => ({ total: 150_000, buckets: [...many.months.keys()].reverse().map((month) => ({ month, count: 5000 })) }),
      month: async (_: string, month: string) => ({ month, count: 5000, items: columns(big.map((n) => `${month}/${n}`), month), next_cursor: null })
    }
  } as unknown as Api;
  const long = new Timeline(listSource(api, 'timeline'));
  await long.load();
  long.arrange(options);
  for (let index = 0; index < 30; index++) {
    long.see(index);
    const wanted = long.sections[index];
    if (wanted) await long.want(wanted);
  }
  const loaded = long.sections.reduce((sum, { loaded }) => sum + loaded, 0);
  expect(loaded).toBeLessThanOrEqual(60_000);
  expect(long.sections[0]?.loaded).toBe(0);
  expect(long.sections[0]?.height).toBe(long.sections[29]?.height);
});
