-- The other end of a shard: batches are taken and committed, leases held, what is long committed is trimmed.
-- These functions carry allow-oom: a full Redis must refuse appends and never stop the drain.

local GROUP, CONSUMER = 'workers', 'owner'
local REJECTED_MS, REJECTED_MOST = 3600000, 10000

local function fenced(epoch_key, epoch)
  return (redis.call('GET', epoch_key) or '0') ~= epoch
end

local function delivered(frames)
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', frames)) do
    local fields = {}
    for i = 1, #group, 2 do fields[group[i]] = group[i + 1] end
    if fields['name'] == GROUP then return fields['last-delivered-id'] end
  end
  return '0-0'
end

local function field(entry, name)
  for i = 1, #entry[2], 2 do
    if entry[2][i] == name then return entry[2][i + 1] end
  end
  return '0'
end

-- How many of the waiting entries make one batch, or 0 and the milliseconds until the oldest has lingered enough.
local function ripe(frames, max_events, max_bytes, linger)
  local last, entries, events, bytes, oldest = delivered(frames), 0, 0, 0, nil
  while true do
    local page = redis.call('XRANGE', frames, '(' .. last, '+', 'COUNT', 16)
    for _, entry in ipairs(page) do
      local n, b = tonumber(field(entry, 'n')) or 0, tonumber(field(entry, 'b')) or 0
      if entries > 0 and (events + n > max_events or bytes + b > max_bytes) then return entries, 0 end
      oldest = oldest or id_ms(entry[1])
      entries, events, bytes, last = entries + 1, events + n, bytes + b, entry[1]
      if events >= max_events or bytes >= max_bytes or entries >= 4096 then return entries, 0 end
    end
    if #page < 16 then break end
  end
  if entries == 0 then return 0, 0 end
  local left = linger - (now_ms() - oldest)
  -- ids from the future, where the clock jumped back, tell no age
  if left <= 0 or left > linger then return entries, 0 end
  return 0, left
end

local function read(frames, count, from)
  local reply = redis.call('XREADGROUP', 'GROUP', GROUP, CONSUMER, 'COUNT', count, 'STREAMS', frames, from)
  return reply and reply[1] and reply[1][2] or {}
end

-- take(frames, epoch; epoch, max events, max bytes, linger ms) -> {entries, ms until ripe}, or FENCED
-- The pending list is the batch: whatever was handed out and not committed comes first, whole and unchanged.
local function take(keys, args)
  if fenced(keys[2], args[1]) then return redis.error_reply('FENCED another worker owns this shard') end
  local pending = read(keys[1], 1000000, '0')
  if #pending > 0 then return {pending, 0} end
  local count, left = ripe(keys[1], tonumber(args[2]), tonumber(args[3]), tonumber(args[4]))
  if count == 0 then return {{}, left} end
  return {read(keys[1], count, '>'), 0}
end

-- standing(frames, epoch, verdict; epoch) -> {the verdict that was written last or '', how often the pending list was
-- handed out}, or FENCED
local function standing(keys, args)
  if fenced(keys[2], args[1]) then return redis.error_reply('FENCED another worker owns this shard') end
  local first = redis.call('XPENDING', keys[1], GROUP, '-', '+', 1)[1]
  return {redis.call('GET', keys[3]) or '', first and first[4] or 0}
end

-- judge(epoch, verdict; epoch, the verdict that was known, the new one) -> the verdict that stands now, or FENCED
-- Called again after a lost answer it changes nothing.
local function judge(keys, args)
  if fenced(keys[1], args[1]) then return redis.error_reply('FENCED another worker owns this shard') end
  local stands = redis.call('GET', keys[2]) or ''
  if stands ~= args[2] then return stands end
  redis.call('SET', keys[2], args[3])
  return args[3]
end

-- Why events were rejected, for whoever asks soon. Full, it starts anew: ClickHouse keeps them all.
local function explain(key, args, first, count)
  if count == 0 then return end
  if redis.call('HLEN', key) + count > REJECTED_MOST then redis.call('DEL', key) end
  local last = first + 2 * math.min(count, REJECTED_MOST) - 1
  for from = first, last, CHUNK do
    redis.call('HSET', key, unpack(args, from, math.min(from + CHUNK - 1, last)))
  end
  redis.call('PEXPIRE', key, REJECTED_MS)
end

-- How many events of the ledger's counts were erased: the arguments are those of builds that erase nothing.
local function erasures(args, first, count)
  local erased = 0
  for i = first, first + 3 * count - 1, 3 do
    if string.sub(args[i + 1], -7) == ':erased' then erased = erased + tonumber(args[i + 2]) end
  end
  return erased
end

-- commit(frames, epoch, floor, counters, ledger, rejected; epoch, stored, rejected, repeated, ledger counts, reasons,
-- minute, 'project:outcome', events, ..., event id, reason, ..., entry id, entry id, ...) -> acknowledged entries, or
-- FENCED. Called again after a lost answer it changes nothing.
local function commit(keys, args)
  if fenced(keys[2], args[1]) then return redis.error_reply('FENCED another worker owns this shard') end
  local last, acked = args[#args], 0
  if redis.call('GET', keys[3]) == last then return 0 end
  local counts, reasons = tonumber(args[5]), tonumber(args[6])
  settle(keys[5], args, 7, counts)
  local erased = erasures(args, 7, counts)
  explain(keys[6], args, 7 + 3 * counts, reasons)
  for first = 7 + 3 * counts + 2 * reasons, #args, CHUNK do
    acked = acked + redis.call('XACK', keys[1], GROUP, unpack(args, first, math.min(first + CHUNK - 1, #args)))
  end
  redis.call('SET', keys[3], last)
  redis.call('HINCRBY', keys[4], 'stored', args[2])
  redis.call('HINCRBY', keys[4], 'rejected', args[3])
  redis.call('HINCRBY', keys[4], 'repeated', args[4])
  if erased > 0 then redis.call('HINCRBY', keys[4], 'erased', erased) end
  redis.call('HINCRBY', keys[4], 'batches', 1)
  return acked
end

-- lease(lease, epoch; owner, ttl ms) -> the epoch held, or 0 while another owner holds the shard
local function lease(keys, args)
  local owner = redis.call('GET', keys[1])
  if owner == args[1] then
    redis.call('PEXPIRE', keys[1], args[2])
    return tonumber(redis.call('GET', keys[2]) or '0')
  end
  if owner then return 0 end
  redis.call('SET', keys[1], args[1], 'PX', args[2])
  return redis.call('INCR', keys[2])
end

local function release(keys, args)
  if redis.call('GET', keys[1]) ~= args[1] then return 0 end
  return redis.call('DEL', keys[1])
end

-- trim(frames, floor; margin ms): drop committed entries older than the margin, never one above the floor.
local function trim(keys, args)
  local floor = redis.call('GET', keys[2])
  if not floor then return 0 end
  local before = now_ms() - tonumber(args[1])
  local bound = id_ms(floor) < before and floor or string.format('%.0f-0', before)
  return redis.call('XTRIM', keys[1], 'MINID', '=', bound)
end

-- progress(frames, floor, lease, counters) -> {now ms, oldest uncommitted ms or 0, owner, floor, counters}
local function progress(keys)
  local floor = redis.call('GET', keys[2]) or '0-0'
  local waiting = redis.call('XRANGE', keys[1], '(' .. floor, '+', 'COUNT', 1)
  local oldest = waiting[1] and id_ms(waiting[1][1]) or 0
  return {now_ms(), oldest, redis.call('GET', keys[3]) or '', floor, redis.call('HGETALL', keys[4])}
end

-- beat(workers; worker id, its last words)
local function beat(keys, args)
  return redis.call('HSET', keys[1], args[1], args[2])
end

redis.register_function{function_name = 'headrace_v3_take', callback = take, flags = {'allow-oom'}}
redis.register_function{function_name = 'headrace_v3_standing', callback = standing, flags = {'allow-oom'}}
redis.register_function{function_name = 'headrace_v3_judge', callback = judge, flags = {'allow-oom'}}
redis.register_function{function_name = 'headrace_v3_commit', callback = commit, flags = {'allow-oom'}}
redis.register_function{function_name = 'headrace_v3_lease', callback = lease, flags = {'allow-oom'}}
redis.register_function{function_name = 'headrace_v3_release', callback = release, flags = {'allow-oom'}}
redis.register_function{function_name = 'headrace_v3_trim', callback = trim, flags = {'allow-oom'}}
redis.register_function{function_name = 'headrace_v3_beat', callback = beat, flags = {'allow-oom'}}
redis.register_function{function_name = 'headrace_v3_progress', callback = progress, flags = {'no-writes'}}
