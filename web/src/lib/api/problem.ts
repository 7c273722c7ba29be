import type { ProblemBody } from './types';

/** The server answered, and the answer is no. `detail` is in plain words and can be shown. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string | null;
  readonly fields: ReadonlyMap<string, string>;
  /** Milliseconds after which the server wants to be asked again, where it said so. */
  readonly retryAfter: number | null;

  constructor(status: number, body: ProblemBody, requestId: string | null, retryAfter: number | null = null) {
    super(body.detail ?? body.title ?? `HTTP ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = (body.type ?? '').split(/[/:]/).pop() ?? '';
    this.detail = body.detail ?? body.title ?? '';
    this.requestId = body.request_id ?? requestId;
    this.fields = new Map((body.errors ?? []).map((error) => [error.field, error.message]));
    this.retryAfter = retryAfter;
  }

  /** From an answer whose body was read already; a proxy's error page has no details. */
  static of(response: Response, body: unknown): ApiError {
    const isProblem = typeof body === 'object' && body !== null;
    return new ApiError(response.status, isProblem ? (body as ProblemBody) : {}, response.headers.get('x-request-id'), retryAfter(response.headers.get('retry-after')));
  }
}

/** Milliseconds from a `Retry-After`: seconds or a date (RFC 9110, 10.2.3). */
export function retryAfter(header: string | null | undefined): number | null {
  const said = header?.trim() ?? '';
  const wait = /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : null;
}

/** The server was not reached: the network is down, or the server is. Nothing is known about what happened. */
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    super('unreachable', { cause });
    this.name = 'UnreachableError';
  }
}

export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';
