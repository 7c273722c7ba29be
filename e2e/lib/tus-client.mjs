// tus-js-client, as it is, from the command line: `tus-client.mjs ENDPOINT FILE`, the bearer token in TOKEN.
// PAUSE_AFTER=N: stops after N bytes, prints "paused", goes on when a line arrives. Prints JSON at the end.
import { createReadStream, statSync } from 'node:fs'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { Upload } from 'tus-js-client'

const [endpoint, file] = process.argv.slice(2)
const pauseAfter = Number(process.env.PAUSE_AFTER ?? Infinity)
let url = null
let resumedAt = 0

function upload({ resume }) {
  return new Promise((resolve, reject) => {
    let mediaId = null
    const one = new Upload(createReadStream(file), {
      endpoint,
      uploadUrl: resume ? url : undefined,
      uploadSize: statSync(file).size,
      chunkSize: 1_000_000,
      retryDelays: [200, 1000, 3000],
      headers: { Authorization: `Bearer ${process.env.TOKEN}` },
      metadata: { filename: basename(file), filetype: 'image/jpeg' },
      onAfterResponse: (request, response) => {
        mediaId ??= response.getHeader('Media-Id') ?? null
        if (resume && request.getMethod() === 'HEAD') resumedAt = Number(response.getHeader('Upload-Offset'))
      },
      onChunkComplete: (_, accepted) => {
        url = one.url
        if (!resume && accepted >= pauseAfter) one.abort().then(() => resolve('paused'), reject)
      },
      onSuccess: () => resolve(mediaId),
      onError: reject,
    })
    one.start()
  })
}

let outcome = await upload({ resume: false })
if (outcome === 'paused') {
  console.log('paused')
  const lines = createInterface({ input: process.stdin })
  await new Promise((go) => lines.once('line', go))
  lines.close()
  outcome = await upload({ resume: true })
}
console.log(JSON.stringify({ media_id: outcome, url, resumed_at: resumedAt }))
