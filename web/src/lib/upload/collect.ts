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

/** All files of a drop, those in dropped folders included. */
export async function filesOfDrop(transfer: DataTransfer): Promise<Found[]> {
  // All must be taken before the first await: the list is emptied afterwards.
  const dropped = [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map((item) => ({ handle: item.getAsFileSystemHandle?.().catch(() => null), entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found: Found[] = [];
  for (const { handle, entry, file } of dropped) {
    if (isFolder(entry)) {
      await walk(entry, async () => ((await handle) ?? null) as FileSystemDirectoryHandle | null, found);
    } else if (file && !isClutter(file.name)) {
      found.push({ file, way: handle ? () => handle as Promise<FileSystemFileHandle | null> : null });
    }
  }
  return found;
}

const isFolder = (entry: FileSystemEntry | null): entry is FileSystemDirectoryEntry => entry?.isDirectory === true;

async function walk(folder: FileSystemDirectoryEntry, way: FolderWay, found: Found[]): Promise<void> {
  if (CLUTTER_FOLDER.test(folder.name)) return;
  for (const entry of await entriesOf(folder)) {
    const { name } = entry;
    if (isFolder(entry)) {
      await walk(entry, once(async () => (await way())?.getDirectoryHandle(name).catch(() => null) ?? null), found);
    } else if (!isClutter(name)) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      found.push({ file, way: async () => (await way())?.getFileHandle(name).catch(() => null) ?? null });
    }
  }
}

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    // A reader hands out at most a hundred entries at a time, in no order.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return all.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
    all.push(...batch);
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}

export const filesOfPicker = (list: FileList | null): File[] =>
  [...(list ?? [])].filter((file) => !isClutter(file.name) && !file.webkitRelativePath.split('/').some((part) => CLUTTER_FOLDER.test(part)));
