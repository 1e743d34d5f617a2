-- Raising the number of shards, see raising.py: what must happen in one atomic step. Each step may be made again.
-- A full Redis takes them, too: more shards may be what it lacks.

-- begin(install; shards, shards to come) -> {shards, shards to come or ''} as they stand now
-- Written down only while nothing else is under way, and nobody raised the number since the caller looked.
local function begin(keys, args)
  local shards, coming = unpack(redis.call('HMGET', keys[1], 'shards', 'shards_next'))
  if shards == args[1] and not coming then
    redis.call('HSET', keys[1], 'shards_next', args[2])
    coming = args[2]
  end
  return {tonumber(shards), tonumber(coming or 0)}
end

-- fence(fence; shards) -> the number of shards by which events must be placed from now on; it never falls
local function fence(keys, args)
  local count = math.max(tonumber(redis.call('GET', keys[1]) or 0), tonumber(args[1]))
  redis.call('SET', keys[1], count)
  return count
end

-- switch(install; shards, shards to come) -> the number of shards now
local function switch(keys, args)
  local shards, coming = unpack(redis.call('HMGET', keys[1], 'shards', 'shards_next'))
  if shards == args[1] and coming == args[2] then
    redis.call('HSET', keys[1], 'shards', coming, 'shards_before', shards, 'raised_at', string.format('%.0f', now_ms()))
    redis.call('HDEL', keys[1], 'shards_next')
    shards = coming
  end
  return tonumber(shards)
end

redis.register_function{function_name = 'headrace_v3_begin', callback = begin, flags = {'allow-oom'}}
redis.register_function{function_name = 'headrace_v3_fence', callback = fence, flags = {'allow-oom'}}
redis.register_function{function_name = 'headrace_v3_switch', callback = switch, flags = {'allow-oom'}}
