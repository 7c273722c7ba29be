const WINDOW = 5000;

/** Bytes a second over the last five seconds. */
export class Rate {
  #samples: { at: number; bytes: number }[] = [];
  #sum = 0;

  add(bytes: number, at: number): number {
    this.#samples.push({ at, bytes });
    this.#sum += bytes;
    while (this.#samples[0] && this.#samples[0].at < at - WINDOW) this.#sum -= this.#samples.shift()?.bytes ?? 0;
    const since = Math.max(500, at - (this.#samples[0]?.at ?? at));
    return (this.#sum / since) * 1000;
  }

  reset(): void {
    this.#samples = [];
    this.#sum = 0;
  }
}
