import type { SessionStatus } from './session.svelte';

const PUBLIC = new Set(['/setup', '/sign-in']);

/** Where a person who stands like this belongs; null = where they are. The way back is kept as a path of our own. */
export function routeFor(status: SessionStatus, url: URL): string | null {
  switch (status) {
    case 'setup':
      return url.pathname === '/setup' ? null : '/setup';
    case 'signed-out': {
      if (url.pathname === '/sign-in') return null;
      const from = url.pathname + url.search;
      return from === '/' || PUBLIC.has(url.pathname) ? '/sign-in' : `/sign-in?from=${encodeURIComponent(from)}`;
    }
    case 'signed-in':
      return PUBLIC.has(url.pathname) ? safePath(url.searchParams.get('from')) : null;
    case 'unknown':
    case 'unreachable':
      return null;
  }
}

/** Only a path on this site: no other origin, no scheme, in no spelling that a browser would read as one. */
export function safePath(from: string | null): string {
  if (from === null || !from.startsWith('/') || /[\\\p{Cc}]/u.test(from)) return '/';
  const url = new URL(from, 'https://here.invalid');
  if (url.origin !== 'https://here.invalid' || PUBLIC.has(url.pathname)) return '/';
  return url.pathname + url.search;
}
