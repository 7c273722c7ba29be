-- wrk: asks for the addresses in the file PATHS in turn, with the token in TOKEN; the last line it prints is JSON. Each of its THREADS begins
-- elsewhere, so that none finds what another has just asked for.
local requests = {}
local at = 0
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init()
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
  for path in io.lines(os.getenv("PATHS")) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
  at = math.floor(#requests * number / tonumber(os.getenv("THREADS")))
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  local waits = {}
  for permille = 0, 999 do
    waits[#waits + 1] = string.format("%d", latency:percentile(permille / 10))
  end
  print(string.format(
    '{"requests": %d, "seconds": %f, "bytes": %d, "p50_ms": %f, "p99_ms": %f, "errors": %d, "permille_us": [%s]}',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout, table.concat(waits, ",")))
end
