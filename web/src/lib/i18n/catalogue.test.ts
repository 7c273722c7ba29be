import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { en } from './en';
import type { Catalogue, Message } from './i18n.svelte';
import { pl, reasons } from './pl';

const texts = (message: Message): string[] => (typeof message === 'string' ? [message] : Object.values(message));
const names = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort();

describe.each<[string, Catalogue, Intl.LDMLPluralRule[]]>([
  ['English', en, ['one', 'other']],
  ['Polish', pl, ['one', 'few', 'many', 'other']]
])('%s', (_, catalogue, forms) => {
  it('has every message, with the values that the code gives', () => {
    expect(Object.keys(catalogue).sort()).toEqual(Object.keys(en).sort());
    for (const [key, message] of Object.entries(catalogue)) {
      const original: Message = en[key as keyof typeof en];
      const given = new Set(texts(original).flatMap(names));
      for (const text of texts(message)) {
        expect(text.trim(), key).not.toBe('');
        for (const name of names(text)) expect(given.has(name), `${key}: {${name}}`).toBe(true);
      }
    }
  });

  it('uses only the plural forms of its language', () => {
    for (const [key, message] of Object.entries(catalogue)) {
      if (typeof message === 'string') continue;
      for (const form of Object.keys(message)) expect(forms, key).toContain(form);
    }
  });

  it('does not shout', () => {
    for (const [key, message] of Object.entries(catalogue)) for (const text of texts(message)) expect(text, key).not.toContain('!');
  });
});

it('Polish gives every message with a count its form for 2, 3 and 4, where the noun changes', () => {
  const two = new Intl.PluralRules('pl').select(2);
  expect(two).toBe('few');
  const photos = Object.entries(pl).filter(([, message]) => typeof message !== 'string' && /zdjęć/.test(message.other));
  expect(photos.length).toBeGreaterThan(5);
  for (const [key, message] of photos) expect(typeof message === 'string' ? '' : message.few, key).toMatch(/zdjęcia/);
});

it('Polish has words for everything that the server may refuse, and no others', () => {
  const source = (path: string) => readFileSync(new URL(`../../../../crates/${path}`, import.meta.url), 'utf8');
  const problems = [...source('api/src/problem.rs').matchAll(/= \d{3}, "([a-z-]+)", "/g)];
  const failures = [...source('media/src/failure.rs').matchAll(/Self::\w+ => "([a-z_]+)"/g)];
  expect(problems.length).toBeGreaterThan(20);
  expect(failures.length).toBeGreaterThan(8);
  const codes = new Set([...problems, ...failures].map(([, code]) => code ?? ''));
  expect(Object.keys(reasons).sort()).toEqual([...codes].sort());
});
