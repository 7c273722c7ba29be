import { describe, expect, it } from 'vitest';
import { routeFor, safePath } from './route-for';

const at = (path: string) => new URL(path, 'http://127.0.0.1:8080');

describe('where a person belongs', () => {
  it('signed out: to sign-in, remembering the place', () => {
    expect(routeFor('signed-out', at('/archive?photo=1'))).toBe('/sign-in?from=%2Farchive%3Fphoto%3D1');
    expect(routeFor('signed-out', at('/'))).toBe('/sign-in');
    expect(routeFor('signed-out', at('/sign-in'))).toBeNull();
  });
  it('signed in: back to the place', () => {
    expect(routeFor('signed-in', at('/sign-in?from=%2Farchive%3Fphoto%3D1'))).toBe('/archive?photo=1');
    expect(routeFor('signed-in', at('/trash'))).toBeNull();
  });
  it('first start: set-up', () => {
    expect(routeFor('setup', at('/trash'))).toBe('/setup');
    expect(routeFor('signed-in', at('/setup'))).toBe('/');
  });
});

describe('the way back', () => {
  for (const hostile of [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
    '/\n/evil.example',
    'data:text/html,x',
    '/sign-in?from=/sign-in',
    ''
  ]) {
    it(`refuses ${JSON.stringify(hostile)}`, () => expect(safePath(hostile)).toBe('/'));
  }
  it('keeps our own paths', () => {
    expect(safePath('/favorites?photo=018f')).toBe('/favorites?photo=018f');
    expect(safePath('/%2F%2Fevil.example')).toBe('/%2F%2Fevil.example');
  });
});
