/** The shapes of the API. Replaced by the generated schema as soon as the server writes `openapi.json`. */

export type View = 'timeline' | 'favorites' | 'archive' | 'trash';
export type MediaKind = 'photo' | 'video' | 'audio';
export type MediaState = 'processing' | 'ready' | 'failed';
export type BatchAction =
  | 'trash'
  | 'restore'
  | 'archive'
  | 'unarchive'
  | 'favorite'
  | 'unfavorite'
  | 'delete_permanently';

export interface User {
  id: string;
  name: string;
  email: string;
  role: 'user' | 'partner' | 'admin';
  quota_bytes?: number | null;
  used_bytes: number;
  item_count: number;
}

export interface SessionInfo {
  id: string;
  created_at: string;
  last_used_at: string;
  ip?: string | null;
  user_agent?: string | null;
  current: boolean;
}

export interface Camera {
  make?: string | null;
  model?: string | null;
  lens?: string | null;
  iso?: number | null;
  aperture?: number | null;
  exposure_time?: string | number | null;
  focal_length?: number | null;
}

export interface Media {
  id: string;
  kind: MediaKind;
  state: MediaState;
  failure?: { code: string; detail: string } | null;
  file_name: string;
  mime_type: string;
  size: number;
  sha256: string;
  width?: number | null;
  height?: number | null;
  duration_ms?: number | null;
  taken_at: string;
  taken_at_source: string;
  latitude?: number | null;
  longitude?: number | null;
  camera?: Camera | null;
  title?: string | null;
  description?: string | null;
  description_source: 'none' | 'ai' | 'person';
  favorite: boolean;
  thumbhash?: string | null;
  version: number;
  created_at: string;
  updated_at: string;
  archived_at?: string | null;
  deleted_at?: string | null;
}

export interface MediaChange {
  title?: string | null;
  description?: string | null;
  taken_at?: string;
  favorite?: boolean;
  archived?: boolean;
  latitude?: number | null;
  longitude?: number | null;
}

export interface TimelineBucket {
  month: string;
  count: number;
}

export interface TimelineSummary {
  total: number;
  buckets: TimelineBucket[];
}

/** Columns of equal length: a page is laid out exactly before any image loads. */
export interface TimelineColumns {
  id: string[];
  taken_at: string[];
  kind: MediaKind[];
  ratio: number[];
  thumbhash: (string | null)[];
  duration_ms: (number | null)[];
  favorite: boolean[];
  state?: MediaState[];
  version?: number[];
}

export interface TimelinePage {
  month: string;
  count: number;
  items: TimelineColumns;
  next_cursor?: string | null;
}

export interface BatchResult {
  done: string[];
  failed: { id: string; code: string; detail: string }[];
}

export interface UploadRequest {
  file_name: string;
  size: number;
  sha256?: string;
  mime_type?: string;
  modified_at?: string;
}

export type UploadCreated =
  | { media: Media; id?: undefined }
  | { media?: undefined; id: string; protocol: 'tus'; url: string; expires_at: string };

export interface ProblemBody {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  request_id?: string;
  errors?: { field: string; message: string }[];
}
