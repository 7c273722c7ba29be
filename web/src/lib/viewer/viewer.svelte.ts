import { urls, type Media, type MediaChange } from '$lib/api';
import type { Library } from '$lib/library/library.svelte';
import type { MediaVault } from '$lib/state/app.svelte';
import type { Item } from '$lib/timeline/columns';
import type { Place } from '$lib/timeline/timeline.svelte';

/** The item that is looked at, with its neighbours and its details. */
export class Viewer {
  id = $state<string | null>(null);
  item = $state.raw<Item | null>(null);
  media = $state.raw<Media | null>(null);
  error = $state.raw<unknown>(null);
  previous = $state<string | null>(null);
  next = $state<string | null>(null);
  #app: MediaVault;
  #library: Library;
  #run = 0;

  constructor(app: MediaVault, library: Library) {
    this.#app = app;
    this.#library = library;
  }

  async show(id: string): Promise<void> {
    const run = ++this.#run;
    this.id = id;
    this.media = null;
    this.error = null;
    const known = this.#library.timeline.find(id);
    if (known) this.#stand(known);
    try {
      const media = await this.#app.api.media.get(id);
      if (run !== this.#run) return;
      this.media = media;
      this.item ??= itemOf(media);
      if (this.item.id !== id) this.item = itemOf(media);
    } catch (error) {
      if (run !== this.#run) return;
      this.error = error;
      return;
    }
    const place = known ?? (await this.#locate(this.media));
    if (run !== this.#run || !place) return;
    this.#stand(place);
    await this.#neighbours(place, run);
  }

  /** The details again, after something changed elsewhere. */
  async reload(): Promise<void> {
    const { id } = this;
    if (id === null) return;
    const media = await this.#app.api.media.get(id);
    if (this.id !== id) return;
    this.media = media;
    this.item = itemOf(media);
  }

  #stand(place: Place): void {
    this.item = this.#library.timeline.item(place);
    this.#library.cursor = this.item ? { id: this.item.id } : null;
  }

  /** A deep link: the month of the item is loaded, and the timeline behind brought to it. */
  async #locate(media: Media): Promise<Place | null> {
    const { timeline, viewport } = this.#library;
    const section = timeline.sections.find(({ month }) => media.taken_at.startsWith(month));
    if (!section) return null;
    await timeline.wantAll(section).catch(() => undefined);
    const place = timeline.find(media.id);
    if (place) viewport.reveal(place);
    return place;
  }

  async #neighbours(place: Place, run: number): Promise<void> {
    const { timeline } = this.#library;
    const [before, after] = await Promise.all([timeline.step(place, -1), timeline.step(place, 1)]);
    if (run !== this.#run) return;
    const items = [before, after].map((place) => (place ? timeline.item(place) : null));
    this.previous = items[0]?.id ?? null;
    this.next = items[1]?.id ?? null;
    for (const item of items) {
      if (item?.kind === 'photo') new Image().src = urls.thumbnail(item.id, 'preview', item.version);
    }
  }

  close(): void {
    this.#run++;
    this.id = null;
    this.item = null;
    this.media = null;
    this.previous = null;
    this.next = null;
  }

  /** Saves an edit; the toast offers the way back. */
  async change(change: MediaChange, undo: MediaChange): Promise<void> {
    const { id } = this;
    if (id === null) return;
    const { t, toasts, api, changes } = this.#app;
    const media = await changes.run(() => api.media.change(id, change));
    if (this.id === id) this.media = media;
    const back = () =>
      void changes
        .run(() => api.media.change(id, undo))
        .then((restored) => {
          if (this.id === id) this.media = restored;
        })
        .catch((error: unknown) => this.#app.report(error));
    toasts.show(t('done.saved'), { action: { label: t('action.undo'), run: back } });
  }

  /** Asks the server to prepare a failed item again; its events tell how it went. */
  async reprocess(): Promise<void> {
    const { id } = this;
    if (id === null) return;
    try {
      await this.#app.api.media.reprocess(id);
      this.#app.toasts.show(this.#app.t('done.reprocess'));
    } catch (error) {
      this.#app.report(error);
    }
  }

  async toggleFavorite(): Promise<void> {
    const { item } = this;
    if (!item) return;
    const favorite = !item.favorite;
    this.item = { ...item, favorite };
    if (this.media) this.media = { ...this.media, favorite };
    await this.#library.act(favorite ? 'favorite' : 'unfavorite', [item.id]);
  }
}

function itemOf(media: Media): Item {
  return {
    id: media.id,
    takenAt: media.taken_at,
    kind: media.kind,
    ratio: media.width && media.height ? media.width / media.height : 1,
    thumbhash: media.thumbhash ?? null,
    durationMs: media.duration_ms ?? null,
    favorite: media.favorite,
    state: media.state,
    version: media.version
  };
}
