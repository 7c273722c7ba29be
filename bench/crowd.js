// k6: 200 people look through the library of a million: the months, a month, some photos, and a pause to look. LIBRARY as in library.js.
import http from 'k6/http'
import { sleep } from 'k6'
import { Counter, Trend } from 'k6/metrics'

const { url, token, months, ids } = JSON.parse(open(__ENV.LIBRARY))
const headers = { Authorization: `Bearer ${token}`, 'Accept-Encoding': 'gzip, deflate, br, zstd' }
const names = ['timeline', 'month', 'media']
const trends = Object.fromEntries(names.map((name) => [name, new Trend(name, true)]))
const refused = new Counter('refused')

export const options = {
  scenarios: { people: { executor: 'constant-vus', vus: 200, duration: `${__ENV.SECONDS}s`, gracefulStop: '5s' } },
  summaryTrendStats: ['med', 'p(99)', 'max', 'count'],
  discardResponseBodies: true,
}

const any = (list) => list[Math.floor(Math.random() * list.length)]

function ask(name, path) {
  const answer = http.get(`${url}/api/v1/${path}`, { headers })
  trends[name].add(answer.timings.duration)
  if (answer.status !== 200) refused.add(1)
}

export default function () {
  sleep(Math.random())
  ask('timeline', 'timeline')
  sleep(0.5 + Math.random())
  ask('month', `timeline/${any(months)}?limit=500`)
  sleep(0.5 + Math.random())
  for (let nth = 0; nth < 3; nth++) {
    ask('media', `media/${any(ids)}`)
    sleep(0.5 + Math.random())
  }
}
