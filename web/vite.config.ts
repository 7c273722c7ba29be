import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const server = process.env.MEDIA_VAULT_DEV_SERVER ?? 'http://127.0.0.1:8080';

/** SvelteKit's root component hides its announcer by a style attribute, which `style-src 'self'` refuses: a class does it. */
function announcerWithoutInlineStyle(): Plugin {
  return {
    name: 'announcer-without-inline-style',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('root.svelte') || !code.includes('svelte-announcer')) return null;
      const changed = code.replace(/(id="svelte-announcer"[^>]*?) style="[^"]*"/, '$1 class="visually-hidden"');
      if (changed === code) throw new Error('SvelteKit changed its announcer: look at announcerWithoutInlineStyle');
      return changed;
    }
  };
}

export default defineConfig({
  plugins: [announcerWithoutInlineStyle(), tailwindcss(), sveltekit()],
  build: { assetsInlineLimit: 0, target: 'es2022' },
  worker: { format: 'es' },
  server: { proxy: { '/api': { target: server, changeOrigin: false }, '/s/': { target: server, changeOrigin: false } } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' }
});
