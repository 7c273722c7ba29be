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

/** Times between frames that were put on the screen, in ms. */
export function framesOf(events) {
  const drawn = events.filter(({ name }) => name === 'DrawFrame').map(({ ts }) => ts / 1000).sort((a, b) => a - b)
  const gaps = drawn.slice(1).map((at, index) => at - drawn[index])
  const over = (limit) => gaps.filter((gap) => gap > limit).length
  return {
    frames: gaps.length,
    longest_ms: Math.round(Math.max(0, ...gaps) * 10) / 10,
    over_50_ms: over(50),
    over_20_ms_percent: Math.round((over(20) / Math.max(1, gaps.length)) * 1000) / 10,
    longest_task_ms: workOf(events).longest,
    longest_task_cpu_ms: workOf(events).longestCpu,
  }
}

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
