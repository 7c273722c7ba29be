/**
 * Files in the hands of the service worker while their page is gone. It outlives the page by minutes, and a File is only a name for bytes
 * on the disk: passing it on copies nothing. What the next page does not ask for in that time is let go.
 */
export type HoldRequest =
  | { readonly hold: readonly { readonly id: string; readonly file: File }[] }
  | { readonly give: readonly string[] }
  | { readonly letGo: true };

export type Held = ReadonlyMap<string, File>;

/** Milliseconds: long enough for a page to be loaded anew, and not for ever. */
const HOLD_FOR = 120_000;
/** Milliseconds in which the worker has to answer; it may have to be started. */
const ANSWER_WITHIN = 5000;

/** The worker's side. */
export class Holder {
  #files = new Map<string, File>();

  /** True if the message was one of these. */
  handle({ data, ports, waitUntil }: { data: unknown; ports: readonly MessagePort[]; waitUntil: (work: Promise<void>) => void }): boolean {
    if (typeof data !== 'object' || data === null) return false;
    const request = data as Partial<Record<'hold' | 'give' | 'letGo', unknown>>;
    if (request.letGo === true) this.#files.clear();
    else if (Array.isArray(request.hold)) this.#hold(request.hold as { id: string; file: File }[], waitUntil);
    else if (Array.isArray(request.give)) ports[0]?.postMessage(this.#give(request.give as string[]));
    else return false;
    return true;
  }

  #hold(given: readonly { id: string; file: File }[], waitUntil: (work: Promise<void>) => void): void {
    for (const { id, file } of given) this.#files.set(id, file);
    waitUntil(
      new Promise((resolve) => {
        setTimeout(() => {
          for (const { id, file } of given) if (this.#files.get(id) === file) this.#files.delete(id);
          resolve();
        }, HOLD_FOR);
      })
    );
  }

  #give(ids: readonly string[]): Held {
    const given = new Map<string, File>();
    for (const id of ids) {
      const file = this.#files.get(id);
      if (file) given.set(id, file);
      this.#files.delete(id);
    }
    return given;
  }
}

/** The page's side: nothing waits, for the page may be gone. */
export function tellHolder(request: HoldRequest): void {
  globalThis.navigator?.serviceWorker?.controller?.postMessage(request);
}

/** Those of these files that the worker holds. */
export async function takeBack(ids: readonly string[]): Promise<Held> {
  if (ids.length === 0) return new Map();
  // A page that was loaded past its worker is not controlled by it, but may ask it.
  const worker = (await globalThis.navigator?.serviceWorker?.getRegistration().catch(() => undefined))?.active;
  if (!worker) return new Map();
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<Held>) => resolve(data);
    setTimeout(() => resolve(new Map()), ANSWER_WITHIN);
    worker.postMessage({ give: ids } satisfies HoldRequest, [port2]);
  });
}
