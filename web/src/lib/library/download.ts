import { urls } from '$lib/api';

/** Downloads originals one after the other; browsers drop those that are asked for at the same instant. */
export function downloadAll(ids: readonly string[]): void {
  ids.forEach((id, index) => {
    setTimeout(() => {
      const link = document.createElement('a');
      link.href = urls.download(id);
      link.download = '';
      link.click();
    }, index * 400);
  });
}
