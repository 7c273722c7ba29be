import { expect, it } from 'vitest';
import { filesOfDrop } from './collect';

type Tree = { readonly [name: string]: Tree | 'file' | 'unreadable' };

function entryOf(name: string, what: Tree | 'file' | 'unreadable'): FileSystemEntry {
  if (typeof what === 'string') {
    const file = (found: (file: File) => void, failed: (error: DOMException) => void) =>
      what === 'file' ? found(new File([name], name)) : failed(new DOMException('no permission', 'NotReadableError'));
    return { name, isDirectory: false, isFile: true, file } as unknown as FileSystemEntry;
  }
  const createReader = () => {
    // Two at a time, as a browser hands out a hundred.
    const left = Object.entries(what).map(([each, inside]) => entryOf(each, inside));
    return { readEntries: (found: (entries: FileSystemEntry[]) => void) => found(left.splice(0, 2)) };
  };
  return { name, isDirectory: true, isFile: false, createReader } as unknown as FileSystemEntry;
}

const dropOf = (tree: Tree): DataTransfer => {
  const items = Object.entries(tree).map(([name, what]) => ({
    kind: 'file',
    webkitGetAsEntry: () => entryOf(name, what),
    getAsFile: () => (what === 'file' ? new File([name], name) : null)
  }));
  return { items } as unknown as DataTransfer;
};

async function collect(tree: Tree): Promise<{ names: string[][]; error: unknown }> {
  const names: string[][] = [];
  try {
    for await (const found of filesOfDrop(dropOf(tree))) names.push(found.map(({ file }) => file.name));
    return { names: names.filter((some) => some.length > 0), error: null };
  } catch (error) {
    return { names: names.filter((some) => some.length > 0), error };
  }
}

it('a drop: single files first, then each folder in the order of its names, without clutter', async () => {
  const { names, error } = await collect({
    trip: { 'b10.jpg': 'file', 'b9.jpg': 'file', '.DS_Store': 'file', '@eaDir': { 'b9.jpg': 'file' }, day: { 'c.jpg': 'file' }, 'a.jpg': 'file' },
    'single.jpg': 'file',
    'Thumbs.db': 'file'
  });
  expect(error).toBeNull();
  expect(names).toEqual([['single.jpg'], ['a.jpg', 'b9.jpg', 'b10.jpg'], ['c.jpg']]);
});

it('a file that cannot be opened does not keep the others', async () => {
  const { names, error } = await collect({ trip: { 'a.jpg': 'file', 'b.jpg': 'unreadable', day: { 'c.jpg': 'file' }, 'd.jpg': 'file' } });
  expect(names).toEqual([['a.jpg', 'd.jpg'], ['c.jpg']]);
  expect(error).toBeInstanceOf(DOMException);
});

it('a large folder comes some at a time', async () => {
  const many = Object.fromEntries(Array.from({ length: 1201 }, (_, n) => [`${n}.jpg`, 'file' as const]));
  const { names } = await collect({ many });
  expect(names.map((some) => some.length)).toEqual([500, 500, 201]);
  expect(names.flat()).toEqual(Array.from({ length: 1201 }, (_, n) => `${n}.jpg`));
});
