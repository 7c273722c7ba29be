/** In ms. Shorter than one notices, longer than three frames. */
const APART = 50;

const waiting: (() => void)[] = [];
let doneAt = -APART;

/**
 * Does something now if nothing was done a moment ago, or else soon, together with what else is asked for until then. Pictures
 * that are ready one after the other are shown by a few frames so: each frame costs the page a layout and a drawing.
 */
export function together(work: () => void): void {
  waiting.push(work);
  if (waiting.length === 1) setTimeout(advance, Math.max(0, doneAt + APART - performance.now()));
}

function advance(): void {
  doneAt = performance.now();
  for (const work of waiting.splice(0)) work();
}
