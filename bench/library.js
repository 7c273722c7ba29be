// k6: what people ask of a library all day, 100 requests a second. LIBRARY names a JSON file {url, token, month, ids};
// each kind of request has a Trend of its own. Compressed as browsers ask for it over https and on their own machine.
import exec from 'k6/execution'
import http from 'k6/http'
import { Counter, Trend } from 'k6/metrics'

const { url, token, month, ids } = JSON.parse(open(__ENV.LIBRARY))
const headers = { Authorization: `Bearer ${token}`, 'Accept-Encoding': 'gzip, deflate, br, zstd' }
const json = { ...headers, 'Content-Type': 'application/json' }

const names = ['timeline', 'month', 'media', 'favorite', 'trash']
const trends = Object.fromEntries(names.map((name) => [name, new Trend(name, true)]))
const refused = new Counter('refused')

export const options = {
  scenarios: { day: { executor: 'constant-arrival-rate', rate: 100, timeUnit: '1s', duration: `${__ENV.SECONDS}s`, preAllocatedVUs: 20, maxVUs: 50 } },
  discardResponseBodies: true,
}

const batch = (action, id) => http.post(`${url}/api/v1/media/batch`, JSON.stringify({ action, ids: [id] }), { headers: json })

const ask = {
  timeline: () => http.get(`${url}/api/v1/timeline`, { headers }),
  month: () => http.get(`${url}/api/v1/timeline/${month}?limit=500`, { headers }),
  media: (id) => http.get(`${url}/api/v1/media/${id}`, { headers }),
  favorite: (id, round) => batch(round % 2 ? 'unfavorite' : 'favorite', id),
  // Gone, and back at the next turn: each id is asked for twice in a row.
  trash: (id, round) => batch(round % 2 ? 'restore' : 'trash', id),
}

export default function () {
  const turn = exec.scenario.iterationInTest
  const name = names[turn % names.length]
  const round = Math.floor(turn / names.length)
  const answer = ask[name](ids[(Math.floor(round / 2) + (name === 'trash' ? ids.length / 2 : 0)) % ids.length], round)
  trends[name].add(answer.timings.duration)
  if (answer.status !== 200) refused.add(1)
}
