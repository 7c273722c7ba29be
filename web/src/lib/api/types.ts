import type { components } from './schema';

/** The shapes of the API, by the names that the app uses. They are generated: `npm run gen` after a change of the server. */
type Schemas = components['schemas'];

export type View = 'timeline' | 'favorites' | 'archive' | 'trash';
export type BatchAction = Exclude<Schemas['BatchAction'], 'edit'>;
export type BatchResult = Schemas['BatchResult'];
export type Camera = Partial<Schemas['MediaCamera']>;
export type Media = Schemas['Media'];
/** What is absent stays as it is; the generated type wants every field. */
export type MediaChange = Partial<Schemas['MediaChange']>;
export type SessionInfo = Schemas['SessionInfo'];
export type TimelineBucket = Schemas['Bucket'];
/** Columns of equal length: a page is laid out exactly before any image loads. */
export type TimelineColumns = Schemas['Columns'];
export type TimelinePage = Schemas['MonthPage'];
export type TimelineSummary = Schemas['Timeline'];
export type UploadRequest = Schemas['UploadRequest'];
export type UploadCreated = Schemas['UploadDone'] | Schemas['UploadTicket'];
export type UploadInfo = Schemas['UploadInfo'];
export type User = Schemas['User'];
export type ProblemBody = Partial<Schemas['Problem']>;

/** What is looked for. Dates are wall clocks of the place where the photo was taken. */
export interface SearchQuery {
  readonly q?: string;
  readonly kind?: 'photo' | 'video' | 'audio';
  readonly from?: string;
  readonly to?: string;
  readonly cursor?: string;
  readonly limit?: number;
}
export interface SearchPage {
  readonly items: Media[];
  readonly next_cursor: string | null;
}
/** The same change of many items: a new time, or all of them moved by as much. */
export interface ManyChange {
  readonly taken_at?: string | { readonly shift_seconds: number };
  readonly title?: string;
  readonly description?: string;
}
export interface HistoryEntry {
  readonly at: string;
  readonly actor: { readonly id: string; readonly name: string } | null;
  readonly action: string;
  readonly changes: readonly { readonly field: string; readonly before: unknown; readonly after: unknown }[];
}
export interface Safety {
  readonly items: number;
  readonly bytes: number;
  readonly encrypted: boolean;
  readonly last_verified_at: string | null;
  readonly verified_items: number;
  readonly problems: number;
}
