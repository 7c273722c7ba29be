/** Files that cameras, phones and servers leave beside photos and that nobody wants in a vault. */
const CLUTTER = /^(\._.*|\.ds_store|thumbs\.db|desktop\.ini|\.nomedia|\.picasa\.ini)$/i;
const CLUTTER_FOLDER = /^(@eadir|\.thumbnails|\.trash.*|\$recycle\.bin|__macosx)$/i;

export const isClutter = (name: string): boolean => CLUTTER.test(name);

/** All files of a drop, those in dropped folders included. */
export async function filesOfDrop(transfer: DataTransfer): Promise<File[]> {
  // Entries must be taken before the first await: the list is emptied afterwards.
  const entries = [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const files: File[] = [];
  for (const { entry, file } of entries) {
    if (entry?.isDirectory) await walk(entry as FileSystemDirectoryEntry, files);
    else if (file && !isClutter(file.name)) files.push(file);
  }
  return files;
}

async function walk(folder: FileSystemDirectoryEntry, files: File[]): Promise<void> {
  if (CLUTTER_FOLDER.test(folder.name)) return;
  const reader = folder.createReader();
  for (;;) {
    // A reader hands out at most a hundred entries at a time.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return;
    for (const entry of batch) {
      if (entry.isDirectory) await walk(entry as FileSystemDirectoryEntry, files);
      else if (!isClutter(entry.name)) {
        files.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
      }
    }
  }
}

export const filesOfPicker = (list: FileList | null): File[] =>
  [...(list ?? [])].filter((file) => !isClutter(file.name) && !file.webkitRelativePath.split('/').some((part) => CLUTTER_FOLDER.test(part)));
