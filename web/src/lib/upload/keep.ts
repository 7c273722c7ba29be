/** What this device keeps of a file that is not in the vault yet, so that a page that is loaded anew can go on with it. */
export interface Kept {
  readonly id: string;
  /** Whose library it goes to. Nobody else's session touches it. */
  readonly owner: string;
  /** The page that sends it, if it is still there. */
  readonly page: string;
  readonly name: string;
  readonly size: number;
  readonly modified: number;
  /** The way back to the file itself, where the browser gives one: it costs nothing and copies nothing. */
  readonly handle: FileSystemFileHandle | null;
  /** Otherwise a copy of it, if there was room. */
  readonly copy: File | null;
}

const STORE = 'kept';

/** A small database of the browser. Every failure means only that nothing is kept. */
export class Cloakroom {
  #opening: Promise<IDBDatabase> | null = null;
  #database: IDBDatabase | null = null;

  async put(files: readonly Kept[]): Promise<void> {
    await this.#change((store) => {
      for (const file of files) store.put(file);
    });
  }

  /** By a page that may be gone before anything answers. */
  removeAtOnce(ids: readonly string[]): void {
    try {
      const transaction = this.#database?.transaction(STORE, 'readwrite', { durability: 'relaxed' });
      for (const id of ids) transaction?.objectStore(STORE).delete(id);
      transaction?.commit();
    } catch {
      // The browser has taken the database away, as it does when somebody clears the data of this site.
    }
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.#change((store) => {
      for (const id of ids) store.delete(id);
    });
  }

  async empty(): Promise<void> {
    await this.#change((store) => {
      store.clear();
    });
  }

  /** What `from` has kept for `owner` is the page's `to` now. Of several pages that ask for it, one gets it. */
  async handOver(owner: string, from: string, to: string): Promise<Kept[]> {
    const handed: Kept[] = [];
    await this.#change((store) => {
      const asked = store.getAll() as IDBRequest<Kept[]>;
      asked.onsuccess = () => {
        for (const kept of asked.result) {
          if (kept.owner !== owner || kept.page !== from) continue;
          const mine = { ...kept, page: to };
          handed.push(mine);
          store.put(mine);
        }
      };
    });
    return handed;
  }

  async all(): Promise<Kept[]> {
    const database = await this.#open();
    return new Promise((resolve, reject) => {
      const asked = database.transaction(STORE).objectStore(STORE).getAll() as IDBRequest<Kept[]>;
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error ?? new Error('the database does not answer'));
    });
  }

  async #change(change: (store: IDBObjectStore) => void): Promise<void> {
    const database = await this.#open();
    await new Promise<void>((resolve, reject) => {
      // Relaxed: after a power cut the files are chosen again; waiting for the disk each time would slow every upload.
      const transaction = database.transaction(STORE, 'readwrite', { durability: 'relaxed' });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('the change was given up'));
      change(transaction.objectStore(STORE));
    });
  }

  #open(): Promise<IDBDatabase> {
    return (this.#opening ??= new Promise((resolve, reject) => {
      const asked = indexedDB.open('uploads', 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: 'id' });
      asked.onsuccess = () => resolve((this.#database = asked.result));
      asked.onerror = () => reject(asked.error ?? new Error('there is no database'));
    }));
  }
}
