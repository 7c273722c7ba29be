import type { Api, UploadInfo } from '$lib/api';
import { isRemembered } from './remember';

/**
 * Uploads that the server has made and whose address reached no page, because the answer was cut off or the page was gone.
 * They are taken up instead of being announced again, so that none is left on the server half done.
 */
export class Orphans {
  #api: Api;
  #known: Promise<UploadInfo[]> | null = null;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Some announcement may have been answered to nobody. */
  lookAgain(): void {
    this.#known = null;
  }

  /** An orphan that was announced for this file, and its address. */
  async adopt(file: File): Promise<{ url: string; expires: string } | null> {
    this.#known ??= this.#api.uploads.list().then(({ items }) => items.filter((one) => isOrphan(one)));
    const known = await this.#known;
    const at = known.findIndex(({ file_name, size }) => file_name === file.name && size === file.size);
    const [orphan] = at < 0 ? [] : known.splice(at, 1);
    if (!orphan) return null;
    const { url, expires_at } = await this.#api.uploads.get(orphan.id);
    return url ? { url, expires: expires_at } : null;
  }
}

/** Nobody had the address, so nothing was sent to it; those that a page knows are in its memory. */
const isOrphan = ({ id, offset, media_id }: UploadInfo): boolean => offset === 0 && media_id === null && !isRemembered(id);
