import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Section } from './section';
import type { Place, Timeline } from './timeline.svelte';

/** The month by the clock that stood where it was taken: under it the server counts an item too. */
const monthOf = ({ section, index }: Place): string => section.dayOf(index).slice(0, 7);

/** The chosen items of one view, also those that are not loaded any more. */
export class Selection {
  readonly ids = new SvelteSet<string>();
  /** How many are chosen in each month. */
  readonly #months = new SvelteMap<string, number>();
  #anchor: Place | null = null;
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
    this.#anchor = place;
  }

  /** Chooses everything from the last chosen item to this one. */
  async extendTo(place: Place): Promise<void> {
    const anchorId = this.#anchor?.section.columns.id[this.#anchor.index];
    if (!this.#anchor || anchorId === undefined || !this.ids.has(anchorId)) {
      this.toggle(place);
      return;
    }
    for (const { id, month } of await this.#timeline.idsBetween(this.#anchor, place)) this.#set(id, month, true);
  }

  monthState(section: Section): 'none' | 'some' | 'all' {
    const chosen = section.buckets.reduce((sum, { month }) => sum + (this.#months.get(month) ?? 0), 0);
    return chosen === 0 ? 'none' : chosen >= section.count ? 'all' : 'some';
  }

  async toggleMonth(section: Section): Promise<void> {
    const choose = this.monthState(section) !== 'all';
    await this.#timeline.wantAll(section);
    section.columns.id.forEach((id, index) => this.#set(id, monthOf({ section, index }), choose));
  }

  clear(): void {
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
