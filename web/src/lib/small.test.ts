import { describe, expect, it } from 'vitest';
import { deviceOf } from './account/sessions.svelte';
import { matching } from './frame/palette';
import { duration, offsetOf } from './i18n/format.svelte';
import { leaves } from './library/library.svelte';
import { scrubberMarks } from './timeline/scrubber';
import { Section } from './timeline/section';
import { isClutter } from './upload/collect';
import { Rate } from './upload/rate';
import { cameraLine, exposureLine } from './viewer/camera';

it('lengths of films', () => {
  expect(duration(83_000)).toBe('1:23');
  expect(duration(9_400)).toBe('0:09');
  expect(duration(3_723_000)).toBe('1:02:03');
});

it('offsets of capture times', () => {
  expect(offsetOf('2024-05-12T14:03:00+02:00')).toBe('UTC+2');
  expect(offsetOf('2024-05-12T14:03:00-03:30')).toBe('UTC−3:30');
  expect(offsetOf('2024-05-12T14:03:00Z')).toBe('UTC');
  expect(offsetOf('2024-05-12T14:03:00-00:00')).toBe('');
});

it('cameras', () => {
  expect(cameraLine({ make: 'Canon', model: 'Canon EOS R6', lens: 'RF 35mm' })).toBe('Canon EOS R6 · RF 35mm');
  expect(cameraLine({ make: 'FUJIFILM', model: 'X-T5' })).toBe('FUJIFILM X-T5');
  expect(exposureLine({ aperture: 2, exposure_time: 0.004, focal_length: 35, iso: 400 }, 'en')).toBe('f/2 · 1/250 s · 35 mm · ISO 400');
  expect(exposureLine({ exposure_time: 2.5 }, 'en')).toBe('2.5 s');
});

it('the palette finds without accents and case, beginnings first', () => {
  const commands = ['Przejdź: Zdjęcia', 'Zdjęcia losowe', 'Język: Polski'].map((name) => ({ name, run: () => undefined }));
  expect(matching(commands, 'zdjecia').map(({ name }) => name)).toEqual(['Zdjęcia losowe', 'Przejdź: Zdjęcia']);
  expect(matching(commands, 'pol jez')).toHaveLength(1);
  expect(matching(commands, '')).toHaveLength(3);
});

it('devices', () => {
  expect(deviceOf('Mozilla/5.0 (Windows NT 10.0) Chrome/130 Safari/537 Edg/130')).toEqual({ browser: 'Edge', system: 'Windows' });
  expect(deviceOf('Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) Safari/604')).toEqual({ browser: 'Safari', system: 'iPhone' });
  expect(deviceOf('curl/8')).toBeNull();
});

it('clutter is left at home', () => {
  for (const name of ['.DS_Store', '._IMG_1.jpg', 'Thumbs.db', 'desktop.ini']) expect(isClutter(name)).toBe(true);
  for (const name of ['IMG_1.jpg', 'thumbs.db.jpg', '.hidden.png']) expect(isClutter(name)).toBe(false);
});

it('the rate forgets what is older than five seconds', () => {
  const rate = new Rate();
  rate.add(1000, 0);
  expect(rate.add(1000, 1000)).toBe(2000);
  expect(rate.add(1000, 9000)).toBe(2000);
});

describe('what an action takes out of a view', () => {
  it.each([
    ['timeline', 'trash', true],
    ['timeline', 'favorite', false],
    ['timeline', 'archive', true],
    ['favorites', 'archive', false],
    ['favorites', 'unfavorite', true],
    ['archive', 'unarchive', true],
    ['trash', 'restore', true]
  ] as const)('%s: %s', (view, action, gone) => expect(leaves(view, action)).toBe(gone));
});

it('marks of the scrubber never touch', () => {
  const sections: Section[] = [];
  for (let year = 2026; year >= 2000; year--) {
    for (let month = 12; month >= 1; month--) {
      const name = `${year}-${String(month).padStart(2, '0')}`;
      sections.push(new Section(name, [{ month: name, count: (year * month) % 90 }]));
    }
  }
  const tops = new Float64Array(sections.length + 1);
  sections.forEach(({ count }, index) => (tops[index + 1] = (tops[index] ?? 0) + 52 + count * 40));
  for (const height of [200, 500, 900]) {
    const marks = scrubberMarks(sections, tops, height);
    const labels = marks.filter(({ label }) => label !== null);
    const ticks = marks.filter(({ label }) => label === null);
    expect(labels.length).toBeGreaterThan(3);
    labels.slice(1).forEach(({ y }, index) => expect(y - (labels[index]?.y ?? 0)).toBeGreaterThanOrEqual(20));
    for (const tick of ticks) for (const label of labels) expect(Math.abs(tick.y - label.y)).toBeGreaterThanOrEqual(9.9);
  }
});
