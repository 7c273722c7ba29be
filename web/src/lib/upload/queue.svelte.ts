import { ApiError, UnreachableError, type Api } from '$lib/api';
import type { Connection } from '$lib/state/connection.svelte';
import { Afterlife, type Heirs } from './afterlife';
import type { Found } from './collect';
import { Gate } from './gate';
import { Hasher } from './hasher';
import { isOver, isReadable, UnreadableFile, UploadItem } from './item.svelte';
import type { Kept } from './keep';
import { KnownSizes } from './known-sizes';
import { Orphans } from './orphans';
import { Rate } from './rate';
import { forget, forgetAll, recall, remember, unfinished } from './remember';
import { setback } from './setback';
import { send, sendAll, sendWhole, Stopped } from './send';

const AT_ONCE = 4;
/** Most files have arrived before this; writing each down would take its time. */
const REMEMBER_AFTER = 1000;
const BEAT = 250;
/** Milliseconds until the next try when it was too much at once for the server, which may say how long within bounds. */
const REST = { usual: 5000, shortest: 1000, longest: 60_000 };

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
  /**
   * Beats a few times a second while something changes. Who draws totals or the whole list follows this and reads the rest
   * untracked: a thousand files change state several thousand times in seconds, and drawing that would take longer than sending.
   */
  pulse = $state(0);
  /** Uploads wait because they were too many for the server just now. */
  isResting = $state(false);
  /** Uploads wait because the session ended. */
  needsSignIn = $state(false);
  /** What an earlier page left, and the browser gives only with the person's word. */
  asleep = $state.raw<readonly Kept[]>([]);
  /** Names of what an earlier page left and cannot be found again without the person. */
  lost = $state.raw<readonly string[]>([]);

  isActive = $derived(this.items.length > this.finished);
  progress = $derived(this.totalBytes === 0 ? 1 : Math.min(1, this.sentBytes / this.totalBytes));
  secondsLeft = $derived(this.speed > 0 ? (this.totalBytes - this.sentBytes) / this.speed : null);

  #api: Api;
  #connection: Connection;
  #hasher = new Hasher();
  #sizes: KnownSizes;
  #rate = new Rate();
  #gate = new Gate();
  #running = 0;
  #next = 1;
  #cursor = 0;

  #afterlife = new Afterlife(() => this.speed);
  #orphans: Orphans;
  /** Whose files these are. */
  #owner: string | null = null;
  #isSettled = true;
  #beating: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api, connection: Connection) {
    this.#api = api;
    this.#orphans = new Orphans(api);
    this.#sizes = new KnownSizes(api);
    this.#connection = connection;
    connection.onReturn(() => (this.#isSettled ? this.#pump() : this.signedIn()));
    // The page may be on its way out: what is under way must be found again.
    globalThis.addEventListener?.('pagehide', () => {
      for (const item of this.items) if (item.status === 'sending') this.#remember(item);
      this.#afterlife.leave();
    });
    // A page that is killed in a hurry has said it here at least.
    globalThis.addEventListener?.('beforeunload', () => this.#afterlife.leave());
    // Who signs out, in whatever tab, leaves nothing on this device. What this page still holds waits for the same person.
    new BroadcastChannel('media-vault-session').addEventListener('message', ({ data }) => {
      if (data !== 'signed-out') return;
      forgetAll();
      void this.#afterlife.forgetAll();
    });
  }

  /** `isMore`: of what was given a moment ago. */
  add(given: readonly (File | Found)[], isMore = false): void {
    if (given.length === 0) return;
    if (!isMore) this.#sizes.forget();
    const all = given.map((one) => (one instanceof File ? { file: one, way: null } : one));
    this.#append(all.map((found) => new UploadItem(found, `${this.#afterlife.page}-${this.#next}`, this.#next++)));
  }

  #append(fresh: readonly UploadItem[]): void {
    if (!this.isActive) this.#rate.reset();
    this.items = [...this.items, ...fresh];
    for (const { file } of fresh) this.totalBytes += file.size;
    if (this.#owner !== null) void this.#afterlife.keep(this.#owner, fresh);
    this.#pump();
  }

  pause(): void {
    this.isPaused = true;
    this.#beat();
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

  /** Somebody is signed in. Files that wait go on if they are theirs, and what an earlier page of theirs left. */
  signedIn(): void {
    this.#isSettled = false;
    this.#api.me.get().then(
      ({ id }) => this.#settle(id),
      () => {
        // Asked again when the server is back, or at the next sign-in.
      }
    );
  }

  #settle(owner: string): void {
    this.#isSettled = true;
    if (this.#owner !== null && this.#owner !== owner) this.#abandon();
    if (this.#owner !== owner) {
      this.#owner = owner;
      if (!this.#afterlife.isPossible) this.lost = unfinished(owner);
      void this.#afterlife.inherit(owner, (heirs) => this.#take(heirs));
    }
    void this.#afterlife.keep(owner, this.items.filter(({ isOver }) => !isOver));
    this.needsSignIn = false;
    this.#pump();
  }

  #take({ files, asleep, lost }: Heirs): void {
    this.asleep = [...this.asleep, ...asleep];
    this.lost = [...this.lost, ...lost];
    const inherited = files.map(({ id, found }) => new UploadItem(found, id, this.#next++));
    for (const item of inherited) item.mayHaveBegun = true;
    this.#orphans.lookAgain();
    this.#sizes.forget();
    if (inherited.length > 0) this.#append(inherited);
  }

  /** Takes up what is asleep; the browser may ask the person. Call it from a click. */
  async awaken(): Promise<void> {
    const { asleep } = this;
    const heirs = await this.#afterlife.awaken(asleep);
    this.asleep = this.asleep.filter((one) => !asleep.includes(one));
    this.#take(heirs);
  }

  /** Gives up what an earlier page left. */
  leaveUnfinished(): void {
    for (const { id } of this.asleep) this.#afterlife.letGo(id);
    this.asleep = [];
    this.lost = [];
    forgetAll();
  }

  /** The files of one person are not sent into the library of another. */
  #abandon(): void {
    for (const { sending } of this.items) sending?.stop();
    this.items = [];
    this.#cursor = 0;
    this.totalBytes = this.sentBytes = this.finished = this.failed = this.duplicates = 0;
    this.leaveUnfinished();
  }

  retry(item: UploadItem): void {
    if (item.status !== 'failed') return;
    this.failed--;
    this.finished--;
    this.totalBytes += item.file.size;
    this.#progress(item, 0);
    item.error = null;
    item.url = null;
    item.mayHaveBegun = item.mayHaveArrived = false;
    item.status = 'waiting';
    this.#cursor = 0;
    if (this.#owner !== null) void this.#afterlife.keep(this.#owner, [item]);
    this.#pump();
  }

  cancel(item: UploadItem): void {
    item.sending?.stop();
    if (!isOver(item.status)) {
      this.totalBytes -= item.file.size;
      this.sentBytes -= item.sent;
    }
    this.#forgetItems(new Set([item]));
    this.#afterlife.letGo(item.id);
    this.#forget(item);
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
    this.#beat();
    while (this.#running < AT_ONCE && !this.isPaused && !this.isResting && !this.needsSignIn && this.#connection.isOnline) {
      const item = this.#nextWaiting();
      if (!item) return;
      this.#running++;
      const turn = ++item.turn;
      void this.#run(item, turn).finally(() => {
        if (item.turn === turn) item.sending = null;
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

  async #run(item: UploadItem, turn: number): Promise<void> {
    const { file } = item;
    const { most } = this.#gate;
    item.status = 'checking';
    try {
      const begun = item.url ?? (await this.#begun(item));
      const isNew = begun === null && !item.mayHaveArrived && !(await this.#sizes.has(file.size, this.#sizesAhead()));
      const isWhole = isNew && !item.mayHaveBegun && file.size <= this.#gate.whole(this.speed);
      if (!isWhole) item.url = begun ?? (await this.#create(item, !isNew));
      const { url } = item;
      if ((url === null && !isWhole) || !this.items.includes(item)) return;
      if (this.isPaused) {
        item.status = 'paused';
        return;
      }
      item.status = 'sending';
      if (url === null) {
        await this.#sendWhole(item, turn);
        return;
      }
      const remembering = setTimeout(() => this.#remember(item), REMEMBER_AFTER);
      const progress = (sent: number) => this.#progress(item, sent);
      const sending = begun === null && file.size <= most ? sendAll(file, url, progress) : send(file, url, progress, most);
      item.sending = sending;
      item.mediaId = await sending.done.finally(() => clearTimeout(remembering));
      this.#finish(item, 'done');
    } catch (error) {
      await this.#stumble(item, turn, error, Math.min(file.size, most));
    }
  }

  async #sendWhole(item: UploadItem, turn: number): Promise<void> {
    for (;;) {
      const sending = sendWhole(item.file, (sent) => this.#progress(item, sent));
      item.sending = sending;
      try {
        const { id, isNew } = await sending.done;
        item.mediaId = id;
        this.#finish(item, isNew || item.mayHaveArrived ? 'done' : 'duplicate');
        return;
      } catch (error) {
        const isCut = error instanceof UnreachableError;
        if (item.mayHaveArrived || !(isCut || (error instanceof ApiError && error.status === 401))) throw error;
        item.mayHaveArrived = true;
        this.#progress(item, 0);
        // Renews the session if that was it; throws if there is no server or no session any more.
        await this.#api.me.get();
        if (this.isPaused || item.turn !== turn || !this.items.includes(item)) throw new Stopped();
      }
    }
  }

  *#sizesAhead(): Iterable<number> {
    for (let at = this.#cursor; at < this.items.length; at++) yield this.items[at]?.file.size ?? 0;
  }

  #remember(item: UploadItem): void {
    if (this.#owner === null || item.url === null || item.expires === '') return;
    remember(this.#owner, item.file, item.url, item.expires);
    item.isRemembered = true;
  }

  #forget(item: UploadItem): void {
    if (item.isRemembered) forget(item.file);
    item.isRemembered = false;
  }

  /** The address of an upload that an earlier page began for this file. */
  async #begun(item: UploadItem): Promise<string | null> {
    const known = this.#owner === null ? null : recall(this.#owner, item.file);
    // Two files that look the same do not share one.
    const isFree = known !== null && !this.items.some((other) => other !== item && other.url === known.url);
    const found = isFree ? known : item.mayHaveBegun ? await this.#orphans.adopt(item.file) : null;
    if (!found) return null;
    item.expires = found.expires;
    item.isRemembered = isFree;
    return found.url;
  }

  /** Announces a file, hashed if it may be here; null = it is. */
  async #create(item: UploadItem, mayBeHere: boolean): Promise<string | null> {
    const { file } = item;
    const sha256 = mayBeHere ? await this.#hasher.hash(file) : null;
    item.mayHaveBegun = true;
    const created = await this.#api.uploads.create({
      file_name: file.name,
      size: file.size,
      ...(sha256 === null ? {} : { sha256 }),
      ...(file.type === '' ? {} : { mime_type: file.type }),
      modified_at: new Date(file.lastModified).toISOString()
    });
    if ('media' in created) {
      item.mediaId = created.media.id;
      this.#finish(item, item.mayHaveArrived ? 'done' : 'duplicate');
      return null;
    }
    item.mayHaveBegun = false;
    item.expires = created.expires_at;
    return created.url;
  }

  /** `atOnce`: bytes of its largest request. */
  async #stumble(item: UploadItem, turn: number, error: unknown, atOnce: number): Promise<void> {
    if (error instanceof Stopped || !this.items.includes(item)) return;
    const isGone = !(error instanceof ApiError) && !(await isReadable(item.file));
    // It was paused and goes on already.
    if (item.turn !== turn) return;
    if (isGone) {
      item.error = new UnreadableFile();
      this.#finish(item, 'failed');
      return;
    }
    switch (setback(error)) {
      case 'out of reach':
        // The connection tells when the server is back; until then the file keeps its place.
        this.#orphans.lookAgain();
        this.#putBack(item);
        this.#connection.reached(false);
        return;
      case 'signed out':
        this.#putBack(item);
        this.needsSignIn = true;
        return;
      case 'too many':
        this.#putBack(item);
        this.#rest(error instanceof ApiError ? error.retryAfter : null);
        return;
      case 'expired':
        if (item.url === null) break;
        item.url = null;
        this.#forget(item);
        this.#beginAnew(item);
        return;
      case 'too large at once':
        if (!this.#gate.narrow(atOnce)) break;
        this.#beginAnew(item);
        return;
    }
    item.error = error;
    this.#finish(item, 'failed');
  }

  /** It keeps its place and is taken again. */
  #putBack(item: UploadItem): void {
    item.status = 'waiting';
    this.#cursor = 0;
  }

  #beginAnew(item: UploadItem): void {
    this.#progress(item, 0);
    this.#putBack(item);
  }

  #rest(asked: number | null): void {
    if (this.isResting) return;
    this.isResting = true;
    setTimeout(() => {
      this.isResting = false;
      this.#pump();
    }, Math.min(Math.max(asked ?? REST.usual, REST.shortest), REST.longest));
  }

  #finish(item: UploadItem, status: 'done' | 'duplicate' | 'failed'): void {
    this.#forget(item);
    this.#afterlife.letGo(item.id);
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

  #beat(): void {
    this.#beating ??= setTimeout(() => {
      this.#beating = undefined;
      this.pulse++;
    }, BEAT);
  }

  #progress(item: UploadItem, sent: number): void {
    this.#beat();
    const grown = sent - item.sent;
    item.sent = sent;
    this.sentBytes += grown;
    this.speed = this.#rate.add(Math.max(0, grown), performance.now());
  }
}
