import type { HistoryEntry } from '$lib/api';
import type { Format } from '$lib/i18n/format.svelte';
import type { I18n, MessageKey } from '$lib/i18n/i18n.svelte';

type Change = HistoryEntry['changes'][number];

const ACTIONS = {
  create: 'history.created',
  upload: 'history.created',
  import: 'history.created',
  edit: 'history.edited',
  change: 'history.edited',
  trash: 'history.trashed',
  restore: 'history.restored',
  archive: 'history.archived',
  unarchive: 'history.unarchived',
  reprocess: 'history.prepared'
} as const satisfies Record<string, MessageKey>;

const FIELDS = {
  title: 'details.title',
  description: 'details.description',
  taken_at: 'details.date',
  latitude: 'details.place',
  longitude: 'details.place',
  position: 'details.place'
} as const satisfies Record<string, MessageKey>;

/** The server's words begin with what they are about: `media.edit`, `media.trashed`. */
export function namedAction(action: string, t: I18n['t']): string {
  const verb = action.split('.').pop() ?? action;
  const known = Object.entries(ACTIONS).find(([name]) => verb === name || verb === `${name}d` || verb === `${name}ed`);
  return t(known ? known[1] : 'history.edited');
}

/** "Title: The lake → The river" */
export function namedChange({ field, before, after }: Change, t: I18n['t'], format: Format): string {
  const name = Object.hasOwn(FIELDS, field) ? t(FIELDS[field as keyof typeof FIELDS]) : field.replaceAll('_', ' ');
  const say = (value: unknown): string => {
    if (value === null || value === undefined || value === '') return t('history.nothing');
    return field === 'taken_at' && typeof value === 'string' ? format.takenAt(value) : typeof value === 'string' ? value : JSON.stringify(value);
  };
  return t('history.change', { field: name, before: say(before), after: say(after) });
}
