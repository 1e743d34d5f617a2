-- Everything that must happen to a shard in one atomic step: its front. All keys of a call share the shard's hash tag.
-- Functions are not rolled back: arguments are checked by the caller, and nothing after the first write can fail.
-- One library is made of ledger.lua, this file and drain.lua, in this order: later parts use what earlier ones define.

local CHUNK = 1000 -- arguments per call; Lua's unpack stops near 8000

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function id_ms(id)
  return tonumber(string.match(id, '^(%d+)-'))
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

-- append(frames, index, counters, ledger; window ms, events, unpacked bytes, frame, keyed, projects)
-- -> {entry id or '', verdicts}: a byte per keyed event: '0' new, '1' duplicate, '2' duplicate with another payload
local function append(keys, args)
  local frames, index, counters, ledger = keys[1], keys[2], keys[3], keys[4]
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
      id = redis.call('XADD', frames, '*', 'f', args[4], 'n', live, 'b', args[3], 'p', args[6], 's', table.concat(skip))
    else
      id = redis.call('XADD', frames, '*', 'f', args[4], 'n', live, 'b', args[3], 'p', args[6])
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
  account(ledger, live > 0 and id_ms(id) or now_ms(), args[6], skip)
  return {id, table.concat(verdicts)}
end

-- restore(frames, index, counters, ledger; window ms, events, unpacked bytes, frame, keyed, skip, project)
-- -> how many of the keyed things were not put back before
-- Puts rejected events back: each keyed by its digest, or a whole frame by one. What was put back before joins the
-- skip list. Field r: the breaker does not hold it against anybody when they are rejected once more.
local function restore(keys, args)
  local frames, index, counters, ledger = keys[1], keys[2], keys[3], keys[4]
  local window, count, project = tonumber(args[1]), tonumber(args[2]), args[7]
  local items, skip, new = split(args[5]), args[6], 0
  local bucket = math.floor(now_ms() / window)
  local current, previous = index .. ':' .. bucket, index .. ':' .. (bucket - 1)
  look_up(current, items)
  look_up(previous, items)
  for _, item in ipairs(items) do
    if item.known then
      skip, count = skip .. item.position, count - 1
    else
      new, item.new = new + 1, true
    end
  end
  if new > 0 then
    local id = redis.call(
      'XADD', frames, '*', 'f', args[4], 'n', count, 'b', args[3], 's', skip, 'r', 1,
      'p', project ~= '' and project .. '\0' .. (count + #skip / 2) or ''
    )
    redis.call('HINCRBY', counters, 'appended', count)
    if project ~= '' then enter(ledger, math.floor(id_ms(id) / MINUTE), project .. ':accepted', count) end
    remember(current, items)
  end
  redis.call('PEXPIRE', current, 2 * window)
  redis.call('PEXPIRE', previous, window)
  return new
end

redis.register_function('headrace_v2_append', append)
redis.register_function('headrace_v2_restore', restore)
