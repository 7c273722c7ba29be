import { ApiError, UnreachableError } from '$lib/api';
import type { I18n } from '$lib/i18n/i18n.svelte';
import { isGateShut } from '$lib/upload/gate';

/** An error in the person's words: what happened, and what to do. */
export function describe(error: unknown, { t, reason }: I18n): { title: string; detail: string } {
  if (error instanceof UnreachableError) return { title: t('error.unreachable'), detail: t('error.unreachable.detail') };
  if (error instanceof ApiError) {
    if (error.status === 429) return { title: t('error.tooMany'), detail: t('error.tooMany.detail') };
    if (error.status === 404) return { title: t('error.gone'), detail: t('error.gone.detail') };
    if (isGateShut(error)) return { title: t('error.gateway'), detail: t('error.gateway.detail') };
    if (error.status === 507 || error.code === 'quota-exceeded') return { title: t('error.full'), detail: reason(error) };
    if (error.status >= 500) {
      return { title: t('error.server'), detail: error.requestId ? t('error.quote', { id: error.requestId }) : '' };
    }
    return { title: reason(error) || t('error.refused'), detail: '' };
  }
  return { title: t('error.unexpected'), detail: error instanceof Error ? error.message : '' };
}
