import { urls } from '$lib/api';
import type { MediaVault } from '$lib/state/app.svelte';

/** One original as it is, more of them as one file; the browser's own download takes it, however large. */
export async function download(app: MediaVault, ids: readonly string[]): Promise<void> {
  const [first] = ids;
  if (first === undefined) return;
  try {
    save(ids.length === 1 ? urls.download(first) : (await app.api.media.archive(ids)).url);
  } catch (error) {
    app.report(error);
  }
}

function save(address: string): void {
  const link = document.createElement('a');
  link.href = address;
  link.download = '';
  link.click();
}
