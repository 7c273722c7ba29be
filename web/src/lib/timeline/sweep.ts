import type { Library } from '$lib/library/library.svelte';
import type { Place } from './timeline.svelte';

/** A mouse that moves this far while pressed drags; before, it clicks. */
const DRAG_AFTER = 8;
/** A finger that rests this long begins to choose. */
const LONG_PRESS = 450;
/** Within this distance from an edge the timeline scrolls by itself. */
const EDGE = 72;
const FASTEST = 24;

/** Chooses photos by dragging over them: with a mouse at once, with a finger after resting on the first. */
export function sweeping(library: Library) {
  return (scroller: HTMLElement): (() => void) => {
    const sweep = new Sweep(library, scroller);
    const ending = new AbortController();
    const { signal } = ending;
    scroller.addEventListener('pointerdown', sweep.down, { signal });
    scroller.addEventListener('pointermove', sweep.move, { signal });
    for (const end of ['pointerup', 'pointercancel'] as const) scroller.addEventListener(end, sweep.end, { signal });
    scroller.addEventListener('click', sweep.click, { signal, capture: true });
    // While a finger chooses, it does not scroll; and resting on a link offers no menu.
    scroller.addEventListener('touchmove', sweep.hold, { signal, passive: false });
    scroller.addEventListener('contextmenu', sweep.hold, { signal });
    return () => {
      sweep.end();
      ending.abort();
    };
  };
}

class Sweep {
  #library: Library;
  #scroller: HTMLElement;
  #start: { x: number; y: number; place: Place } | null = null;
  #pointer = { x: 0, y: 0 };
  #isSweeping = false;
  /** The click that ends a drag opens nothing. */
  #swallowsClick = false;
  #resting: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;
  #last: Element | null = null;

  constructor(library: Library, scroller: HTMLElement) {
    this.#library = library;
    this.#scroller = scroller;
  }

  down = (event: PointerEvent): void => {
    this.#swallowsClick = false;
    if (event.button !== 0 || !event.isPrimary || event.shiftKey || event.ctrlKey || event.metaKey) return;
    const place = this.#placeOf(event.target as Element);
    if (!place) return;
    this.#start = { x: event.clientX, y: event.clientY, place };
    this.#pointer = { x: event.clientX, y: event.clientY };
    if (event.pointerType !== 'mouse') this.#resting = setTimeout(() => this.#begin(event.pointerId), LONG_PRESS);
  };

  move = (event: PointerEvent): void => {
    if (!this.#start) return;
    this.#pointer = { x: event.clientX, y: event.clientY };
    const moved = Math.hypot(event.clientX - this.#start.x, event.clientY - this.#start.y);
    if (this.#isSweeping) this.#follow();
    else if (moved > DRAG_AFTER && event.pointerType === 'mouse') this.#begin(event.pointerId);
    else if (moved > DRAG_AFTER) this.end();
  };

  end = (): void => {
    clearTimeout(this.#resting);
    cancelAnimationFrame(this.#frame);
    this.#start = null;
    this.#isSweeping = false;
  };

  click = (event: MouseEvent): void => {
    if (!this.#swallowsClick) return;
    this.#swallowsClick = false;
    event.preventDefault();
    event.stopPropagation();
  };

  hold = (event: Event): void => {
    if (this.#isSweeping) event.preventDefault();
  };

  #begin(pointer: number): void {
    if (!this.#start) return;
    this.#isSweeping = true;
    this.#swallowsClick = true;
    this.#last = null;
    this.#scroller.setPointerCapture(pointer);
    this.#library.selection.beginSweep(this.#start.place);
    this.#follow();
    this.#frame = requestAnimationFrame(this.#scroll);
  }

  #follow(): void {
    const under = document.elementFromPoint(this.#pointer.x, this.#pointer.y);
    if (!this.#start || under === this.#last) return;
    this.#last = under;
    const place = under && this.#placeOf(under);
    // What is read in between may fail; the next move asks again.
    if (place) this.#library.selection.sweepTo(this.#start.place, place).catch(() => (this.#last = null));
  }

  /** Near an edge the library moves on under the pointer. */
  #scroll = (): void => {
    const box = this.#scroller.getBoundingClientRect();
    const above = Math.max(0, box.top + EDGE - this.#pointer.y);
    const below = Math.max(0, this.#pointer.y - (box.bottom - EDGE));
    const by = ((below - above) / EDGE) * FASTEST;
    if (by !== 0) {
      this.#scroller.scrollTop += Math.max(-FASTEST, Math.min(FASTEST, by));
      this.#follow();
    }
    this.#frame = requestAnimationFrame(this.#scroll);
  };

  #placeOf(element: Element): Place | null {
    const id = element.closest('.tile')?.querySelector<HTMLElement>('[data-id]')?.dataset['id'];
    return id === undefined ? null : this.#library.timeline.find(id);
  }
}
