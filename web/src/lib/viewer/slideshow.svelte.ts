const SHOW_FOR = 5000;

/** Shows one photo after the other; a film is left to end by itself. */
export class Slideshow {
  isRunning = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #advance: () => boolean;

  constructor(advance: () => boolean) {
    this.#advance = advance;
  }

  toggle(): void {
    if (this.isRunning) this.stop();
    else {
      this.isRunning = true;
      this.#arm();
    }
  }

  stop(): void {
    this.isRunning = false;
    clearTimeout(this.#timer);
  }

  /** A film has ended. */
  ended(): void {
    if (this.isRunning) this.#go();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#go(), SHOW_FOR);
  }

  #go(): void {
    const film = document.querySelector<HTMLVideoElement>('video');
    if (film && !film.paused && !film.ended) this.#arm();
    else if (this.#advance()) this.#arm();
    else this.stop();
  }
}
