export interface Toast {
  readonly id: number;
  readonly tone: 'plain' | 'error';
  readonly text: string;
  readonly detail: string | undefined;
  readonly action: { readonly label: string; readonly run: () => void } | undefined;
}

export interface ToastOptions {
  tone?: Toast['tone'];
  detail?: string;
  action?: Toast['action'];
}

/** Short messages at the edge of the screen. One with an action stays longer, and all stay while one is pointed at. */
export class Toasts {
  items = $state.raw<readonly Toast[]>([]);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  show(text: string, options: ToastOptions = {}): number {
    const id = this.#next++;
    const toast: Toast = { id, tone: options.tone ?? 'plain', text, detail: options.detail, action: options.action };
    this.items = [...this.items, toast].slice(-3);
    this.#arm(toast);
    return id;
  }

  dismiss = (id: number): void => {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.items = this.items.filter((toast) => toast.id !== id);
  };

  hold = (): void => {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  };

  release = (): void => {
    for (const toast of this.items) this.#arm(toast);
  };

  #arm(toast: Toast): void {
    const stay = toast.action ? 9000 : toast.tone === 'error' ? 8000 : 4500;
    clearTimeout(this.#timers.get(toast.id));
    this.#timers.set(
      toast.id,
      setTimeout(() => this.dismiss(toast.id), stay)
    );
  }
}
