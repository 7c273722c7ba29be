/** So many are done in one frame: a whole screen at once would be a frame that comes late. */
const A_FRAME = 2;

const waiting = new Set<() => void>();
let frame = 0;

/** Does something small in one of the next frames, in the order asked for. The returned function takes it back. */
export function inTurn(work: () => void): () => void {
  waiting.add(work);
  frame ||= requestAnimationFrame(advance);
  return () => waiting.delete(work);
}

function advance(): void {
  frame = 0;
  let left = A_FRAME;
  for (const work of waiting) {
    if (left-- === 0) break;
    waiting.delete(work);
    work();
  }
  if (waiting.size > 0) frame = requestAnimationFrame(advance);
}
