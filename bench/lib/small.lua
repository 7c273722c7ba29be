-- wrk: uploads a small photo again and again, each time with other bytes behind it than any of its threads, and no other RUN. PHOTO names it, TOKEN is who sends it.
local edge = "media-vault-bench"
local head, tail, photo
local sent = 0
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init()
  local file = io.open(os.getenv("PHOTO"), "rb")
  photo = file:read("*a")
  file:close()
  head = "--" .. edge .. '\r\nContent-Disposition: form-data; name="file"; filename="small.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
  tail = "\r\n--" .. edge .. "--\r\n"
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
  wrk.headers["Content-Type"] = "multipart/form-data; boundary=" .. edge
end

function request()
  sent = sent + 1
  return wrk.format("POST", "/api/v1/media", nil, head .. photo .. string.format("%04d%04d%08d", os.getenv("RUN"), number, sent) .. tail)
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format('{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "errors": %d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
