import { expect, it } from 'vitest';
import { Gate } from './gate';

it('a gateway that lets less through than was thought narrows what is sent at once, and nothing widens it', () => {
  const gate = new Gate();
  expect(gate.most).toBe(Infinity);
  for (const [refused, most] of [[500e6, 95e6], [20e6, 15e6], [500e6, 15e6], [15e6, 1e6], [2e6, 1e6]] as const) {
    expect(gate.narrow(refused)).toBe(true);
    expect(gate.most).toBe(most);
  }
  expect(gate.narrow(1e6)).toBe(false);
  expect(gate.most).toBe(1e6);
});

it('what goes whole is what takes a few seconds, within bounds, and no more than the gateway lets through', () => {
  const gate = new Gate();
  expect([0, 1e4, 1e6, 1e9].map((speed) => gate.whole(speed))).toEqual([8e6, 1e6, 4e6, 16e6]);
  gate.narrow(8e6);
  expect([0, 1e9].map((speed) => gate.whole(speed))).toEqual([1e6, 1e6]);
});
