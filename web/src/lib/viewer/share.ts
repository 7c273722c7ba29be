import { urls, type Media } from '$lib/api';
import type { MediaVault } from '$lib/state/app.svelte';

/** More than this is not handed to another app: the browser would hold all of it in memory. */
const MOST = 200e6;

const isRefusal = (error: unknown, name: string): boolean => error instanceof DOMException && error.name === name;

/** Can this device hand files to other apps? Phones can, few computers. */
export function canShare(): boolean {
  return typeof navigator.canShare === 'function' && navigator.canShare({ files: [new File([''], 'photo.jpg', { type: 'image/jpeg' })] });
}

/** Hands an original to another app of this device. */
export async function share(app: MediaVault, { id, file_name, mime_type, size }: Media): Promise<void> {
  const { t, toasts, report } = app;
  if (size > MOST) {
    toasts.show(t('share.tooLarge'));
    return;
  }
  try {
    const answer = await fetch(urls.content(id));
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const data = { files: [new File([await answer.blob()], file_name, { type: mime_type })] };
    if (!navigator.canShare(data)) {
      toasts.show(t('share.refused'));
      return;
    }
    await navigator.share(data).catch((error: unknown) => {
      if (isRefusal(error, 'AbortError')) return;
      if (!isRefusal(error, 'NotAllowedError')) throw error;
      // It took so long to come that the browser has forgotten the tap; another one does.
      toasts.show(t('share.ready'), { action: { label: t('action.share'), run: () => void navigator.share(data).catch(() => undefined) } });
    });
  } catch (error) {
    report(error);
  }
}
