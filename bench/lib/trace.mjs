/** The browser's own trace: what was drawn when, and what the page's main thread did. */
export class Tracer {
  #session
  #page

  static async of(browser, page) {
    const tracer = new Tracer()
    tracer.#session = await browser.newBrowserCDPSession()
    tracer.#page = await page.context().newCDPSession(page)
    await tracer.#page.send('Performance.enable')
    return tracer
  }

  /** The events of the time that `act` takes. */
  async during(act) {
    const events = []
    const collect = ({ value }) => events.push(...value)
    this.#session.on('Tracing.dataCollected', collect)
    const ended = new Promise((resolve) => this.#session.once('Tracing.tracingComplete', resolve))
    await this.#session.send('Tracing.start', {
      transferMode: 'ReportEvents',
      traceConfig: { includedCategories: ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'disabled-by-default-devtools.timeline.frame', 'toplevel', '__metadata'], excludedCategories: ['*'] },
    })
    await act()
    await this.#session.send('Tracing.end')
    await ended
    this.#session.off('Tracing.dataCollected', collect)
    return events
  }

  /** JavaScript heap in use after a collection, in MB. */
  async heap() {
    await this.#page.send('HeapProfiler.collectGarbage')
    const { metrics } = await this.#page.send('Performance.getMetrics')
    return Math.round((metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? 0) / 1e5) / 10
  }
}

/**
 * How long each frame stood on the screen, in ms, as the browser's developer tools count it: from the tick of the screen it was
 * begun for to the tick of the next one that was drawn. `drawn_over_20_ms_percent` looks at when the drawing was done instead:
 * a light frame followed by a heavier one counts there although both came in time for their ticks.
 */
export function framesOf(events) {
  const began = new Map()
  const drawn = new Map()
  const layers = ({ pid, args }) => `${pid}/${args.layerTreeId}`
  for (const event of events) {
    if (event.name === 'BeginFrame') began.set(`${layers(event)}/${event.args.frameSeqId}`, event.ts / 1000)
    if (event.name === 'DrawFrame') drawn.set(layers(event), [...(drawn.get(layers(event)) ?? []), event])
  }
  // The page's; what the browser draws around it are others, and fewer.
  const frames = [...drawn.values()].sort((a, b) => b.length - a.length)[0]?.sort((a, b) => a.ts - b.ts)
  if (!frames) throw new Error('no frame in the trace')
  const shown = between(frames.flatMap((frame) => began.get(`${layers(frame)}/${frame.args.frameSeqId}`) ?? []))
  const percentOver20 = (gaps) => Math.round((gaps.filter((gap) => gap > 20).length / Math.max(1, gaps.length)) * 1000) / 10
  return {
    frames: shown.length,
    longest_ms: Math.round(Math.max(0, ...shown) * 10) / 10,
    over_50_ms: shown.filter((gap) => gap > 50).length,
    over_20_ms_percent: percentOver20(shown),
    drawn_over_20_ms_percent: percentOver20(between(frames.map(({ ts }) => ts / 1000))),
    longest_task_ms: workOf(events).longest,
    longest_task_cpu_ms: workOf(events).longestCpu,
  }
}

const between = (times) => times.slice(1).map((at, index) => at - times[index])

/** Tasks of the page's main thread, in ms: as long as they lasted, and what of it the processor worked for them. */
export function workOf(events) {
  const isMain = ({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain'
  const threads = new Map(events.filter(isMain).map(({ pid, tid }) => [`${pid}/${tid}`, []]))
  for (const event of events) {
    if (event.name === 'RunTask' && event.ph === 'X') threads.get(`${event.pid}/${event.tid}`)?.push(event)
  }
  if (threads.size === 0) throw new Error('no page in the trace')
  const total = (tasks) => tasks.reduce((sum, { tdur }) => sum + (tdur ?? 0) / 1000, 0)
  // Pages that were closed linger in processes of their own.
  const tasks = [...threads.values()].sort((a, b) => total(b) - total(a))[0]
  const longest = (field) => Math.round(Math.max(0, ...tasks.map((task) => task[field] ?? 0)) / 100) / 10
  return { longest: longest('dur'), longestCpu: longest('tdur'), total: total(tasks) }
}
