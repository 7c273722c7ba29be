import { expect, it } from 'vitest';
import { Line } from './line';

it('a change begins when all of the one before it is done, however many requests that takes', async () => {
  const line = new Line();
  const seen: string[] = [];
  const act = (name: string, requests: number) =>
    line.run(async () => {
      for (let n = 1; n <= requests; n++) {
        await new Promise((done) => setTimeout(done, requests));
        seen.push(`${name}${n}`);
      }
    });
  await Promise.all([act('love', 3), act('trash', 1)]);
  expect(seen).toEqual(['love1', 'love2', 'love3', 'trash1']);
});

it('a change that fails tells its own caller and holds up nobody', async () => {
  const line = new Line();
  const failing = line.run(() => Promise.reject(new Error('refused')));
  const next = line.run(async () => 'done');
  await expect(failing).rejects.toThrow('refused');
  expect(await next).toBe('done');
});
