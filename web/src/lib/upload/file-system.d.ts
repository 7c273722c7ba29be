/** The File System API as Chromium has it, beyond what TypeScript's library knows. Source: https://wicg.github.io/file-system-access/ */
declare global {
  interface FileSystemHandle {
    queryPermission(asked: { mode: 'read' }): Promise<PermissionState>;
    requestPermission(asked: { mode: 'read' }): Promise<PermissionState>;
  }
  interface FileSystemDirectoryHandle {
    values(): AsyncIterable<FileSystemHandle>;
  }
  interface DataTransferItem {
    /** Absent in other browsers. */
    getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
  }
}

export {};
