#!lua name=headrace_rate_v1
-- A token bucket: what was spent of it flows back at `rate` events a minute, until nothing is spent.
-- Spent is counted in events * MINUTE, so that each microsecond gives back exactly `rate`: whole numbers all the way,
-- which Lua's doubles hold up to 150 million events a minute; far above, a step is off by a millionth of an event.

local MINUTE = 60000000 -- microseconds
local KEEP = 61000 -- milliseconds: by then every bucket is full again, and a full bucket needs no key

local function now_us()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

-- spend(bucket; rate, count[, now]) -> {1 taken or 0 refused, spent, now in Unix microseconds}
-- A refusal writes nothing: under a flood it costs a read. `now` is for tests; without it the server's clock counts.
local function spend(keys, args)
  local rate, count, now = tonumber(args[1]), tonumber(args[2]), tonumber(args[3]) or now_us()
  local spent, at = string.match(redis.call('GET', keys[1]) or '0 0', '^(%d+) (%d+)$')
  local elapsed = math.max(0, now - tonumber(at)) -- after a failover the clock may have gone back
  -- The rate may have been lowered since: a bucket never lacks more than its minute's worth.
  spent = math.max(0, math.min(tonumber(spent), rate * MINUTE) - elapsed * rate)
  if spent + count * MINUTE > rate * MINUTE then return {0, spent, now} end
  spent = spent + count * MINUTE
  redis.call('SET', keys[1], string.format('%.0f %.0f', spent, now), 'PX', KEEP)
  return {1, spent, now}
end

redis.register_function('headrace_rate_v1_spend', spend)
