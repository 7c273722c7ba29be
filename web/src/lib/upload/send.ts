import type { DetailedError, Upload } from 'tus-js-client';
import { ApiError, UnreachableError, type ProblemBody } from '$lib/api';

/** The transfer was stopped on purpose. */
export class Stopped extends Error {}

export interface Sending {
  /** Resolves with the id of the stored media. Rejects with ApiError, UnreachableError or Stopped. */
  readonly done: Promise<string | null>;
  stop(): void;
}

/**
 * Sends a file to an upload address by tus, from wherever the server says it stopped. Short interruptions are bridged
 * here; a longer one rejects, and the queue takes it up again when the server is back.
 */
export function send(file: File, url: string, progress: (sent: number) => void): Sending {
  let upload: Upload | null = null;
  let isStopped = false;
  let refuse: (error: Stopped) => void = () => undefined;
  const done = import('tus-js-client').then(
    (tus) =>
      new Promise<string | null>((resolve, reject) => {
        let mediaId: string | null = null;
        refuse = reject;
        upload = new tus.Upload(file, {
          uploadUrl: new URL(url, location.href).href,
          retryDelays: [300, 1000, 3000],
          storeFingerprintForResuming: false,
          onProgress: progress,
          onAfterResponse: (_, response) => {
            mediaId = response.getHeader('Media-Id') ?? mediaId;
          },
          onShouldRetry: (error) => {
            const status = error.originalResponse?.getStatus() ?? 0;
            return status === 0 || status === 409 || status === 423 || status === 502 || status === 503;
          },
          onSuccess: () => resolve(mediaId),
          onError: (error) => reject(asOurs(error))
        });
        if (isStopped) reject(new Stopped());
        else upload.start();
      })
  );
  return {
    done,
    stop: () => {
      isStopped = true;
      void upload?.abort();
      // tus says nothing more after an abort.
      refuse(new Stopped());
    }
  };
}

function asOurs(error: Error | DetailedError): Error {
  if (!('originalResponse' in error) || !error.originalResponse) return new UnreachableError(error);
  const response = error.originalResponse;
  const status = response.getStatus();
  if (status === 0 || status === 502 || status === 503 || status === 504) return new UnreachableError(error);
  let body: ProblemBody = {};
  try {
    body = JSON.parse(response.getBody()) as ProblemBody;
  } catch {
    // Not a problem document: the status alone has to do.
  }
  return new ApiError(status, body, response.getHeader('x-request-id') ?? null);
}
