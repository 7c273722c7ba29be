import { ApiError, UnreachableError } from '$lib/api';
import { isGateShut } from './gate';

/** What an error means for the file that it happened to. */
export type Setback = 'out of reach' | 'signed out' | 'too many' | 'expired' | 'too large at once' | 'final';

export function setback(error: unknown): Setback {
  if (error instanceof UnreachableError) return 'out of reach';
  if (isGateShut(error)) return 'too large at once';
  if (!(error instanceof ApiError)) return 'final';
  if (error.status === 401) return 'signed out';
  if (error.status === 429) return 'too many';
  return error.status === 404 || error.status === 410 ? 'expired' : 'final';
}
