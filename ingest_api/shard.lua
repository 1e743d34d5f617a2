#!lua name=headrace_v1
-- Everything that must happen to a shard in one atomic step. All keys of a call share the shard's hash tag.
-- Functions are not rolled back: arguments are checked by the caller, and nothing after the first write can fail.
-- The drain's functions carry allow-oom: a full Redis must refuse appends and never stop the drain.

local GROUP, CONSUMER = 'workers', 'owner'
local CHUNK = 1000 -- arguments per call; Lua's unpack stops near 8000

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function id_ms(id)
  return tonumber(string.match(id, '^(%d+)-'))
end

local function fenced(epoch_key, epoch)
  return (redis.call('GET', epoch_key) or '0') ~= epoch
end

-- keyed: 26 bytes an event: position (2, big endian), key digest (16), payload digest (8)
local function split(keyed)
  local items = {}
  for offset = 1, #keyed, 26 do
    items[#items + 1] = {
      position = string.sub(keyed, offset, offset + 1),
      digest = string.sub(keyed, offset + 2, offset + 17),
      payload = string.sub(keyed, offset + 18, offset + 25),
    }
  end
  return items
end

local function look_up(bucket, items)
  for first = 1, #items, CHUNK do
    local digests = {}
    for i = first, math.min(first + CHUNK - 1, #items) do
      digests[#digests + 1] = items[i].digest
    end
    local found = redis.call('HMGET', bucket, unpack(digests))
    for i = 1, #digests do
      local item = items[first + i - 1]
      item.known = item.known or found[i] or nil
    end
  end
end

local function remember(bucket, items)
  local pairs_ = {}
  for _, item in ipairs(items) do
    if item.new then
      pairs_[#pairs_ + 1] = item.digest
      pairs_[#pairs_ + 1] = item.payload
      if #pairs_ >= CHUNK then
        redis.call('HSET', bucket, unpack(pairs_))
        pairs_ = {}
      end
    end
  end
  if #pairs_ > 0 then redis.call('HSET', bucket, unpack(pairs_)) end
end

-- append(frames, index, counters; window ms, events, unpacked bytes, frame, keyed)
-- -> {entry id or '', verdicts}: a byte per keyed event: '0' new, '1' duplicate, '2' duplicate with another payload
local function append(keys, args)
  local frames, index, counters = keys[1], keys[2], keys[3]
  local window, count = tonumber(args[1]), tonumber(args[2])
  local items = split(args[5])
  local verdicts, skip, seen = {}, {}, {}
  local current, previous
  if #items > 0 then
    local bucket = math.floor(now_ms() / window)
    current, previous = index .. ':' .. bucket, index .. ':' .. (bucket - 1)
    look_up(current, items)
    look_up(previous, items)
  end
  for i, item in ipairs(items) do
    local known = item.known or seen[item.digest]
    if known then
      verdicts[i] = known == item.payload and '1' or '2'
      skip[#skip + 1] = item.position
    else
      verdicts[i], item.new = '0', true
      seen[item.digest] = item.payload
    end
  end
  local live, id = count - #skip, ''
  if live > 0 then
    if #skip > 0 then
      id = redis.call('XADD', frames, '*', 'f', args[4], 'n', live, 'b', args[3], 's', table.concat(skip))
    else
      id = redis.call('XADD', frames, '*', 'f', args[4], 'n', live, 'b', args[3])
    end
    redis.call('HINCRBY', counters, 'appended', live)
  end
  if #items > 0 then
    remember(current, items)
    -- A hit writes too: a read-only answer before WAITAOF would vouch for a write that no replica has.
    redis.call('PEXPIRE', current, 2 * window)
    redis.call('PEXPIRE', previous, window)
    if #skip > 0 then redis.call('HINCRBY', counters, 'duplicate', #skip) end
  end
  return {id, table.concat(verdicts)}
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
      local n, b = tonumber(field(entry, 'n')), tonumber(field(entry, 'b'))
      if entries > 0 and (events + n > max_events or bytes + b > max_bytes) then return entries, 0 end
      oldest = oldest or id_ms(entry[1])
      entries, events, bytes, last = entries + 1, events + n, bytes + b, entry[1]
      if events >= max_events or bytes >= max_bytes or entries >= 4096 then return entries, 0 end
    end
    if #page < 16 then break end
  end
  if entries == 0 then return 0, 0 end
  local left = linger - (now_ms() - oldest)
  if left <= 0 then return entries, 0 end
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

-- commit(frames, epoch, floor, counters; epoch, stored, rejected, repeated, id, id, ...) -> acknowledged entries,
-- or FENCED. Called again after a lost answer it changes nothing.
local function commit(keys, args)
  if fenced(keys[2], args[1]) then return redis.error_reply('FENCED another worker owns this shard') end
  local last, acked = args[#args], 0
  if redis.call('GET', keys[3]) == last then return 0 end
  for first = 5, #args, CHUNK do
    acked = acked + redis.call('XACK', keys[1], GROUP, unpack(args, first, math.min(first + CHUNK - 1, #args)))
  end
  redis.call('SET', keys[3], last)
  redis.call('HINCRBY', keys[4], 'stored', args[2])
  redis.call('HINCRBY', keys[4], 'rejected', args[3])
  redis.call('HINCRBY', keys[4], 'repeated', args[4])
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

redis.register_function('headrace_v1_append', append)
redis.register_function{function_name = 'headrace_v1_take', callback = take, flags = {'allow-oom'}}
redis.register_function{function_name = 'headrace_v1_commit', callback = commit, flags = {'allow-oom'}}
redis.register_function{function_name = 'headrace_v1_lease', callback = lease, flags = {'allow-oom'}}
redis.register_function{function_name = 'headrace_v1_release', callback = release, flags = {'allow-oom'}}
redis.register_function{function_name = 'headrace_v1_trim', callback = trim, flags = {'allow-oom'}}
redis.register_function{function_name = 'headrace_v1_progress', callback = progress, flags = {'no-writes'}}
