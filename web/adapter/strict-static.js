import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import adapterStatic from '@sveltejs/adapter-static';

/**
 * adapter-static, made fit for a Content-Security-Policy of `script-src 'self'`: SvelteKit starts the application from
 * a script inside index.html, which such a policy refuses (or which the server would have to allow by its hash, a value
 * that changes with each build). The script is moved into a file of its own that is named after its content.
 *
 * @param {{ fallback: string }} options
 * @returns {import('@sveltejs/kit').Adapter}
 */
export default function strictStatic({ fallback }) {
  const inner = adapterStatic({ fallback, precompress: false });
  return {
    name: 'strict-static',
    async adapt(builder) {
      await inner.adapt(builder);
      externalise(join('build', fallback));
      await builder.compress('build');
    }
  };
}

/** @param {string} page */
function externalise(page) {
  const html = readFileSync(page, 'utf8');
  const inline = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)];
  if (inline.length !== 1) throw new Error(`${page}: expected one inline script, found ${inline.length}`);
  const [element, code] = inline[0];
  const name = `_app/immutable/start.${createHash('sha256').update(code).digest('hex').slice(0, 12)}.js`;
  writeFileSync(join('build', name), code);
  const strict = html.replace(element, `<script src="/${name}"></script>`);
  if (/<style|\sstyle=|\son\w+=/.test(strict)) throw new Error(`${page}: something inline is left`);
  writeFileSync(page, strict);
}
