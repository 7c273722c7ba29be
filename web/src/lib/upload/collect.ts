/** Files that cameras, phones and servers leave beside photos and that nobody wants in a vault. */
const CLUTTER = /^(\._.*|\.ds_store|thumbs\.db|desktop\.ini|\.nomedia|\.picasa\.ini)$/i;
const CLUTTER_FOLDER = /^(@eadir|\.thumbnails|\.trash.*|\$recycle\.bin|__macosx)$/i;

export const isClutter = (name: string): boolean => CLUTTER.test(name);

/** A file that a person gave, and the way back to it where the browser knows one. */
export interface Found {
  readonly file: File;
  readonly way: Way | null;
}

/** Leads to a file again after the page is gone. It may answer late, or never: nothing may wait for it. */
export type Way = () => Promise<FileSystemFileHandle | null>;
type FolderWay = () => Promise<FileSystemDirectoryHandle | null>;

/**
 * All files of a drop, those in dropped folders included, some at a time: the first can be sent while the others are looked for.
 * Throws at the end if one could not be opened; the rest came before.
 */
export function filesOfDrop(transfer: DataTransfer): AsyncIterable<Found[]> {
  // All must be taken before anything is awaited: the list is emptied afterwards.
  const dropped = [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map((item) => ({ handle: handleOf(item), entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  return look(dropped);
}

/** Chromium offers this over plain http too, and ends the page that asks for it there (seen with 156). */
const handleOf = (item: DataTransferItem) => (globalThis.isSecureContext ? item.getAsFileSystemHandle?.().catch(() => null) : undefined);

interface Dropped {
  readonly handle: Promise<FileSystemHandle | null> | undefined;
  readonly entry: FileSystemEntry | null;
  readonly file: File | null;
}

async function* look(dropped: readonly Dropped[]): AsyncGenerator<Found[]> {
  const files: Found[] = [];
  for (const { handle, entry, file } of dropped) {
    if (isFolder(entry) || !file || isClutter(file.name)) continue;
    files.push({ file, way: handle ? () => handle as Promise<FileSystemFileHandle | null> : null });
  }
  yield files;
  const failures: unknown[] = [];
  for (const { handle, entry } of dropped) {
    if (isFolder(entry)) yield* walk(entry, async () => ((await handle) ?? null) as FileSystemDirectoryHandle | null, failures);
  }
  if (failures.length > 0) throw failures[0];
}

const isFolder = (entry: FileSystemEntry | null): entry is FileSystemDirectoryEntry => entry?.isDirectory === true;

/** Files asked for in one breath; the browser answers each by itself. */
const AT_ONCE = 500;

async function* walk(folder: FileSystemDirectoryEntry, way: FolderWay, failures: unknown[]): AsyncGenerator<Found[]> {
  if (CLUTTER_FOLDER.test(folder.name)) return;
  const entries = await entriesOf(folder).catch((error: unknown) => {
    failures.push(error);
    return [];
  });
  const files = entries.filter((entry) => !isFolder(entry) && !isClutter(entry.name)) as FileSystemFileEntry[];
  for (let at = 0; at < files.length; at += AT_ONCE) {
    const opened = await Promise.allSettled(files.slice(at, at + AT_ONCE).map((entry) => open(entry, way)));
    yield opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    for (const one of opened) if (one.status === 'rejected') failures.push(one.reason);
  }
  for (const entry of entries) {
    if (!isFolder(entry)) continue;
    yield* walk(entry, once(async () => (await way())?.getDirectoryHandle(entry.name).catch(() => null) ?? null), failures);
  }
}

async function open(entry: FileSystemFileEntry, way: FolderWay): Promise<Found> {
  const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
  return { file, way: async () => (await way())?.getFileHandle(entry.name).catch(() => null) ?? null };
}

const byName = new Intl.Collator(undefined, { numeric: true });

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    // A reader hands out at most a hundred entries at a time, in no order.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return all.sort((a, b) => byName.compare(a.name, b.name));
    all.push(...batch);
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}

export const filesOfPicker = (list: FileList | null): File[] =>
  [...(list ?? [])].filter((file) => !isClutter(file.name) && !file.webkitRelativePath.split('/').some((part) => CLUTTER_FOLDER.test(part)));
