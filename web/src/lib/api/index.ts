import createClient from 'openapi-fetch';
import { ApiError } from './problem';
import type { paths } from './schema';
import type {
  BatchAction,
  ManyChange,
  MediaChange,
  SearchQuery,
  UploadRequest,
  View
} from './types';

export * from './problem';
export type * from './types';

interface Answer<T> {
  data?: T;
  response: Response;
  error?: unknown;
}

/** The only way to the server. One function an operation; each throws {@link ApiError} or UnreachableError. */
export function createApi(fetcher: typeof fetch) {
  const client = createClient<paths>({ baseUrl: location.origin, fetch: (request) => fetcher(request) });

  async function got<T>(answer: Promise<Answer<T>>): Promise<T> {
    const { data, response, error } = await answer;
    if (!response.ok) throw ApiError.of(response, error);
    return data as T;
  }

  return {
    setup: {
      needed: () => got(client.GET('/api/v1/setup')),
      run: (body: { name: string; email: string; password: string }) => got(client.POST('/api/v1/setup', { body }))
    },
    auth: {
      login: (body: { email: string; password: string }) =>
        got(client.POST('/api/v1/auth/login', { body, params: { header: { 'X-Session': 'cookie' } } })),
      /** How the sign-in of this browser stands; never refused. */
      state: () => got(client.GET('/api/v1/auth/session')),
      logout: () => got(client.POST('/api/v1/auth/logout', { body: { refresh_token: null } }))
    },
    me: {
      get: () => got(client.GET('/api/v1/users/me')),
      safety: () => got(client.GET('/api/v1/users/me/safety')),
      rename: (name: string) => got(client.PATCH('/api/v1/users/me', { body: { name } })),
      changePassword: (body: { current_password: string; new_password: string }) =>
        got(client.POST('/api/v1/users/me/password', { body })),
      sessions: () => got(client.GET('/api/v1/users/me/sessions')),
      endSession: (id: string) => got(client.DELETE('/api/v1/users/me/sessions/{id}', { params: { path: { id } } })),
      endOtherSessions: () => got(client.DELETE('/api/v1/users/me/sessions'))
    },
    search: (query: SearchQuery) => got(client.GET('/api/v1/search', { params: { query } })),
    timeline: {
      summary: (view: View) => got(client.GET('/api/v1/timeline', { params: { query: { view } } })),
      month: (view: View, month: string, cursor?: string, limit?: number) =>
        got(
          client.GET('/api/v1/timeline/{month}', {
            params: { path: { month }, query: { view, ...(cursor === undefined ? {} : { cursor }), ...(limit === undefined ? {} : { limit }) } }
          })
        )
    },
    media: {
      get: (id: string) => got(client.GET('/api/v1/media/{id}', { params: { path: { id } } })),
      /** Stored, but impossible to show. */
      failed: () => got(client.GET('/api/v1/media', { params: { query: { state: 'failed', limit: 1000 } } })),
      change: (id: string, body: MediaChange) => got(client.PATCH('/api/v1/media/{id}', { params: { path: { id } }, body: body as paths['/api/v1/media/{id}']['patch']['requestBody']['content']['application/json'] })),
      batch: (ids: string[], action: BatchAction) => got(client.POST('/api/v1/media/batch', { body: { ids, action } })),
      /** Changes many items alike. */
      edit: (ids: readonly string[], changes: ManyChange) => 
        got(client.POST('/api/v1/media/batch', { body: { ids: [...ids], action: 'edit', changes } })),
      history: (id: string) => got(client.GET('/api/v1/media/{id}/history', { params: { path: { id } } })),
      /** An address from which the browser itself takes all of them as one file. */
      archive: (ids: readonly string[]) => got(client.POST('/api/v1/downloads', { body: { ids: [...ids] } })),
      reprocess: (id: string) => got(client.POST('/api/v1/media/{id}/reprocess', { params: { path: { id } } }))
    },
    trash: {
      empty: () => got(client.POST('/api/v1/trash/empty'))
    },
    uploads: {
      create: (body: UploadRequest) => got(client.POST('/api/v1/uploads', { body })),
      /** Which of these sizes the person's files have. */
      sizes: (sizes: number[]) => got(client.POST('/api/v1/uploads/sizes', { body: { sizes } })),
      /** Those under way. */
      list: () => got(client.GET('/api/v1/uploads')),
      /** How one stands, with an address for the rest. */
      get: (id: string) => got(client.GET('/api/v1/uploads/{id}', { params: { path: { id } } }))
    }
  };
}

export type Api = ReturnType<typeof createApi>;

const ROOT = '/api/v1';

/** Addresses that the browser itself loads (images, video, downloads); and where it sends files itself; they are authorised by the session cookie. */
export const urls = {
  /** Named with the item's version, so that the browser may keep it for ever. */
  thumbnail: (id: string, size: 'thumb' | 'preview', version: number) => `${ROOT}/media/${id}/thumbnail?size=${size}&v=${version}`,
  media: () => `${ROOT}/media`,
  content: (id: string) => `${ROOT}/media/${id}/content`,
  download: (id: string) => `${ROOT}/media/${id}/content?download=1`,
  events: () => `${ROOT}/events`
};
