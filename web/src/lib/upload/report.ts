import { describe } from '$lib/state/describe-error';
import type { I18n } from '$lib/i18n/i18n.svelte';
import type { MediaVault } from '$lib/state/app.svelte';
import { UnreadableFile, type UploadItem } from './item.svelte';

/** Why a file is not in the vault, or cannot be shown there. */
export function whatIsWrong(item: UploadItem, i18n: I18n): string {
  const { t, reason } = i18n;
  if (item.trouble !== null) return t('upload.trouble', { why: reason(item.trouble) });
  if (item.error instanceof UnreadableFile) return t('upload.unreadable');
  const { title, detail } = describe(item.error, i18n);
  return `${title} ${detail}`.trim();
}

/** Saves the refused files with their reasons as a CSV file. */
export function failureList({ uploads, t, i18n }: MediaVault): void {
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const rows = uploads.items
    .filter(({ status, trouble }) => status === 'failed' || trouble !== null)
    .map((item) => [item.file.webkitRelativePath || item.file.name, String(item.file.size), whatIsWrong(item, i18n)].map(quote).join(','));
  const csv = [[t('upload.csv.file'), t('upload.csv.size'), t('upload.csv.reason')].map(quote).join(','), ...rows].join('\r\n');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }));
  link.download = `${t('upload.csv.name')}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}
