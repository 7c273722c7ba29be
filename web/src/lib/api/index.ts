import { ApiError } from './problem';
import type {
  BatchAction,
  BatchResult,
  Media,
  MediaChange,
  SessionInfo,
  TimelinePage,
  TimelineSummary,
  UploadCreated,
  UploadRequest,
  User,
  View
} from './types';

export * from './problem';
export type * from './types';

type Query = Record<string, string | number | undefined>;

interface Options {
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

const ROOT = '/api/v1';

/** The only way to the server. One function an operation; each throws {@link ApiError} or UnreachableError. */
export function createApi(fetcher: typeof fetch) {
  async function send<T>(method: string, path: string, options: Options = {}): Promise<T> {
    const url = new URL(ROOT + path, location.href);
    for (const [name, value] of Object.entries(options.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const response = await fetcher(url.href, {
      method,
      headers: {
        accept: 'application/json',
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal ? { signal: options.signal } : {})
    });
    if (!response.ok) throw await ApiError.from(response);
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  return {
    setup: {
      needed: () => send<{ needed: boolean }>('GET', '/setup'),
      run: (body: { name: string; email: string; password: string }) => send<void>('POST', '/setup', { body })
    },
    auth: {
      login: (body: { email: string; password: string }) =>
        send<unknown>('POST', '/auth/login', { body, headers: { 'x-session': 'cookie' } }),
      logout: () => send<void>('POST', '/auth/logout', { body: {} })
    },
    me: {
      get: (signal?: AbortSignal) => send<User>('GET', '/users/me', { signal }),
      rename: (name: string) => send<User>('PATCH', '/users/me', { body: { name } }),
      changePassword: (body: { current_password: string; new_password: string }) =>
        send<void>('POST', '/users/me/password', { body }),
      sessions: () => send<{ items: SessionInfo[] }>('GET', '/users/me/sessions'),
      endSession: (id: string) => send<void>('DELETE', `/users/me/sessions/${id}`),
      endOtherSessions: () => send<void>('DELETE', '/users/me/sessions')
    },
    timeline: {
      summary: (view: View, signal?: AbortSignal) =>
        send<TimelineSummary>('GET', '/timeline', { query: { view }, signal }),
      month: (view: View, month: string, cursor?: string, signal?: AbortSignal) =>
        send<TimelinePage>('GET', `/timeline/${month}`, { query: { view, cursor }, signal })
    },
    media: {
      get: (id: string, signal?: AbortSignal) => send<Media>('GET', `/media/${id}`, { signal }),
      change: (id: string, body: MediaChange) => send<Media>('PATCH', `/media/${id}`, { body }),
      batch: (ids: string[], action: BatchAction) => send<BatchResult>('POST', '/media/batch', { body: { ids, action } })
    },
    trash: {
      empty: () => send<unknown>('POST', '/trash/empty', { body: {} })
    },
    uploads: {
      create: (body: UploadRequest, signal?: AbortSignal) => send<UploadCreated>('POST', '/uploads', { body, signal })
    }
  };
}

export type Api = ReturnType<typeof createApi>;

/** Addresses that the browser itself loads (images, video, downloads); they are authorised by the session cookie. */
export const urls = {
  /** Named with the item's version, so that the browser may keep it for ever; the first one where a list does not say. */
  thumbnail: (id: string, size: 'thumb' | 'preview', version = 1) => `${ROOT}/media/${id}/thumbnail?size=${size}&v=${version}`,
  content: (id: string) => `${ROOT}/media/${id}/content`,
  download: (id: string) => `${ROOT}/media/${id}/content?download=1`,
  events: () => `${ROOT}/events`
};
