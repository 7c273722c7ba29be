/// <reference types="@sveltejs/kit" />
import { build, files, version } from '$service-worker';
import { isFromGateway } from './lib/offline/gateway';
import { FROM_CACHE, DATA, SHARED, THUMBNAILS } from './lib/offline/names';
import { Holder } from './lib/upload/hold';

/**
 * Makes the app open without the network: its own files are kept, and of the library what was seen last. The network is
 * always asked first for everything that can change; what comes from here instead is marked, so that the app can say so.
 */
const worker = self as unknown as ServiceWorkerGlobalScope;

/** As Chromium has it, beyond what TypeScript's library knows. Source: https://w3c.github.io/ServiceWorker/#service-worker-static-router */
interface RoutingEvent extends ExtendableEvent {
  addRoutes?(rules: readonly { readonly condition: { readonly requestMethod: string; readonly urlPattern: string }; readonly source: 'network' }[]): Promise<void>;
}

const SHELL = `shell-${version}`;
const PAGE = '/';
const MAX_THUMBNAILS = 4000;
const seen = new Set<string>();

worker.addEventListener('install', (event) => {
  const own = [...build, ...files.filter((file) => !/robots\.txt$/.test(file)), PAGE];
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(own)));
  // What is sent goes past this worker, where browsers can be told so: a thousand uploads would ask it a thousand times.
  const sent = ['POST', 'PATCH', 'PUT', 'DELETE'].map((requestMethod) => ({ condition: { requestMethod, urlPattern: '/api/*' }, source: 'network' }) as const);
  void (event as RoutingEvent).addRoutes?.(sent);
});

worker.addEventListener('activate', (event) => {
  const keep = new Set([SHELL, THUMBNAILS, DATA, SHARED]);
  const tidy = async (): Promise<void> => {
    for (const name of await caches.keys()) if (!keep.has(name)) await caches.delete(name);
    await worker.clients.claim();
  };
  event.waitUntil(tidy());
});

const holder = new Holder();

worker.addEventListener('message', (event) => {
  const { data, ports } = event;
  if (data === 'take-over') void worker.skipWaiting();
  else holder.handle({ data, ports, waitUntil: (work) => event.waitUntil(work) });
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== worker.location.origin) return;
  if (request.method === 'POST' && url.pathname === '/share') event.respondWith(receive(request));
  else if (request.method !== 'GET') return;
  else if (request.mode === 'navigate') event.respondWith(page(request));
  else if (/^\/api\/v1\/media\/[^/]+\/thumbnail$/.test(url.pathname)) event.respondWith(thumbnail(event, url));
  else if (/^\/api\/v1\/(timeline|users\/me$)/.test(url.pathname)) event.respondWith(data(event));
  else if (!url.pathname.startsWith('/api/')) event.respondWith(shell(request));
});

/**
 * The server's answer, or what is kept instead while the server is out of reach. That may be said by a gateway before it: its answer is
 * for who has nothing kept.
 */
async function orKept(request: Request, kept: () => Promise<Response | undefined>, answered: (response: Response) => void = () => undefined): Promise<Response> {
  const response = await fetch(request).catch(() => undefined);
  if (response && !isFromGateway(response)) {
    answered(response);
    return response;
  }
  return (await kept()) ?? response ?? Response.error();
}

const page = (request: Request): Promise<Response> => orKept(request, () => caches.match(PAGE));

/** Files of a release never change under their names; the few others are asked for anew. */
async function shell(request: Request): Promise<Response> {
  const cache = await caches.open(SHELL);
  const kept = await cache.match(request);
  if (kept && new URL(request.url).pathname.startsWith('/_app/immutable/')) return kept;
  return orKept(request, async () => kept);
}

async function thumbnail(event: FetchEvent, url: URL): Promise<Response> {
  const name = url.pathname + url.search;
  return orKept(event.request, async () => (await caches.open(THUMBNAILS)).match(name), (response) => {
    if (!response.ok || seen.has(name)) return;
    seen.add(name);
    const copy = response.clone();
    event.waitUntil(caches.open(THUMBNAILS).then((cache) => cache.put(name, copy)).then(trim));
  });
}

/** The oldest thumbnails go first; looked at only now and then, for listing them takes time. */
async function trim(): Promise<void> {
  if (seen.size % 250 !== 0) return;
  const cache = await caches.open(THUMBNAILS);
  const names = await cache.keys();
  for (const name of names.slice(0, Math.max(0, names.length - MAX_THUMBNAILS))) await cache.delete(name);
}

async function data(event: FetchEvent): Promise<Response> {
  const kept = async (): Promise<Response | undefined> => {
    const found = await (await caches.open(DATA)).match(event.request);
    if (!found) return undefined;
    const headers = new Headers(found.headers);
    headers.set(FROM_CACHE, '1');
    return new Response(found.body, { status: found.status, headers });
  };
  return orKept(event.request, kept, (response) => {
    if (!response.ok) return;
    const copy = response.clone();
    event.waitUntil(caches.open(DATA).then((cache) => cache.put(event.request, copy)));
  });
}

/** Files shared from another app are kept until the page takes them into its queue. */
async function receive(request: Request): Promise<Response> {
  const form = await request.formData();
  const cache = await caches.open(SHARED);
  let number = 0;
  for (const file of form.getAll('files')) {
    if (!(file instanceof File)) continue;
    const headers = {
      'content-type': file.type,
      'x-name': encodeURIComponent(file.name),
      'x-modified': String(file.lastModified)
    };
    await cache.put(`/shared/${Date.now()}-${number++}`, new Response(file, { headers }));
  }
  return Response.redirect('/', 303);
}
