-- The requests stand in a file, each as it goes over the wire and a NUL byte behind it. One that
-- holds the byte 1 gets a value in that place; the values are all of one length, since the lengths
-- of bodies are written down already. PLACEHOLDERS in capitals are filled in before wrk reads this.

local pieces, values = {}, { VALUES }
local count, at, cycle

local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init()
  local file = assert(io.open("REQUESTS", "rb"))
  local text = file:read("*a")
  file:close()
  for request in text:gmatch("[^%z]+") do
    if #values > 0 then
      local own = {}
      for piece in (request .. "\1"):gmatch("([^\1]*)\1") do own[#own + 1] = piece end
      pieces[#pieces + 1] = own
    else
      pieces[#pieces + 1] = request
    end
  end
  count = #pieces
  -- Threads do not ask the same at the same time, and a round does not begin as the last one did.
  at = math.floor(count * ((number / THREADS + FIRST_CYCLE * 0.618) % 1))
  cycle = FIRST_CYCLE
end

function request()
  at = at + 1
  if at > count then at, cycle = 1, cycle + 1 end
  if #values == 0 then return pieces[at] end
  return table.concat(pieces[at], values[(cycle + at * STEP) % #values + 1])
end

local pause_ms = PAUSE_MS
if pause_ms > 0 then
  function delay() return pause_ms end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"duration_us":%d,"failed":%d,"refused":%d,"p50_us":%d,"p99_us":%d}\n',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.timeout, errors.status,
    latency:percentile(50), latency:percentile(99)))
end
