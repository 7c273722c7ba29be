import { describe } from '$lib/state/describe-error';
import type { MediaVault } from '$lib/state/app.svelte';

/** Saves the refused files with their reasons as a CSV file. */
export function failureList({ uploads, t }: MediaVault): void {
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const rows = uploads.items
    .filter(({ status }) => status === 'failed')
    .map(({ file, error }) => {
      const { title, detail } = describe(error, t);
      return [file.webkitRelativePath || file.name, String(file.size), `${title} ${detail}`.trim()].map(quote).join(',');
    });
  const csv = [[t('upload.csv.file'), t('upload.csv.size'), t('upload.csv.reason')].map(quote).join(','), ...rows].join('\r\n');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }));
  link.download = `${t('upload.csv.name')}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}
