/**
 * Browsers stop laying out at about 16.7 million pixels; a million photos are 40 million tall. The scroll range is
 * therefore limited, and a position in the library ("virtual") is the scroller's position plus a shift. While a person
 * scrolls, the shift stays as it is, so that rows move with the finger one to one; a jump (a dragged scrollbar) is read in
 * proportion; and when scrolling rests, the shift is settled so that both ends of the library can be reached.
 */
export const MAX_SCROLL_HEIGHT = 8_000_000;

/** Near both ends positions are not scaled: there the shift is exact, and scrolling arrives at the very first row. */
const EDGE = 100_000;

export class ScrollScale {
  #total = 0;
  #viewport = 0;
  #shift = 0;
  #top = 0;

  /** Height of the element that makes the scrollbar. */
  get height(): number {
    return Math.min(this.#total, MAX_SCROLL_HEIGHT);
  }

  /** Position in the library of the upper edge of what is shown. */
  get virtualTop(): number {
    return this.#top + this.#shift;
  }

  /** What is to be subtracted from a virtual position to place it in the scroller. */
  get shift(): number {
    return this.#shift;
  }

  get total(): number {
    return this.#total;
  }

  get viewport(): number {
    return this.#viewport;
  }

  resize(total: number, viewport: number): void {
    this.#total = total;
    this.#viewport = viewport;
  }

  /** The scroller moved to `top`. */
  scrolled(top: number): void {
    const moved = Math.abs(top - this.#top);
    this.#top = top;
    if (this.height < this.#total && moved > this.#viewport * 4) {
      this.#shift = this.#toVirtual(top) - top;
    }
  }

  /** Something above what is shown became `delta` taller: what is shown stays where it is on the screen. */
  grownAbove(delta: number): void {
    this.#shift += delta;
  }

  /** Is the shift so far off that the end that is near could not be reached? */
  get mustSettle(): boolean {
    if (this.#shift === this.#settledShift()) return false;
    return this.#top < this.#viewport || this.#top > this.height - this.#viewport * 2;
  }

  /** Shows `virtualTop`; answers where the scroller must be put. */
  jump(virtualTop: number): number {
    const wanted = this.#clamp(virtualTop);
    this.#top = this.#toScroller(wanted);
    this.#shift = wanted - this.#top;
    return this.#top;
  }

  /** Shows `virtualTop` with the scroller where it is. */
  fly(virtualTop: number): void {
    this.#shift = this.#clamp(virtualTop) - this.#top;
  }

  /** Settles the shift without moving what is shown (except at the ends); answers where the scroller must be put. */
  settle(): number {
    return this.jump(this.virtualTop);
  }

  #settledShift(): number {
    const wanted = this.#clamp(this.virtualTop);
    return wanted - this.#toScroller(wanted);
  }

  get #range(): number {
    return this.height - this.#viewport;
  }

  get #virtualRange(): number {
    return this.#total - this.#viewport;
  }

  #toScroller(virtualTop: number): number {
    if (this.height === this.#total || virtualTop <= EDGE) return virtualTop;
    const left = this.#virtualRange - virtualTop;
    if (left <= EDGE) return this.#range - left;
    return Math.round(EDGE + ((virtualTop - EDGE) / (this.#virtualRange - 2 * EDGE)) * (this.#range - 2 * EDGE));
  }

  #toVirtual(top: number): number {
    if (this.height === this.#total || top <= EDGE) return top;
    const left = this.#range - top;
    if (left <= EDGE) return this.#virtualRange - left;
    return EDGE + ((top - EDGE) / (this.#range - 2 * EDGE)) * (this.#virtualRange - 2 * EDGE);
  }

  #clamp(virtualTop: number): number {
    return Math.max(0, Math.min(virtualTop, this.#virtualRange));
  }
}
