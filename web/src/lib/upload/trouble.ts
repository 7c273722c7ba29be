import type { MediaVault } from '$lib/state/app.svelte';

/** Milliseconds; a thousand uploads are a thousand events. */
const ASK_EVERY = 1500;

/**
 * Some files are stored well and turn out, when they are opened, to be broken or too large to be shown. What was added from
 * this page is told so in the list of uploads. Returns the function that ends it.
 */
export function followTroubles({ uploads, live, api }: MediaVault): () => void {
  let waiting: ReturnType<typeof setTimeout> | undefined;

  async function ask(): Promise<void> {
    waiting = undefined;
    try {
      const { items } = await api.media.failed();
      const reasons = new Map(items.map(({ id, failure }) => [id, failure ?? null]));
      for (const item of uploads.items) if (item.mediaId !== null) item.trouble = reasons.get(item.mediaId) ?? null;
      uploads.pulse++;
    } catch {
      // The next event asks again; the photo itself says the same.
    }
  }

  const stop = live.onChange(({ created, updated, isResync }) => {
    if (waiting !== undefined || uploads.items.length === 0) return;
    // What changed may not know its upload yet: the answer to it is on its way.
    if (isResync || created.size > 0 || updated.size > 0) waiting = setTimeout(() => void ask(), ASK_EVERY);
  });
  return () => {
    stop();
    clearTimeout(waiting);
  };
}
