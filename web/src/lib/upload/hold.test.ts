import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Holder, type Held } from './hold';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function worker() {
  const holder = new Holder();
  const kept: Promise<void>[] = [];
  const ask = (data: unknown): { isOurs: boolean; given: Held | null } => {
    let given: Held | null = null;
    const port = { postMessage: (answer: Held) => (given = answer) } as unknown as MessagePort;
    const isOurs = holder.handle({ data, ports: [port], waitUntil: (work) => void kept.push(work) });
    return { isOurs, given };
  };
  return { ask, kept };
}

const file = (name: string): File => new File([name], name);

it('what a page hands over is given to the next one, once', () => {
  const { ask } = worker();
  const [a, b] = [file('a.jpg'), file('b.jpg')];
  expect(ask({ hold: [{ id: '1', file: a }, { id: '2', file: b }] }).isOurs).toBe(true);
  expect(ask({ give: ['1', '3'] }).given).toEqual(new Map([['1', a]]));
  expect(ask({ give: ['1', '2'] }).given).toEqual(new Map([['2', b]]));
});

it('the worker stays as long as it holds something, and not for ever', async () => {
  const { ask, kept } = worker();
  ask({ hold: [{ id: '1', file: file('a.jpg') }] });
  expect(kept).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(100_000);
  const later = file('b.jpg');
  ask({ hold: [{ id: '2', file: later }] });
  await vi.advanceTimersByTimeAsync(30_000);
  await kept[0];
  expect(ask({ give: ['1', '2'] }).given).toEqual(new Map([['2', later]]));
});

it('who signs out leaves nothing behind, and other messages are for others', () => {
  const { ask } = worker();
  ask({ hold: [{ id: '1', file: file('a.jpg') }] });
  expect(ask({ letGo: true }).isOurs).toBe(true);
  expect(ask({ give: ['1'] }).given).toEqual(new Map());
  for (const other of ['take-over', null, {}, { hold: 'nothing' }]) expect(ask(other).isOurs).toBe(false);
});
