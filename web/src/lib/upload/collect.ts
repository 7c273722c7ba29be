/** Files that cameras, phones and servers leave beside photos and that nobody wants in a vault. */
const CLUTTER = /^(\._.*|\.ds_store|thumbs\.db|desktop\.ini|\.nomedia|\.picasa\.ini)$/i;
const CLUTTER_FOLDER = /^(@eadir|\.thumbnails|\.trash.*|\$recycle\.bin|__macosx)$/i;

export const isClutter = (name: string): boolean => CLUTTER.test(name);

/** A file that a person gave, and the way back to it where the browser knows one. */
export interface Found {
  readonly file: File;
  readonly handle: FileSystemFileHandle | null;
}

/** All files of a drop, those in dropped folders included. */
export async function filesOfDrop(transfer: DataTransfer): Promise<Found[]> {
  // All must be taken before the first await: the list is emptied afterwards.
  const dropped = [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map((item) => ({ handle: item.getAsFileSystemHandle?.(), entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found: Found[] = [];
  for (const { handle, entry, file } of dropped) {
    const way = await handle?.catch(() => null);
    if (way) await follow(way, found);
    else if (entry?.isDirectory) await walk(entry as FileSystemDirectoryEntry, found);
    else if (file && !isClutter(file.name)) found.push({ file, handle: null });
  }
  return found;
}

/** Where the browser has handles. */
async function follow(way: FileSystemHandle, found: Found[]): Promise<void> {
  if (way instanceof FileSystemFileHandle) {
    if (!isClutter(way.name)) found.push({ file: await way.getFile(), handle: way });
  } else if (way instanceof FileSystemDirectoryHandle && !CLUTTER_FOLDER.test(way.name)) {
    const inside: FileSystemHandle[] = [];
    for await (const one of way.values()) inside.push(one);
    // The browser names them in no order.
    inside.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
    for (const one of inside) await follow(one, found);
  }
}

/** Where it has none. */
async function walk(folder: FileSystemDirectoryEntry, found: Found[]): Promise<void> {
  if (CLUTTER_FOLDER.test(folder.name)) return;
  const reader = folder.createReader();
  for (;;) {
    // A reader hands out at most a hundred entries at a time.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return;
    for (const entry of batch) {
      if (entry.isDirectory) await walk(entry as FileSystemDirectoryEntry, found);
      else if (!isClutter(entry.name)) {
        const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
        found.push({ file, handle: null });
      }
    }
  }
}

export const filesOfPicker = (list: FileList | null): File[] =>
  [...(list ?? [])].filter((file) => !isClutter(file.name) && !file.webkitRelativePath.split('/').some((part) => CLUTTER_FOLDER.test(part)));
