import type { components, paths } from './schema';

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
export type SearchQuery = NonNullable<paths['/api/v1/search']['get']['parameters']['query']>;
/** The same change of many items: a new time, or all of them moved by as much. */
export type ManyChange = Partial<Schemas['BatchChanges']>;
export type HistoryEntry = Schemas['HistoryEntry'];
export type Safety = Schemas['Safety'];
