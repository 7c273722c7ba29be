// Stand-in for the server while it is not there yet: `node dev/mock.mjs [items]`. Serves build/ with the strict policy.
import { createServer } from 'node:http';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { rgbaToThumbHash } from 'thumbhash';

const TOTAL = Number(process.argv[2] ?? 600);
const PORT = Number(process.env.PORT ?? 8099);
let seed = 42;
const rnd = () => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32);
const hashes = Array.from({ length: 40 }, (_, h) => {
  const px = new Uint8Array(16 * 12 * 4);
  for (let i = 0; i < 192; i++) {
    const y = Math.floor(i / 16) / 12, x = (i % 16) / 16, hue = h * 23;
    const f = (o) => 128 + 100 * Math.sin(hue + o + y * 2 + x);
    px.set([f(0), f(2), f(4), 255], i * 4);
  }
  return Buffer.from(rgbaToThumbHash(16, 12, px)).toString('base64');
});
const ratios = [1.5, 1.5, 1.33, 0.75, 0.67, 1.78, 1, 0.56];
const items = new Map();
const now = Date.now();
for (let i = 0; i < TOTAL; i++) {
  const t = now - (TOTAL > 10000 ? (i / TOTAL) ** 1 * 25 * 365 : i * (900 / TOTAL) + rnd()) * 86400000;
  add(new Date(t), i);
}
if (TOTAL >= 100000) for (let i = 0; i < 70000; i++) add(new Date(Date.UTC(2012, 6, 1 + (i % 30), i % 24)), i);
function add(date, i, extra = {}) {
  const id = randomUUID();
  items.set(id, {
    id, at: date.toISOString().slice(0, 19) + '+02:00', ratio: ratios[Math.floor(rnd() * 8)], h: i % 40,
    kind: i % 17 === 5 ? 'video' : 'photo', fav: i % 23 === 3, archived: null, deleted: null, name: `IMG_${1000 + i}.jpg`, size: 3e6 + i, version: 1, state: i % 97 === 50 ? 'failed' : 'ready', ...extra });
  return id;
}
const views = { timeline: (m) => !m.archived && !m.deleted, favorites: (m) => m.fav && !m.deleted, archive: (m) => m.archived && !m.deleted, trash: (m) => m.deleted };
let cache = {};
function months(view) {
  if (cache[view]) return cache[view];
  const by = new Map();
  for (const m of items.values()) if (views[view](m)) { const k = m.at.slice(0, 7); (by.get(k) ?? by.set(k, []).get(k)).push(m); }
  for (const list of by.values()) list.sort((a, b) => (a.at < b.at ? 1 : -1));
  return (cache[view] = new Map([...by].sort((a, b) => (a[0] < b[0] ? 1 : -1))));
}
const media = (m) => ({ id: m.id, kind: m.kind, state: m.state, failure: m.state === 'failed' ? { code: 'truncated', detail: 'The file ends too early, probably an interrupted copy. Copy it again from the camera.' } : null, file_name: m.name, mime_type: 'image/svg+xml', size: m.size, sha256: '', width: Math.round(3000 * m.ratio), height: 3000, duration_ms: m.kind === 'video' ? 83000 : null, taken_at: m.at, taken_at_source: 'exif', latitude: 52.2297, longitude: 21.0122, camera: { make: 'FUJIFILM', model: 'X-T5', lens: 'XF35mmF1.4 R', iso: 400, aperture: 2, exposure_time: '1/250', focal_length: 35 }, title: m.title ?? null, description: m.description ?? null, description_source: m.description ? 'person' : 'none', favorite: m.fav, thumbhash: hashes[m.h], version: m.version, created_at: m.at, updated_at: m.at, archived_at: m.archived, deleted_at: m.deleted, tags: [] });
let user = process.env.SETUP ? null : { id: '1', name: 'Anna Kowalska', email: 'anna@example.org', role: 'admin', password: 'correct horse battery' };
const sessions = new Set();
const streams = new Set();
const emit = (type, ids) => { cache = {}; for (const s of streams) s.write(`id: ${Date.now()}\nevent: media.${type}\ndata: ${JSON.stringify({ ids })}\n\n`); };
const uploads = new Map();
const known = new Map();
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json', '.webmanifest': 'application/manifest+json', '.woff2': 'font/woff2', '.png': 'image/png' };
const CSP = "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; style-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'";

createServer(async (req, res) => {
  const url = new URL(req.url, 'http://x');
  const p = url.pathname;
  const chunks = [];
  for await (const c of req) chunks.push(c);
  const raw = Buffer.concat(chunks);
  const body = (req.headers['content-type'] ?? '').includes('json') && raw.length ? JSON.parse(raw) : {};
  const json = (code, o, h = {}) => { res.writeHead(code, { 'content-type': 'application/json', ...h }); res.end(o === undefined ? '' : JSON.stringify(o)); };
  const fail = (code, type, detail) => { res.writeHead(code, { 'content-type': 'application/problem+json' }); res.end(JSON.stringify({ type: '/problems/' + type, title: type, status: code, detail })); };
  if (p === '/health') return json(200, {});
  if (!p.startsWith('/api/')) {
    let f = join('build', p);
    if (p === '/' || !existsSync(f)) { if (extname(p)) return fail(404, 'x', ''); f = 'build/index.html'; }
    res.writeHead(200, { 'content-type': TYPES[extname(f)] ?? 'text/plain', 'content-security-policy': CSP, 'cache-control': p.includes('immutable') ? 'max-age=31536000, immutable' : 'no-cache' });
    return res.end(readFileSync(f));
  }
  const a = p.slice(7);
  const sid = /sid=(\w+)/.exec(req.headers.cookie ?? '')?.[1];
  if (a === '/setup') { if (req.method === 'GET') return json(200, { needed: !user }); user = { id: '1', role: 'admin', ...body }; return json(201, {}); }
  if (a === '/auth/login') { if (!user || body.password !== user.password) return fail(401, 'wrong', 'no'); const s = randomUUID().slice(0, 8); sessions.add(s); return json(200, {}, { 'set-cookie': `sid=${s}; HttpOnly; SameSite=Lax; Path=/` }); }
  if (a.startsWith('/uploads/') && a.length > 10) {
    const u = uploads.get(a.slice(9)); if (!u) return fail(404, 'gone', 'gone');
    if (req.method === 'HEAD') { res.writeHead(200, { 'tus-resumable': '1.0.0', 'upload-offset': u.got, 'upload-length': u.size }); return res.end(); }
    u.got += raw.length; u.hash.update(raw);
    const h = { 'tus-resumable': '1.0.0', 'upload-offset': u.got };
    if (u.got >= u.size) { const id = add(new Date(), items.size, { name: u.name, state: 'ready', size: u.size }); known.set(u.sha, id); h['media-id'] = id; setTimeout(() => emit('created', [id]), 50); }
    res.writeHead(204, h); return res.end();
  }
  if (!sessions.has(sid)) return fail(401, 'unauthenticated', 'Sign in');
  if (a === '/auth/logout') { sessions.delete(sid); return json(204); }
  if (a === '/users/me') { if (req.method === 'PATCH') user.name = body.name; return json(200, { ...user, password: undefined, used_bytes: 48.2e9, quota_bytes: 200e9, item_count: items.size }); }
  if (a === '/users/me/sessions') return json(200, { items: [{ id: 'a', created_at: new Date().toISOString(), last_used_at: new Date().toISOString(), ip: '192.168.1.20', user_agent: req.headers['user-agent'], current: true }, { id: 'b', created_at: new Date().toISOString(), last_used_at: new Date(Date.now() - 4e8).toISOString(), ip: '10.0.0.4', user_agent: 'Mozilla/5.0 (iPhone) Safari/605', current: false }] });
  if (a === '/users/me/password') return body.current_password === user.password ? json(204) : fail(403, 'wrong-password', 'x');
  if (a === '/timeline') { const m = months(url.searchParams.get('view') ?? 'timeline'); return json(200, { total: [...m.values()].reduce((s, l) => s + l.length, 0), buckets: [...m].map(([month, l]) => ({ month, count: l.length })) }); }
  let r;
  if ((r = /^\/timeline\/(\d{4}-\d\d)$/.exec(a))) {
    const all = months(url.searchParams.get('view') ?? 'timeline').get(r[1]) ?? []; const from = Number(url.searchParams.get('cursor') ?? 0); const l = all.slice(from, from + 5000);
    return json(200, { month: r[1], count: all.length, items: { id: l.map((m) => m.id), taken_at: l.map((m) => m.at), kind: l.map((m) => m.kind), ratio: l.map((m) => m.ratio), thumbhash: l.map((m) => hashes[m.h]), duration_ms: l.map((m) => (m.kind === 'video' ? 83000 : null)), favorite: l.map((m) => m.fav), state: l.map((m) => m.state) }, next_cursor: from + 5000 < all.length ? String(from + 5000) : null });
  }
  if ((r = /^\/media\/([\w-]{36})$/.exec(a))) { const m = items.get(r[1]); if (!m) return fail(404, 'x', ''); if (req.method === 'PATCH') { Object.assign(m, body, body.taken_at ? { at: body.taken_at } : {}); emit('updated', [m.id]); } return json(200, media(m)); }
  if ((r = /^\/media\/([\w-]{36})\/(thumbnail|content)/.exec(a))) {
    const m = items.get(r[1]); if (!m) return fail(404, 'x', ''); const w = Math.round(300 * m.ratio), q = m.h * 23;
    const c = (o, l) => `hsl(${(q * 7 + o) % 360} 45% ${l}%)`;
    res.writeHead(200, { 'content-type': 'image/svg+xml', 'cache-control': 'max-age=31536000, immutable' });
    return res.end(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} 300"><defs><linearGradient id="g" x2="0" y2="1"><stop stop-color="${c(0, 72)}"/><stop offset="1" stop-color="${c(40, 55)}"/></linearGradient></defs><rect width="${w}" height="300" fill="url(#g)"/><circle cx="${w * (0.2 + (m.h % 7) / 10)}" cy="${60 + m.h}" r="28" fill="#fff8" /><path d="M0 ${210 - m.h} Q${w / 3} ${120 + m.h} ${w * 0.6} 220 T${w} 180 V300 H0z" fill="${c(60, 30)}"/><path d="M0 260 Q${w / 2} ${190 + m.h} ${w} 255 V300 H0z" fill="${c(80, 18)}"/></svg>`);
  }
  if (a === '/media/batch') { const s = new Date().toISOString(); for (const id of body.ids) { const m = items.get(id); if (!m) continue; const k = body.action; if (k === 'trash') m.deleted = s; if (k === 'restore') m.deleted = null; if (k === 'archive') m.archived = s; if (k === 'unarchive') m.archived = null; if (k === 'favorite') m.fav = true; if (k === 'unfavorite') m.fav = false; if (k === 'delete_permanently') items.delete(id); } emit('updated', body.ids); return json(200, { done: body.ids, failed: [] }); }
  if (a === '/trash/empty') { for (const m of [...items.values()]) if (m.deleted) items.delete(m.id); cache = {}; return json(200, {}); }
  if (a === '/uploads') { if (/\.txt$/.test(body.file_name)) return fail(422, 'unsupported', `${body.file_name} was not added: it is not a photo, video or sound. Nothing else was affected.`); if (known.has(body.sha256)) return json(200, { media: media(items.get(known.get(body.sha256))) }); const id = randomUUID(); uploads.set(id, { size: body.size, got: 0, sha: body.sha256, name: body.file_name, hash: createHash('sha256') }); return json(201, { id, protocol: 'tus', url: `/api/v1/uploads/${id}`, expires_at: new Date(Date.now() + 8.64e7).toISOString() }); }
  if (a === '/events') { res.writeHead(200, { 'content-type': 'text/event-stream' }); res.write(':\n\n'); streams.add(res); req.socket.on('close', () => streams.delete(res)); return; }
  fail(404, 'x', a);
}).listen(PORT, '127.0.0.1');
