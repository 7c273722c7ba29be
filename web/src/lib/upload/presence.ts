/** Milliseconds in which a page that is there answers; one in the background takes a moment. */
const ANSWER_WITHIN = 1000;
/** Milliseconds until a page that was there is asked again. */
const ASK_AGAIN = 5000;

type Word = { readonly ask: string } | { readonly here: string };

/** Tells of other pages of this browser when they are gone. Where there are no locks (plain http), pages ask each other. */
export class Presence {
  readonly page = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  #pages: BroadcastChannel | null = null;

  constructor() {
    if ('locks' in navigator) {
      // Held until the page is gone; the browser lets go of it then, whatever happened.
      void navigator.locks.request(lockOf(this.page), () => new Promise<never>(() => undefined));
      return;
    }
    const pages = (this.#pages = new BroadcastChannel('media-vault-pages'));
    pages.addEventListener('message', ({ data }: MessageEvent<Word>) => {
      if ('ask' in data && data.ask === this.page) pages.postMessage({ here: this.page } satisfies Word);
    });
  }

  /** Resolves when that page is gone. One that the system has stopped may count as gone. */
  async gone(page: string): Promise<void> {
    const pages = this.#pages;
    if (pages === null) await navigator.locks.request(lockOf(page), () => undefined);
    else while (await answers(pages, page)) await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN));
  }
}

const lockOf = (page: string): string => `media-vault-uploads-${page}`;

function answers(pages: BroadcastChannel, page: string): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isThere: boolean) => {
      clearTimeout(timer);
      pages.removeEventListener('message', hear);
      resolve(isThere);
    };
    const hear = ({ data }: MessageEvent<Word>) => {
      if ('here' in data && data.here === page) end(true);
    };
    const timer = setTimeout(end, ANSWER_WITHIN, false);
    pages.addEventListener('message', hear);
    pages.postMessage({ ask: page } satisfies Word);
  });
}
