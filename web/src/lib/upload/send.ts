import type { DetailedError, Upload } from 'tus-js-client';
import { ApiError, retryAfter, UnreachableError, urls, type Media, type ProblemBody } from '$lib/api';
import { isOutOfReach } from '$lib/offline/gateway';

/** The transfer was stopped on purpose. */
export class Stopped extends Error {}

export interface Sending<T = string | null> {
  /** Resolves with the id of the stored media. Rejects with ApiError, UnreachableError or Stopped. */
  readonly done: Promise<T>;
  stop(): void;
}

/** A file that was sent in one request. */
export interface Added {
  readonly id: string;
  /** Not there before. */
  readonly isNew: boolean;
}

/** Sends a file in one request, without an upload that could be resumed: cut off, it begins anew. */
export function sendWhole(file: File, progress: (sent: number) => void): Sending<Added> {
  const request = new XMLHttpRequest();
  let stop: () => void = () => undefined;
  const done = new Promise<Added>((resolve, reject) => {
    stop = () => {
      request.abort();
      reject(new Stopped());
    };
    request.open('POST', urls.media());
    follow(request, progress);
    request.onerror = () => reject(new UnreachableError('cut off'));
    request.onload = () => {
      const { status } = request;
      if (status === 200 || status === 201) resolve({ id: (JSON.parse(request.responseText) as Media).id, isNew: status === 201 });
      else if (isOutOfReach(status)) reject(new UnreachableError(status));
      else reject(refusal(status, request.responseText, (name) => request.getResponseHeader(name)));
    };
    const form = new FormData();
    form.append('modified_at', new Date(file.lastModified).toISOString());
    form.append('file', file);
    request.send(form);
  });
  return { done, stop: () => stop() };
}

/** Tells of the progress of a request, now and then. */
function follow(request: XMLHttpRequest, progress: (sent: number) => void): void {
  let told = performance.now();
  request.upload.onprogress = ({ loaded, timeStamp }) => {
    if (timeStamp < told + TELL_EVERY) return;
    told = timeStamp;
    progress(loaded);
  };
}

/**
 * Sends a file to an address that is new: the server has nothing of it, so one request does. What is cut off goes on by tus.
 */
export function sendAll(file: File, url: string, progress: (sent: number) => void): Sending {
  // What goes on after a cut must be here before it.
  void loadTus().catch(() => undefined);
  const request = new XMLHttpRequest();
  let rest: Sending | null = null;
  let stop: () => void = () => undefined;
  const done = new Promise<string | null>((resolve, reject) => {
    const goOn = () => {
      rest = send(file, url, progress);
      rest.done.then(resolve, reject);
    };
    stop = () => {
      request.abort();
      rest?.stop();
      reject(new Stopped());
    };
    request.open('PATCH', url);
    request.setRequestHeader('Tus-Resumable', '1.0.0');
    request.setRequestHeader('Upload-Offset', '0');
    request.setRequestHeader('Content-Type', 'application/offset+octet-stream');
    follow(request, progress);
    request.onerror = goOn;
    request.onload = () => {
      const { status } = request;
      if (status === 204) resolve(request.getResponseHeader('Media-Id'));
      else if (isPassing(status)) goOn();
      else reject(refusal(status, request.responseText, (name) => request.getResponseHeader(name)));
    };
    request.send(file);
  });
  return { done, stop: () => stop() };
}

/** The server gives the module out as well: without it, it is out of reach. */
const loadTus = () =>
  import('tus-js-client').catch((error: unknown) => {
    throw new UnreachableError(error);
  });

/** Milliseconds between two words about the progress of one file. */
const TELL_EVERY = 200;

/** Trouble that is over in a moment: worth another try. */
const isPassing = (status: number): boolean => status === 0 || status === 409 || status === 423 || isOutOfReach(status);

/**
 * Sends a file to an upload address by tus, from wherever the server says it stopped, with so many bytes a request. Short
 * interruptions are bridged here; a longer one rejects, and the queue takes it up again when the server is back.
 */
export function send(file: File, url: string, progress: (sent: number) => void, atOnce = Infinity): Sending {
  let upload: Upload | null = null;
  let isStopped = false;
  let refuse: (error: Stopped) => void = () => undefined;
  const done = loadTus().then(
    (tus) =>
      new Promise<string | null>((resolve, reject) => {
        let mediaId: string | null = null;
        refuse = reject;
        upload = new tus.Upload(file, {
          uploadUrl: new URL(url, location.href).href,
          chunkSize: atOnce,
          retryDelays: [300, 1000, 3000],
          storeFingerprintForResuming: false,
          onProgress: progress,
          onAfterResponse: (_, response) => {
            mediaId = response.getHeader('Media-Id') ?? mediaId;
          },
          onShouldRetry: (error) => isPassing(error.originalResponse?.getStatus() ?? 0),
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
  if (status === 0 || isOutOfReach(status)) return new UnreachableError(error);
  return refusal(status, response.getBody(), (name) => response.getHeader(name) ?? null);
}

function refusal(status: number, text: string, header: (name: string) => string | null): ApiError {
  let body: ProblemBody = {};
  try {
    body = JSON.parse(text) as ProblemBody;
  } catch {
    // Not a problem document: the status alone has to do.
  }
  return new ApiError(status, body, header('x-request-id'), retryAfter(header('retry-after')));
}
