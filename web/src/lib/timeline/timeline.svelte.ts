import type { TimelineBucket } from '$lib/api';
import type { Item } from './columns';
import { rowOf, type LayoutOptions } from './layout';
import { Section, sectionsOf } from './section';
import type { Source } from './source';

/** What is in sight keeps its place while heights around it change; the viewport does that. */
export interface Keeper {
  keep(change: () => void): void;
}

export interface Place {
  readonly section: Section;
  readonly index: number;
}

/** Columns of about this many items are kept; those farthest from sight are dropped first. */
const KEPT_ITEMS = 60_000;

/** So many items are read before anything is drawn: the first screen is then exact and nothing on it moves. */
const FIRST_ITEMS = 200;
/** A page that somebody waits for is short. */
const FIRST_PAGE = 500;
const PAGE = 5000;

/**
 * The months of one view, loaded as they come into sight. `revision` changes with everything that is drawn from here: the
 * columns themselves are plain arrays, because a million reactive cells would cost more than drawing the screen again.
 */
export class Timeline {
  status = $state<'loading' | 'ready' | 'error'>('loading');
  error = $state.raw<unknown>(null);
  total = $state(0);
  revision = $state(0);

  sections: Section[] = [];
  /** Upper edge of each section, and behind the last one the height of all. */
  tops = new Float64Array(1);
  // Counted apart from the state: whoever changes the timeline from an effect must not depend on it.
  #changes = 0;
  #options: LayoutOptions | null = null;
  #buckets: readonly TimelineBucket[] = [];
  #isByYear = false;
  readonly #source: Source;
  #keeper: Keeper = { keep: (change) => change() };
  #inSight = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  get height(): number {
    return this.tops[this.sections.length] ?? 0;
  }

  get options(): LayoutOptions | null {
    return this.#options;
  }

  keepWith(keeper: Keeper): void {
    this.#keeper = keeper;
  }

  async load(): Promise<void> {
    try {
      this.#apply(await this.#source.summary());
      await this.#fetchFirst();
      this.status = 'ready';
      this.error = null;
    } catch (error) {
      if (this.status === 'ready') return;
      this.error = error;
      this.status = 'error';
    }
  }

  async #fetchFirst(): Promise<void> {
    let expected = 0;
    const first = this.sections.filter(({ count }, index) => {
      const isFirst = expected < FIRST_ITEMS && index < 8;
      expected += count;
      return isFirst;
    });
    await Promise.all(first.map((section) => this.want(section)));
  }

  /** Months under one heading each, or whole years. */
  groupByYear(isByYear: boolean): void {
    if (isByYear === this.#isByYear) return;
    this.#isByYear = isByYear;
    this.#apply({ buckets: this.#buckets });
  }

  arrange(options: LayoutOptions): void {
    this.#change(() => {
      this.#options = options;
      for (const section of this.sections) section.arrange(options);
    });
  }

  /** Loads the next page of a section. Asking again while it loads is free. */
  want(section: Section): Promise<void> {
    if (section.isComplete) return Promise.resolve();
    section.loading ??= this.#fetchPage(section).finally(() => (section.loading = null));
    return section.loading;
  }

  /** Loads all of a section; throws what the last attempt failed with. */
  async wantAll(section: Section): Promise<void> {
    while (!section.isComplete) {
      await this.want(section);
      if (section.failed !== null) throw section.failed;
    }
  }

  /** Sections around `index` are in sight: they are the last to be dropped. */
  see(index: number): void {
    this.#inSight = index;
  }

  #change(change: () => void): void {
    this.#keeper.keep(() => {
      change();
      this.#stack();
    });
    this.revision = ++this.#changes;
  }

  #stack(): void {
    const tops = new Float64Array(this.sections.length + 1);
    let y = 0;
    let total = 0;
    this.sections.forEach((section, index) => {
      tops[index] = y;
      y += section.height;
      total += section.count;
    });
    tops[this.sections.length] = y;
    this.tops = tops;
    this.total = total;
  }

  async #fetchPage(section: Section): Promise<void> {
    try {
      const { next, columns } = section;
      if (!next) return;
      const page = await this.#source.month(next.month, next.cursor, section.loaded === 0 ? FIRST_PAGE : undefined);
      // Other items are there meanwhile; what follows them is asked for anew.
      if (section.columns !== columns) return;
      this.#change(() => {
        section.append(page.items, page.next_cursor ?? null);
        section.failed = null;
        if (this.#options) section.arrange(this.#options);
        this.#evict(section);
      });
    } catch (error) {
      section.failed = error;
      this.revision = ++this.#changes;
    }
  }

  #evict(fresh: Section): void {
    let kept = this.sections.reduce((sum, section) => sum + section.loaded, 0);
    if (kept <= KEPT_ITEMS) return;
    const far = this.sections
      .map((section, index) => ({ section, distance: Math.abs(index - this.#inSight) }))
      .filter(({ section, distance }) => section.loaded > 0 && section !== fresh && !section.loading && distance > 1)
      .sort((a, b) => b.distance - a.distance);
    for (const { section } of far) {
      if (kept <= KEPT_ITEMS) return;
      kept -= section.loaded;
      section.evict();
    }
  }

  #apply({ buckets }: { readonly buckets: readonly TimelineBucket[] }): void {
    this.#change(() => this.#divide(buckets));
  }

  /** Sections by the server's counts. What is loaded of them stays; answers those that the server counts otherwise. */
  #divide(buckets: readonly TimelineBucket[]): Section[] {
    const known = this.#byName();
    const stale: Section[] = [];
    this.#buckets = buckets;
    this.sections = [...sectionsOf(buckets, this.#isByYear)].map(([name, ofSection]) => {
      const section = known.get(name);
      if (section?.agreesWith(ofSection)) return section;
      if (section && section.loaded > 0) {
        stale.push(section);
        return section;
      }
      const fresh = new Section(name, ofSection);
      if (this.#options) fresh.arrange(this.#options);
      return fresh;
    });
    return stale;
  }

  #byName(): Map<string, Section> {
    return new Map(this.sections.map((section) => [section.month, section]));
  }

  /**
   * Something changed on the server: counts are compared, and the loaded months that differ or hold one of `touched` are
   * read again; then counts and months are swapped in one step, drawn once. `all`: every loaded month, for something may have
   * been missed.
   */
  async sync(touched: ReadonlySet<string>, all = false): Promise<void> {
    const { buckets } = await this.#source.summary();
    const known = this.#byName();
    const stale = [...sectionsOf(buckets, this.#isByYear)].flatMap(([name, ofSection]) => {
      const section = known.get(name);
      if (!section || section.loaded === 0) return [];
      const holdsTouched = () => touched.size > 0 && section.columns.id.some((id) => touched.has(id));
      const isStale = all || !section.agreesWith(ofSection) || holdsTouched();
      return isStale ? [{ section, buckets: ofSection }] : [];
    });
    const reread = await Promise.all(stale.map(async ({ section, buckets }) => ({ section, copy: await this.#reread(section, buckets, touched, all) })));
    let hasMissed = false;
    this.#change(() => {
      const differing = this.#divide(buckets);
      for (const { section, copy } of reread) {
        section.take(copy);
        if (this.#options) section.arrange(this.#options);
      }
      // Loaded while the others were read again.
      hasMissed = differing.some((one) => !reread.some(({ section }) => section === one));
    });
    if (hasMissed) await this.sync(touched, all);
  }

  /** As much of a section as was loaded; no more is read than can have changed. `all`: anything can have. */
  async #reread(section: Section, buckets: readonly TimelineBucket[], touched: ReadonlySet<string>, all: boolean): Promise<Section> {
    const copy = new Section(section.month, buckets);
    const wanted = section.loaded;
    let size = Math.min(PAGE, FIRST_PAGE + (all ? wanted : touched.size));
    for (let { next } = copy; next && copy.loaded < Math.max(1, wanted); { next } = copy) {
      const page = await this.#source.month(next.month, next.cursor, size);
      copy.append(page.items, page.next_cursor ?? null);
      if (!all && !copy.isComplete && copy.goOnWith(section, touched)) break;
      size = PAGE;
    }
    return copy;
  }

  /** Takes items out at once; the server's word follows by {@link sync}. */
  remove(ids: ReadonlySet<string>): void {
    this.#change(() => {
      for (const section of this.sections) {
        if (section.remove(ids) > 0 && this.#options) section.arrange(this.#options);
      }
      this.sections = this.sections.filter((section) => section.count > 0);
    });
  }

  setFavorite(ids: ReadonlySet<string>, favorite: boolean): void {
    for (const section of this.sections) {
      section.columns.id.forEach((id, index) => {
        if (ids.has(id)) section.columns.favorite[index] = favorite;
      });
    }
    this.revision = ++this.#changes;
  }

  find(id: string): Place | null {
    for (const section of this.sections) {
      const index = section.loaded === 0 ? -1 : section.columns.id.indexOf(id);
      if (index >= 0) return { section, index };
    }
    return null;
  }

  item(place: Place): Item | null {
    return place.section.item(place.index);
  }

  /** The item after (`1`) or before (`-1`) a place; months are loaded as needed. */
  async step(place: Place, by: 1 | -1): Promise<Place | null> {
    let { section, index } = place;
    index += by;
    for (;;) {
      if (index >= 0 && index < section.loaded) return { section, index };
      if (index >= section.loaded && !section.isComplete) {
        await this.want(section);
        if (section.failed !== null) return null;
        continue;
      }
      const next = this.sections[this.sections.indexOf(section) + by];
      if (!next) return null;
      section = next;
      if (by === 1) {
        index = 0;
      } else {
        await this.wantAll(section);
        index = section.loaded - 1;
      }
    }
  }

  /** Ids from one place to another, both included, in either order. */
  async idsBetween(a: Place, b: Place): Promise<{ id: string; month: string }[]> {
    const order = (place: Place) => this.sections.indexOf(place.section);
    const [first, last] = order(a) < order(b) || (order(a) === order(b) && a.index <= b.index) ? [a, b] : [b, a];
    const ids: { id: string; month: string }[] = [];
    for (const section of this.sections.slice(order(first), order(last) + 1)) {
      await this.wantAll(section);
      const from = section === first.section ? first.index : 0;
      const to = section === last.section ? last.index + 1 : section.loaded;
      section.columns.id.slice(from, to).forEach((id, nth) => ids.push({ id, month: section.dayOf(from + nth).slice(0, 7) }));
    }
    return ids;
  }

  /** Upper and lower edge of the row that holds a place. */
  extent(place: Place): { top: number; bottom: number } | null {
    const index = this.sections.indexOf(place.section);
    const { layout } = place.section;
    if (index < 0 || !layout) return null;
    const row = rowOf(layout, place.index);
    const top = (this.tops[index] ?? 0) + (layout.top[row] ?? 0);
    return { top, bottom: top + (layout.rowHeight[row] ?? 0) };
  }

  /** The section that covers a virtual position. */
  sectionAt(y: number): number {
    let low = 0;
    let high = this.sections.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.tops[middle] ?? 0) <= y) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }
}
