import type { Living } from './afterlife';
import type { Found } from './collect';

export type UploadStatus = 'waiting' | 'checking' | 'sending' | 'paused' | 'done' | 'duplicate' | 'failed';

/** One file on its way into the vault. */
export class UploadItem implements Living {
  readonly id: string;
  readonly found: Found;
  readonly number: number;
  status = $state<UploadStatus>('waiting');
  sent = $state(0);
  error = $state.raw<unknown>(null);
  mediaId = $state<string | null>(null);
  /** It is stored, but cannot be shown: why. */
  trouble = $state.raw<{ readonly code: string; readonly detail: string } | null>(null);
  /** Where its bytes go, once the server has said so. */
  url: string | null = null;
  /** It may have been announced already, and the answer been lost. */
  mayHaveBegun = false;
  /** All of it may have been sent already, and the answer been lost. */
  mayHaveArrived = false;
  /** Until when the server waits for the rest. */
  expires = '';
  /** The next page would find the address. */
  isRemembered = false;
  /** How often it was begun: what an earlier turn still waits for does not concern it any more. */
  turn = 0;
  sending: { stop(): void } | null = null;

  constructor(found: Found, id: string, number: number) {
    this.found = found;
    this.id = id;
    this.number = number;
  }

  get file(): File {
    return this.found.file;
  }

  get isOver(): boolean {
    return isOver(this.status);
  }
}

/** The file was moved, deleted or changed since it was given. */
export class UnreadableFile extends Error {}

export const isOver = (status: UploadStatus): boolean => status === 'done' || status === 'duplicate' || status === 'failed';

/** A file on the disk may be gone; browsers then say the same as when the network is. */
export const isReadable = (file: File): Promise<boolean> => file.slice(0, 1).arrayBuffer().then(
  () => true,
  () => false
);
