import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import strictStatic from './adapter/strict-static.js';

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess({ script: false }),
  kit: {
    adapter: strictStatic({ fallback: 'index.html' }),
    // Everything is a file of its own: the server sends `style-src 'self'`, so nothing may be inlined.
    inlineStyleThreshold: 0,
    // An open tab notices a new release without a reload of its own (see UpdateNotice).
    version: { pollInterval: 10 * 60 * 1000 },
    serviceWorker: { register: false }
  }
};
