import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Section } from './section';
import type { Place, Timeline } from './timeline.svelte';

/** The month by the clock that stood where it was taken: under it the server counts an item too. */
const monthOf = ({ section, index }: Place): string => section.dayOf(index).slice(0, 7);

/** More than this are chosen month by month: asking for all of a large library would take minutes. */
export const MOST_AT_ONCE = 20_000;

/** The chosen items of one view, also those that are not loaded any more. */
export class Selection {
  readonly ids = new SvelteSet<string>();
  /** How many are chosen in each month. */
  readonly #months = new SvelteMap<string, number>();
  /** From here a range is drawn; its columns may be dropped meanwhile. */
  #anchor: { id: string; section: string } | null = null;
  /** What the drag that is under way has chosen, with the month of each. */
  #swept = new Map<string, string>();
  #sweeps = 0;
  #timeline: Timeline;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  get isActive(): boolean {
    return this.ids.size > 0;
  }

  toggle(place: Place): void {
    const id = place.section.columns.id[place.index];
    if (id === undefined) return;
    this.#set(id, monthOf(place), !this.ids.has(id));
    this.#anchor = { id, section: place.section.month };
  }

  /** Chooses everything from the last chosen item to this one, loaded or not. */
  async extendTo(place: Place): Promise<void> {
    const from = await this.#anchored();
    if (!from) {
      this.toggle(place);
      return;
    }
    for (const { id, month } of await this.#timeline.idsBetween(from, place)) this.#set(id, month, true);
  }

  async #anchored(): Promise<Place | null> {
    const anchor = this.#anchor;
    if (!anchor || !this.ids.has(anchor.id)) return null;
    const section = this.#timeline.sections.find(({ month }) => month === anchor.section);
    if (!section) return null;
    await this.#timeline.wantAll(section);
    return this.#timeline.find(anchor.id);
  }

  /** A drag begins: what it passes over is chosen, and let go again when it turns back. */
  beginSweep(place: Place): void {
    this.#swept = new Map();
    const id = place.section.columns.id[place.index];
    if (id === undefined) return;
    this.#anchor = { id, section: place.section.month };
    void this.sweepTo(place, place);
  }

  async sweepTo(from: Place, to: Place): Promise<void> {
    const sweep = ++this.#sweeps;
    const between = await this.#timeline.idsBetween(from, to);
    if (sweep !== this.#sweeps) return;
    const wanted = new Set(between.map(({ id }) => id));
    for (const [id, month] of this.#swept) {
      if (wanted.has(id)) continue;
      this.#swept.delete(id);
      this.#set(id, month, false);
    }
    for (const { id, month } of between) {
      if (this.ids.has(id)) continue;
      this.#swept.set(id, month);
      this.#set(id, month, true);
    }
  }

  monthState(section: Section): 'none' | 'some' | 'all' {
    const chosen = section.buckets.reduce((sum, { month }) => sum + (this.#months.get(month) ?? 0), 0);
    return chosen === 0 ? 'none' : chosen >= section.count ? 'all' : 'some';
  }

  async toggleMonth(section: Section): Promise<void> {
    await this.#choose(section, this.monthState(section) !== 'all');
  }

  /** Chooses everything of this view; false if that is too much at once. */
  async all(): Promise<boolean> {
    if (this.#timeline.total > MOST_AT_ONCE) return false;
    for (const section of this.#timeline.sections) await this.#choose(section, true);
    return true;
  }

  async #choose(section: Section, chosen: boolean): Promise<void> {
    await this.#timeline.wantAll(section);
    section.columns.id.forEach((id, index) => this.#set(id, monthOf({ section, index }), chosen));
  }

  clear(): void {
    this.#sweeps++;
    this.ids.clear();
    this.#months.clear();
    this.#anchor = null;
  }

  /** Items that are gone cannot stay chosen. */
  drop(ids: Iterable<string>): void {
    for (const id of ids) {
      if (!this.ids.has(id)) continue;
      const place = this.#timeline.find(id);
      if (place) this.#set(id, monthOf(place), false);
      else this.ids.delete(id);
    }
  }

  #set(id: string, month: string, chosen: boolean): void {
    if (this.ids.has(id) === chosen) return;
    if (chosen) this.ids.add(id);
    else this.ids.delete(id);
    this.#months.set(month, (this.#months.get(month) ?? 0) + (chosen ? 1 : -1));
  }
}
