import type { Found } from './collect';
import { takeBack, tellHolder, type Held } from './hold';
import { Cloakroom, type Kept } from './keep';
import { Presence } from './presence';

/** Copies are made of no more than this, and of no more than a quarter of the room that the browser grants, or may grant if it does not say. */
const MOST_COPIES = 2 * 1024 ** 3;
const UNKNOWN_ROOM = 2 * 1024 ** 3;
/** Milliseconds until copies are made: most uploads are over before a copy of their files would be. */
const COPY_AFTER = 2000;
/**
 * Bytes a second beyond which sending is about as fast as copying, so that a file is in the vault before its copy is made, and copies
 * take the disk and the processor that sending wants. They wait, but not for ever (milliseconds).
 */
const FAST = 150e6;
const WAIT_AT_MOST = 30_000;
/** Milliseconds in which the browser has to find the way back to a file. */
const WAY_WITHIN = 2000;

/** Files that an earlier page left: `files` can be sent, `asleep` need the person's word, `lost` must be chosen again. */
export interface Heirs {
  readonly files: readonly { readonly id: string; readonly found: Found }[];
  readonly asleep: readonly Kept[];
  readonly lost: readonly string[];
}

/** What can be sent again: an upload on this page. */
export interface Living {
  readonly id: string;
  readonly found: Found;
  readonly isOver: boolean;
}

/**
 * Lets uploads outlive their page. What a page that is gone has kept is taken over by the next one of the same person, or by
 * another one that is still open. Signing out removes everything from this device.
 */
export class Afterlife {
  readonly isPossible = 'indexedDB' in globalThis;
  #presence = new Presence();
  readonly page = this.#presence.page;
  #room = new Cloakroom();
  #owner: string | null = null;
  /** Without a way back and without a copy that is finished. */
  #bare = new Map<string, Living>();
  /** Bytes of each copy. */
  #copies = new Map<string, number>();
  #copied = 0;
  #budget = 0;
  #awaited = new Set<string>();
  #known = new Set<string>();
  #over = new Set<string>();

  /** `speed`: bytes that are sent a second. */
  constructor(private readonly speed: () => number) {}

  /** Keeps these for `owner`. */
  async keep(owner: string, living: readonly Living[]): Promise<void> {
    this.#owner = owner;
    const fresh = living.filter(({ id }) => !this.#known.has(id));
    if (!this.isPossible || fresh.length === 0) return;
    for (const { id } of fresh) this.#known.add(id);
    await quietly(this.#measure());
    const ways = await Promise.all(fresh.map(({ found }) => soon(found)));
    // Nothing may be waited for from here to the put: what has arrived meanwhile would be written down after it was struck off.
    const tickets = fresh.flatMap((upload, at) => (upload.isOver ? [] : [this.#ticket(upload, ways[at] ?? null, null)]));
    for (const [at, upload] of fresh.entries()) if (!ways[at] && !upload.isOver) this.#bare.set(upload.id, upload);
    await quietly(this.#room.put(tickets));
    await this.#sweep();
    setTimeout(() => void quietly(this.#copy(fresh)), COPY_AFTER);
  }

  /** The page is about to go: files without a way back are handed over, and the next page asks for them. */
  leave(): void {
    if (this.#over.size > 0) this.#room.removeAtOnce([...this.#over]);
    if (this.#bare.size > 0) tellHolder({ hold: [...this.#bare.values()].map(({ id, found: { file } }) => ({ id, file })) });
  }

  /** It has arrived, or nobody wants it any more. */
  letGo(id: string): void {
    if (!this.isPossible) return;
    this.#known.delete(id);
    this.#bare.delete(id);
    this.#copied -= this.#copies.get(id) ?? 0;
    this.#copies.delete(id);
    this.#over.add(id);
    if (this.#over.size === 1) setTimeout(() => void this.#sweep(), 100);
  }

  async forgetAll(): Promise<void> {
    this.#known.clear();
    this.#bare.clear();
    this.#copies.clear();
    this.#copied = 0;
    tellHolder({ letGo: true });
    if (this.isPossible) await quietly(this.#room.empty());
  }

  /** Calls `take` for what pages of `owner` have left that are gone, now or later. */
  async inherit(owner: string, take: (heirs: Heirs) => void): Promise<void> {
    if (!this.isPossible) return;
    const others = new Set((await this.#left(owner)).map(({ page }) => page).filter((page) => page !== this.page));
    for (const other of others) {
      if (this.#awaited.has(other)) continue;
      this.#awaited.add(other);
      void this.#presence.gone(other).then(() => this.#takeOver(owner, other, take));
    }
  }

  async #takeOver(owner: string, page: string, take: (heirs: Heirs) => void): Promise<void> {
    const ours = await this.#room.handOver(owner, page, this.page).catch(() => []);
    const held = await takeBack(ours.flatMap(({ id, handle, copy }) => (handle || copy ? [] : [id])));
    // Those that were handed over are as good as given anew: they have no copy here either.
    for (const { id } of ours) if (!held.has(id)) this.#known.add(id);
    if (ours.length > 0) take(await wake(ours, held));
  }

  /** Asks the person for the files that the browser gives only with their word. Call it from a click. */
  async awaken(asleep: readonly Kept[]): Promise<Heirs> {
    for (const { handle } of asleep) {
      // One answer usually counts for all of a folder; after a refusal there is no point in asking for the next.
      if (handle && (await handle.queryPermission({ mode: 'read' })) !== 'granted' && (await handle.requestPermission({ mode: 'read' })) !== 'granted') break;
    }
    return wake(asleep);
  }

  #left(owner: string): Promise<Kept[]> {
    return this.#room.all().then(
      (all) => all.filter((kept) => kept.owner === owner),
      () => []
    );
  }

  #ticket({ id, found: { file } }: Living, handle: FileSystemFileHandle | null, copy: File | null): Kept {
    return { id, owner: this.#owner ?? '', page: this.page, name: file.name, size: file.size, modified: file.lastModified, handle, copy };
  }

  async #sweep(): Promise<void> {
    const over = [...this.#over];
    this.#over.clear();
    if (over.length > 0) await quietly(this.#room.remove(over));
  }

  /** Copies what has no way back, the last first: the first are under way already. */
  async #copy(living: readonly Living[]): Promise<void> {
    const begun = performance.now();
    for (const upload of living.toReversed()) {
      while (!upload.isOver && this.speed() > FAST && performance.now() < begun + WAIT_AT_MOST) await new Promise((resolve) => setTimeout(resolve, 1000));
      if (!this.#mayCopy(upload)) continue;
      await this.#room.put([this.#ticket(upload, null, upload.found.file)]);
      // Not before: a page that is left in the middle of it hands the file over.
      this.#bare.delete(upload.id);
      // It may have arrived meanwhile.
      if (upload.isOver) await this.#room.remove([upload.id]);
      await this.#measure();
    }
  }

  /** Is there a copy to be made of this, and room for it? Then it counts as made. */
  #mayCopy({ id, isOver, found: { file } }: Living): boolean {
    if (isOver || !this.#bare.has(id) || this.#copies.has(id) || this.#copied + file.size > this.#budget) return false;
    this.#copies.set(id, file.size);
    this.#copied += file.size;
    return true;
  }

  async #measure(): Promise<void> {
    const { quota = 0, usage = 0 } = 'storage' in navigator ? await navigator.storage.estimate() : { quota: UNKNOWN_ROOM, usage: 0 };
    this.#budget = Math.min(MOST_COPIES, (quota - usage) / 4);
  }
}

/** The way back to a file, if the browser finds it soon. */
async function soon({ way }: Found): Promise<FileSystemFileHandle | null> {
  if (!way) return null;
  return Promise.race([way().catch(() => null), new Promise<null>((resolve) => setTimeout(() => resolve(null), WAY_WITHIN))]);
}

/** Nothing here is worth more than a warning to nobody: uploads go on, only a reload would not find them. */
const quietly = (work: Promise<void>): Promise<void> => work.catch(() => undefined);

async function wake(kept: readonly Kept[], held: Held = new Map()): Promise<Heirs> {
  const files: { id: string; found: Found }[] = [];
  const asleep: Kept[] = [];
  const lost: string[] = [];
  for (const one of kept) {
    const { id, handle, copy } = one;
    if (handle && (await handle.queryPermission({ mode: 'read' })) === 'prompt') {
      asleep.push(one);
      continue;
    }
    const file = copy ?? held.get(id) ?? (await handle?.getFile().catch(() => null)) ?? null;
    if (file) files.push({ id, found: { file, way: handle && (async () => handle) } });
    else lost.push(one.name);
  }
  return { files, asleep, lost };
}
