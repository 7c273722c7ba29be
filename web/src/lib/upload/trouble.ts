import type { MediaVault } from '$lib/state/app.svelte';

/**
 * Some files are stored well and turn out, when they are opened, to be broken or too large to be shown. What was added from
 * this page is told so in the list of uploads. Returns the function that ends it.
 */
export function followTroubles({ uploads, live, api }: MediaVault): () => void {
  let isAsking = false;
  let isAskedAgain = false;

  async function ask(): Promise<void> {
    isAskedAgain = isAsking;
    if (isAsking) return;
    isAsking = true;
    try {
      const { items } = await api.media.failed();
      const reasons = new Map(items.map(({ id, failure }) => [id, failure?.detail ?? '']));
      for (const item of uploads.items) if (item.mediaId !== null) item.trouble = reasons.get(item.mediaId) ?? null;
    } catch {
      // The next event asks again; the photo itself says the same.
    } finally {
      isAsking = false;
      if (isAskedAgain) void ask();
    }
  }

  return live.onChange(({ created, updated, isResync }) => {
    if (uploads.items.length === 0) return;
    const isOurs = ({ mediaId }: { mediaId: string | null }) => mediaId !== null && (updated.has(mediaId) || created.has(mediaId));
    if (isResync || uploads.items.some(isOurs)) void ask();
  });
}
