export interface Command {
  readonly name: string;
  readonly run: () => void;
}

/** Commands whose names hold every typed word, those that begin with it first. */
export function matching(commands: readonly Command[], typed: string): Command[] {
  const words = fold(typed).split(/\s+/).filter(Boolean);
  const fits = commands.filter(({ name }) => words.every((word) => fold(name).includes(word)));
  const first = words[0] ?? '';
  return fits.sort((a, b) => Number(fold(b.name).startsWith(first)) - Number(fold(a.name).startsWith(first)));
}

/** Without case and accents: "zdjecia" finds "Zdjęcia". */
const fold = (text: string): string =>
  text
    .toLocaleLowerCase()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replaceAll('ł', 'l');
