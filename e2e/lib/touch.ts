import type { CDPSession, Page } from '@playwright/test'

export interface Point {
  x: number
  y: number
}

/** Fingers on the screen, as the browser gets them from the glass. */
export class Fingers {
  /** A frame passes between any two of them: the browser reads speed from the times, and a flung finger glides on. */
  #clock = Date.now() / 1000

  private constructor(readonly session: CDPSession) {}

  static async on(page: Page): Promise<Fingers> {
    return new Fingers(await page.context().newCDPSession(page))
  }

  down(...points: Point[]): Promise<void> {
    this.#clock = Math.max(this.#clock + 0.1, Date.now() / 1000)
    return this.#send('touchStart', points)
  }

  move(...points: Point[]): Promise<void> {
    return this.#send('touchMove', points)
  }

  up(): Promise<void> {
    return this.#send('touchEnd', [])
  }

  async #send(type: 'touchStart' | 'touchMove' | 'touchEnd', points: Point[]): Promise<void> {
    this.#clock += 0.016
    await this.session.send('Input.dispatchTouchEvent', { type, timestamp: this.#clock, touchPoints: points.map((point, id) => ({ ...point, id })) })
  }

  /** One finger, straight from here to there. */
  async swipe(from: Point, to: Point, steps = 8): Promise<void> {
    await this.down(from)
    for (let step = 1; step <= steps; step++) {
      await this.move({ x: from.x + ((to.x - from.x) * step) / steps, y: from.y + ((to.y - from.y) * step) / steps })
    }
    await this.up()
  }

  /** Two fingers that part. */
  async pinch(middle: Point, from: number, to: number, steps = 8): Promise<void> {
    const at = (apart: number): [Point, Point] => [
      { x: middle.x - apart / 2, y: middle.y },
      { x: middle.x + apart / 2, y: middle.y },
    ]
    await this.down(...at(from))
    for (let step = 1; step <= steps; step++) await this.move(...at(from + ((to - from) * step) / steps))
    await this.up()
  }
}
