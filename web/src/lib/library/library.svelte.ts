import { createContext } from 'svelte';
import type { BatchAction, ManyChange, View } from '$lib/api';
import type { MessageKey } from '$lib/i18n/i18n.svelte';
import type { MediaVault } from '$lib/state/app.svelte';
import { undoOf } from './undo';
import type { LiveChange } from '$lib/state/live.svelte';
import type { Source } from '$lib/timeline/source';
import { Selection } from '$lib/timeline/selection.svelte';
import { Timeline, type Place } from '$lib/timeline/timeline.svelte';
import { Viewport } from '$lib/timeline/viewport.svelte';

/** The server takes this many ids at a time. */
const BATCH = 500;

/** What each action says when it is done, and how it is undone. */
const ACTIONS = {
  trash: { done: 'done.trash', undo: 'restore' },
  restore: { done: 'done.restore', undo: 'trash' },
  archive: { done: 'done.archive', undo: 'unarchive' },
  unarchive: { done: 'done.unarchive', undo: 'archive' },
  favorite: { done: 'done.favorite', undo: 'unfavorite' },
  unfavorite: { done: 'done.unfavorite', undo: 'favorite' },
  delete_permanently: { done: 'done.deleted', undo: null }
} as const satisfies Record<BatchAction, { done: MessageKey; undo: BatchAction | null }>;

/** A list that the server keeps, or what a search found. */
export type LibraryKind = View | 'search';

/** Does an action take items out of a view? */
export function leaves(view: LibraryKind, action: BatchAction): boolean {
  if (action === 'trash' || action === 'delete_permanently') return true;
  if (action === 'restore') return view === 'trash';
  if (action === 'archive') return view === 'timeline';
  if (action === 'unarchive') return view === 'archive';
  return action === 'unfavorite' && view === 'favorites';
}

/** One view of the library on screen: its timeline, what is in sight, what is chosen, and what is done to it. */
export class Library {
  readonly view: LibraryKind;
  readonly timeline: Timeline;
  readonly viewport: Viewport;
  readonly selection: Selection;
  /** The item that the keyboard stands on. */
  cursor = $state.raw<{ id: string } | null>(null);
  #app: MediaVault;
  /** What is to be read again, kept until it was. */
  #touched = new Set<string>();
  #all = false;
  #syncing: Promise<void> | null = null;

  constructor(app: MediaVault, view: LibraryKind, source: Source) {
    this.#app = app;
    this.view = view;
    this.timeline = new Timeline(source);
    this.viewport = new Viewport(this.timeline);
    this.selection = new Selection(this.timeline);
  }

  /** Loads, and follows what happens on the server until the returned function is called. */
  open(): () => void {
    void this.timeline.load().then(() => this.viewport.wantVisible());
    const stops = [
      this.#app.live.onChange((change) => void this.#follow(change)),
      this.#app.connection.onReturn(() => this.reload())
    ];
    return () => stops.forEach((stop) => stop());
  }

  reload = (): void => {
    if (this.timeline.status === 'ready') void this.#sync(new Set(), true);
    else void this.timeline.load().then(() => this.viewport.wantVisible());
  };

  async #follow(change: LiveChange): Promise<void> {
    if (change.removed.size > 0) this.timeline.remove(change.removed);
    // What is new may be on screen already, by an older reading of its month.
    await this.#sync(new Set([...change.created, ...change.updated]), change.isResync);
  }

  /** One reading at a time, so that an older answer never covers a newer one. */
  async #sync(touched: ReadonlySet<string>, all = false): Promise<void> {
    for (const id of touched) this.#touched.add(id);
    this.#all ||= all;
    this.#syncing ??= this.#drain().finally(() => (this.#syncing = null));
    await this.#syncing;
  }

  async #drain(): Promise<void> {
    do {
      const [touched, all] = [this.#touched, this.#all];
      this.#touched = new Set();
      this.#all = false;
      try {
        await this.timeline.sync(touched, all);
        this.viewport.wantVisible();
      } catch {
        // The next event or the return of the connection tries again; what is shown stays.
        for (const id of touched) this.#touched.add(id);
        this.#all ||= all;
        return;
      }
    } while (this.#touched.size > 0 || this.#all);
  }

  /** Does something to items, shows it at once, and offers to undo it. */
  async act(action: BatchAction, ids: readonly string[], options: { isUndo: boolean } = { isUndo: false }): Promise<void> {
    if (ids.length === 0) return;
    const all = new Set(ids);
    if (action === 'favorite' || action === 'unfavorite') this.timeline.setFavorite(all, action === 'favorite');
    if (leaves(this.view, action)) this.#takeOut(all);
    this.selection.clear();
    const done: string[] = [];
    const failed: string[] = [];
    try {
      await this.#app.changes.run(async () => {
        for (let at = 0; at < ids.length; at += BATCH) {
          const result = await this.#app.api.media.batch(ids.slice(at, at + BATCH), action);
          done.push(...result.done);
          failed.push(...result.failed.map(this.#app.i18n.reason));
        }
      });
    } catch (error) {
      this.#app.report(error);
      await this.#sync(all);
      return;
    }
    this.#tell(action, done, failed, options.isUndo);
    await this.#sync(all);
    void this.#app.session.refreshUser().catch(() => undefined);
  }

  /** Changes what is said of many items, or when they were taken. */
  async edit(ids: readonly string[], change: ManyChange): Promise<void> {
    const { api, changes, t, toasts } = this.#app;
    const { undo, done } = await changes.run(async () => {
      const undo = await undoOf(api, ids, change);
      let done = 0;
      for (let at = 0; at < ids.length; at += BATCH) done += (await api.media.edit(ids.slice(at, at + BATCH), change)).done.length;
      return { undo, done };
    });
    this.selection.clear();
    const back = () => void changes.run(undo).then(() => this.#sync(new Set(ids))).catch((error: unknown) => this.#app.report(error));
    toasts.show(t('done.edited', { count: done }), { action: { label: t('action.undo'), run: back } });
    await this.#sync(new Set(ids));
  }

  /** The keyboard goes on from the nearest photo that stays. */
  #takeOut(ids: ReadonlySet<string>): void {
    const place = this.cursor && ids.has(this.cursor.id) ? this.timeline.find(this.cursor.id) : null;
    if (place) {
      const all = place.section.columns.id;
      const stays = (id: string) => !ids.has(id);
      const id = all.slice(place.index).find(stays) ?? all.slice(0, place.index).findLast(stays);
      this.cursor = id === undefined ? null : { id };
    }
    this.timeline.remove(ids);
    if (place && !this.#app.isViewing) this.focusCursor();
  }

  /** Puts the focus on the photo that the keyboard stands on; its row may have to be drawn first. */
  focusCursor(): void {
    const focus = () => document.querySelector<HTMLElement>(`[data-id="${this.cursor?.id ?? ''}"]`)?.focus({ preventScroll: true });
    requestAnimationFrame(() => requestAnimationFrame(focus));
  }

  #tell(action: BatchAction, done: string[], failed: string[], isUndo: boolean): void {
    const { t, toasts } = this.#app;
    if (failed.length > 0) {
      toasts.show(t('error.some', { count: failed.length }), { tone: 'error', detail: failed[0] ?? '' });
    }
    const { undo, done: key } = ACTIONS[action];
    if (isUndo || done.length === 0) return;
    toasts.show(
      t(key, { count: done.length }),
      undo ? { action: { label: t('action.undo'), run: () => void this.act(undo, done, { isUndo: true }) } } : {}
    );
  }

  /** What an action is about: the chosen items, or else the one that the keyboard stands on. */
  targets(): string[] {
    if (this.selection.isActive) return [...this.selection.ids];
    return this.cursor ? [this.cursor.id] : [];
  }

  /** Moves the keyboard's place through rows and columns. */
  async move(direction: 'left' | 'right' | 'up' | 'down'): Promise<Place | null> {
    const from = this.cursor ? this.timeline.find(this.cursor.id) : null;
    const to = from ? await this.#neighbour(from, direction) : this.#firstInSight();
    if (!to) return null;
    const id = to.section.columns.id[to.index];
    if (id === undefined) return null;
    this.cursor = { id };
    this.viewport.reveal(to);
    return to;
  }

  async #neighbour(from: Place, direction: 'left' | 'right' | 'up' | 'down'): Promise<Place | null> {
    if (direction === 'left' || direction === 'right') return this.timeline.step(from, direction === 'left' ? -1 : 1);
    const by = direction === 'up' ? -1 : 1;
    const start = this.viewport.horizontal(from);
    if (!start) return null;
    let place: Place | null = from;
    let best: { place: Place; distance: number } | null = null;
    // Walk along until the row after the current one has passed the middle of where we came from.
    for (let steps = 0; steps < 60; steps++) {
      place = await this.timeline.step(place, by);
      if (!place) break;
      const here = this.viewport.horizontal(place);
      if (!here || here.row === start.row) continue;
      const distance = Math.abs(here.middle - start.middle);
      if (best && distance > best.distance) break;
      best = { place, distance };
    }
    return best?.place ?? null;
  }

  #firstInSight(): Place | null {
    for (const { section, rows } of this.viewport.visible) {
      const row = rows.find(({ top, places }) => places && top + (this.timeline.tops[this.timeline.sections.indexOf(section)] ?? 0) >= this.viewport.top);
      if (row) return { section, index: row.start };
    }
    return null;
  }
}

export const [getLibrary, setLibrary] = createContext<Library>();
