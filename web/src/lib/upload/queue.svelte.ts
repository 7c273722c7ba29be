import { ApiError, UnreachableError, type Api } from '$lib/api';
import type { Connection } from '$lib/state/connection.svelte';
import { Hasher } from './hasher';
import { Rate } from './rate';
import { forget, recall, remember } from './remember';
import { send, Stopped, type Sending } from './send';

export type UploadStatus = 'waiting' | 'checking' | 'sending' | 'paused' | 'done' | 'duplicate' | 'failed';

/** One file on its way into the vault. */
export class UploadItem {
  readonly file: File;
  readonly number: number;
  status = $state<UploadStatus>('waiting');
  sent = $state(0);
  error = $state.raw<unknown>(null);
  mediaId = $state<string | null>(null);
  sending: Sending | null = null;

  constructor(file: File, number: number) {
    this.file = file;
    this.number = number;
  }
}

const AT_ONCE = 4;
const isOver = (status: UploadStatus) => status === 'done' || status === 'duplicate' || status === 'failed';

/** All files that wait, travel or have arrived since the page was opened. Totals are kept, not summed up again. */
export class UploadQueue {
  items = $state.raw<readonly UploadItem[]>([]);
  isPaused = $state(false);
  totalBytes = $state(0);
  sentBytes = $state(0);
  finished = $state(0);
  failed = $state(0);
  duplicates = $state(0);
  /** Bytes a second over the last few seconds. */
  speed = $state(0);
  /** Uploads wait because the session ended. */
  needsSignIn = $state(false);

  isActive = $derived(this.items.length > this.finished);
  progress = $derived(this.totalBytes === 0 ? 1 : Math.min(1, this.sentBytes / this.totalBytes));
  secondsLeft = $derived(this.speed > 0 ? (this.totalBytes - this.sentBytes) / this.speed : null);

  #api: Api;
  #connection: Connection;
  #hasher = new Hasher();
  #rate = new Rate();
  #running = 0;
  #next = 1;
  #cursor = 0;

  constructor(api: Api, connection: Connection) {
    this.#api = api;
    this.#connection = connection;
    connection.onReturn(() => this.#pump());
  }

  add(files: readonly File[]): void {
    if (files.length === 0) return;
    if (!this.isActive) this.#rate.reset();
    this.items = [...this.items, ...files.map((file) => new UploadItem(file, this.#next++))];
    for (const file of files) this.totalBytes += file.size;
    this.#pump();
  }

  pause(): void {
    this.isPaused = true;
    for (const item of this.items) {
      if (item.status !== 'sending') continue;
      item.sending?.stop();
      item.status = 'paused';
    }
  }

  resume(): void {
    this.isPaused = false;
    for (const item of this.items) if (item.status === 'paused') item.status = 'waiting';
    this.#cursor = 0;
    this.#pump();
  }

  signedIn(): void {
    this.needsSignIn = false;
    this.#pump();
  }

  retry(item: UploadItem): void {
    if (item.status !== 'failed') return;
    this.failed--;
    this.finished--;
    this.totalBytes += item.file.size;
    this.#progress(item, 0);
    item.error = null;
    item.status = 'waiting';
    this.#cursor = 0;
    this.#pump();
  }

  cancel(item: UploadItem): void {
    item.sending?.stop();
    if (!isOver(item.status)) {
      this.totalBytes -= item.file.size;
      this.sentBytes -= item.sent;
    }
    this.#forgetItems(new Set([item]));
    forget(item.file);
  }

  /** Takes what is over off the list. */
  clearFinished(): void {
    this.#forgetItems(new Set(this.items.filter((item) => isOver(item.status))));
    if (this.items.length === 0) {
      this.totalBytes = 0;
      this.sentBytes = 0;
    }
  }

  #forgetItems(gone: ReadonlySet<UploadItem>): void {
    for (const item of gone) {
      if (isOver(item.status)) this.finished--;
      if (item.status === 'failed') this.failed--;
      if (item.status === 'duplicate') this.duplicates--;
    }
    this.items = this.items.filter((item) => !gone.has(item));
    this.#cursor = 0;
    this.#pump();
  }

  #pump(): void {
    while (this.#running < AT_ONCE && !this.isPaused && !this.needsSignIn && this.#connection.isOnline) {
      const item = this.#nextWaiting();
      if (!item) return;
      this.#running++;
      void this.#run(item).finally(() => {
        item.sending = null;
        this.#running--;
        this.#pump();
      });
    }
  }

  /** Items are taken in order; the cursor spares looking at the finished ones again. */
  #nextWaiting(): UploadItem | null {
    for (; this.#cursor < this.items.length; this.#cursor++) {
      const item = this.items[this.#cursor];
      if (item?.status === 'waiting') return item;
    }
    return null;
  }

  async #run(item: UploadItem): Promise<void> {
    const { file } = item;
    item.status = 'checking';
    try {
      const url = recall(file) ?? (await this.#create(item));
      if (url === null || !this.items.includes(item)) return;
      if (this.isPaused) {
        item.status = 'paused';
        return;
      }
      item.status = 'sending';
      item.sending = send(file, url, (sent) => this.#progress(item, sent));
      item.mediaId = await item.sending.done;
      this.#finish(item, 'done');
    } catch (error) {
      this.#stumble(item, error);
    }
  }

  /** Announces a file; null = it is here already. */
  async #create(item: UploadItem): Promise<string | null> {
    const { file } = item;
    const sha256 = await this.#hasher.hash(file);
    const created = await this.#api.uploads.create({
      file_name: file.name,
      size: file.size,
      ...(sha256 === null ? {} : { sha256 }),
      ...(file.type === '' ? {} : { mime_type: file.type }),
      modified_at: new Date(file.lastModified).toISOString()
    });
    if ('media' in created) {
      item.mediaId = created.media.id;
      this.#finish(item, 'duplicate');
      return null;
    }
    remember(file, created.url, created.expires_at);
    return created.url;
  }

  #stumble(item: UploadItem, error: unknown): void {
    if (error instanceof Stopped || !this.items.includes(item)) return;
    if (error instanceof UnreachableError) {
      // The connection tells when the server is back; until then the file keeps its place.
      item.status = 'waiting';
      this.#cursor = 0;
      this.#connection.reached(false);
      return;
    }
    if (error instanceof ApiError && error.status === 401) {
      item.status = 'waiting';
      this.#cursor = 0;
      this.needsSignIn = true;
      return;
    }
    if (error instanceof ApiError && (error.status === 404 || error.status === 410) && recall(item.file) !== null) {
      // The remembered upload has expired: begin anew.
      forget(item.file);
      this.#progress(item, 0);
      item.status = 'waiting';
      this.#cursor = 0;
      return;
    }
    item.error = error;
    this.#finish(item, 'failed');
  }

  #finish(item: UploadItem, status: 'done' | 'duplicate' | 'failed'): void {
    forget(item.file);
    if (!this.items.includes(item)) return;
    if (status === 'done') {
      this.#progress(item, item.file.size);
    } else {
      // What was not sent is not waited for.
      this.totalBytes -= item.file.size;
      this.#progress(item, 0);
    }
    item.status = status;
    this.finished++;
    if (status === 'failed') this.failed++;
    if (status === 'duplicate') this.duplicates++;
  }

  #progress(item: UploadItem, sent: number): void {
    const grown = sent - item.sent;
    item.sent = sent;
    this.sentBytes += grown;
    this.speed = this.#rate.add(Math.max(0, grown), performance.now());
  }
}
