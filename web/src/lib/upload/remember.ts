/** Upload addresses that outlive a reload: a file that is chosen again goes on where it stopped. */
interface Remembered {
  owner: string;
  url: string;
  expires: string;
  name: string;
}

const KEY = 'uploads-under-way';

const keyOf = (file: File): string => `${file.name}|${file.size}|${file.lastModified}`;

function read(): Record<string, Remembered> {
  try {
    const all = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Record<string, Remembered>;
    return Object.fromEntries(Object.entries(all).filter(([, { expires }]) => new Date(expires).getTime() > Date.now()));
  } catch {
    return {};
  }
}

function write(all: Record<string, Remembered>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
  } catch {
    // Without storage an upload resumes only within this page.
  }
}

export function recall(owner: string, file: File): { url: string; expires: string } | null {
  const known = read()[keyOf(file)];
  return known?.owner === owner ? known : null;
}

export function remember(owner: string, file: File, url: string, expires: string): void {
  write({ ...read(), [keyOf(file)]: { owner, url, expires, name: file.name } });
}

export function forget(file: File): void {
  const all = read();
  delete all[keyOf(file)];
  write(all);
}

export const forgetAll = (): void => write({});

/** Does some page of this browser know the address of this upload? */
export const isRemembered = (id: string): boolean => Object.values(read()).some(({ url }) => url.includes(id));

/** Names of files whose upload a closed page left unfinished. */
export const unfinished = (owner: string): string[] =>
  Object.values(read())
    .filter((known) => known.owner === owner)
    .map(({ name }) => name);
