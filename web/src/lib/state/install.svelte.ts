interface InstallEvent extends Event {
  prompt(): Promise<void>;
}

/** The browser's offer to install the app, kept until the moment is right. */
export class Install {
  #offer = $state.raw<InstallEvent | null>(null);
  canInstall = $derived(this.#offer !== null);

  watch(): void {
    addEventListener('beforeinstallprompt', (event) => {
      event.preventDefault();
      this.#offer = event as InstallEvent;
    });
    addEventListener('appinstalled', () => (this.#offer = null));
  }

  async ask(): Promise<void> {
    const offer = this.#offer;
    // An offer can be used once.
    this.#offer = null;
    await offer?.prompt();
  }
}
