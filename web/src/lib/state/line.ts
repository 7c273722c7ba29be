/**
 * Changes to photos stand in line: each begins when all requests of the one before it are answered, whatever page it was
 * made on. Requests that are under way together may overtake each other, and a photo that was loved and then thrown away
 * would have to be loved in the trash.
 */
export class Line {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
