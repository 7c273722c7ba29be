export interface Gestures {
  /** Swiped sideways while not zoomed: 1 = towards the next one. */
  step(by: 1 | -1): void;
  /** Swiped down while not zoomed. */
  close(): void;
  /** Pointed or tapped without moving. */
  tap(): void;
}

const MAX_SCALE = 8;
const DOUBLE = 2.5;

/** Zoom and pan of one picture by wheel, pinch, drag and double tap. Positions are relative to the middle of the stage. */
export class Zoom {
  scale = $state(1);
  x = $state(0);
  y = $state(0);
  /** A swipe under way, before it is decided. */
  swipeX = $state(0);
  swipeY = $state(0);
  isMoving = $state(false);
  isZoomed = $derived(this.scale > 1.01);

  #pointers = new Map<number, { x: number; y: number }>();
  #gestures: Gestures;
  #moved = 0;
  #lastTap = 0;
  #axis: 'x' | 'y' | null = null;

  constructor(gestures: Gestures) {
    this.#gestures = gestures;
  }

  reset = (): void => {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.swipeX = 0;
    this.swipeY = 0;
  };

  /** Scales so that the point at (px, py) stays under the finger. */
  to(scale: number, px = 0, py = 0): void {
    const next = Math.min(MAX_SCALE, Math.max(1, scale));
    const ratio = next / this.scale;
    this.x = px - (px - this.x) * ratio;
    this.y = py - (py - this.y) * ratio;
    this.scale = next;
    if (next === 1) this.reset();
  }

  by(factor: number): void {
    this.to(this.scale * factor);
  }

  wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const { px, py } = middle(event);
    this.to(this.scale * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), px, py);
  };

  down = (event: PointerEvent): void => {
    if (event.pointerType === 'mouse' && event.button !== 0) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.#pointers.size === 1) {
      this.#moved = 0;
      this.#axis = null;
    }
    this.isMoving = true;
  };

  move = (event: PointerEvent): void => {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const dx = now.x - before.x;
    const dy = now.y - before.y;
    this.#moved += Math.abs(dx) + Math.abs(dy);
    if (this.#pointers.size === 2) this.#pinch(event, before, now);
    else if (this.isZoomed) {
      this.x += dx;
      this.y += dy;
    } else if (event.pointerType !== 'mouse') {
      if (this.#axis === null && this.#moved > 8) this.#axis = Math.abs(dx) > Math.abs(dy) ? 'x' : 'y';
      if (this.#axis === 'x') this.swipeX += dx;
      if (this.#axis === 'y') this.swipeY = Math.max(0, this.swipeY + dy);
    }
    this.#pointers.set(event.pointerId, now);
  };

  #pinch(event: PointerEvent, before: { x: number; y: number }, now: { x: number; y: number }): void {
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (!other) return;
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(now.x - other.x, now.y - other.y);
    const { px, py } = middle({ currentTarget: event.currentTarget, clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 });
    if (was > 0) this.to((this.scale * is) / was, px, py);
  }

  up = (event: PointerEvent): void => {
    if (!this.#pointers.delete(event.pointerId)) return;
    if (this.#pointers.size > 0) return;
    this.isMoving = false;
    const { swipeX, swipeY } = this;
    this.swipeX = 0;
    this.swipeY = 0;
    if (Math.abs(swipeX) > 60) this.#gestures.step(swipeX < 0 ? 1 : -1);
    else if (swipeY > 90) this.#gestures.close();
    else if (this.#moved < 8) this.#tapped(event);
  };

  #tapped(event: PointerEvent): void {
    const now = performance.now();
    if (now - this.#lastTap < 300) {
      const { px, py } = middle(event);
      if (this.isZoomed) this.reset();
      else this.to(DOUBLE, px, py);
      this.#lastTap = 0;
    } else {
      this.#lastTap = now;
      this.#gestures.tap();
    }
  }
}

function middle(event: { currentTarget: EventTarget | null; clientX: number; clientY: number }): { px: number; py: number } {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  return { px: event.clientX - box.left - box.width / 2, py: event.clientY - box.top - box.height / 2 };
}
