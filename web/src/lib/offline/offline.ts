import { dev } from '$app/environment';
import { DATA, SHARED, THUMBNAILS } from './names';

/** Starts the service worker. Where there is none (plain http on a local network), the app works online only. */
export async function startOffline(): Promise<void> {
  if (dev || !('serviceWorker' in navigator)) return;
  // A browser may refuse (private windows, policies): everything but opening offline works without.
  const registration = await navigator.serviceWorker.register('/service-worker.js').catch(() => undefined);
  // A new release is taken over as soon as it is there; the page says so and offers to reload.
  registration?.addEventListener('updatefound', () => {
    const fresh = registration.installing;
    fresh?.addEventListener('statechange', () => {
      if (fresh.state === 'installed' && navigator.serviceWorker.controller) fresh.postMessage('take-over');
    });
  });
}

/** After signing out nothing of the library stays on this device. */
export async function forgetOffline(): Promise<void> {
  if (!('caches' in globalThis)) return;
  await Promise.all([caches.delete(THUMBNAILS), caches.delete(DATA), caches.delete(SHARED)]);
}

/** Files that another app shared with this one while it was closed. */
export async function takeShared(): Promise<File[]> {
  if (!('caches' in globalThis)) return [];
  const cache = await caches.open(SHARED);
  const files: File[] = [];
  for (const request of await cache.keys()) {
    const response = await cache.match(request);
    if (!response) continue;
    const name = decodeURIComponent(response.headers.get('x-name') ?? 'shared');
    const lastModified = Number(response.headers.get('x-modified') ?? Date.now());
    files.push(new File([await response.blob()], name, { type: response.headers.get('content-type') ?? '', lastModified }));
    await cache.delete(request);
  }
  return files;
}
