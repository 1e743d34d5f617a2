-- Everything that must happen to a shard in one atomic step: its front. All keys of a call share the shard's hash tag.
-- Functions are not rolled back: arguments are checked by the caller, and nothing after the first write can fail.
-- One library is made of ledger.lua, this file, drain.lua and raise.lua: later parts use what earlier ones define.

local CHUNK = 1000 -- arguments per call; Lua's unpack stops near 8000
local NONE = {} -- of an append without keys, which makes no table of its own

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

-- What the index knows of the items. Returns its buckets: the one that is filled now, and the one before.
local function recall(index, window, items)
  local bucket = math.floor(now_ms() / window)
  local current, previous = index .. ':' .. bucket, index .. ':' .. (bucket - 1)
  look_up(current, items)
  look_up(previous, items)
  return current, previous
end

-- The bucket that is filled outlives the next one. After a hit the one before is prolonged, too, for a hit must write:
-- a read-only answer before WAITAOF would vouch for a write that no replica has.
local function prolong(current, previous, window, hits)
  redis.call('PEXPIRE', current, 2 * window)
  if hits > 0 then redis.call('PEXPIRE', previous, window) end
end

local function verdict(item, known)
  return known == item.payload and '1' or '2'
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

local function add(fields, name, value)
  fields[#fields + 1], fields[#fields + 2] = name, value
end

-- A fenced shard takes only what was placed by the number of shards that its fence names.
local function outdated(fence, shards)
  local count = redis.call('GET', fence)
  if count and count ~= shards then return redis.error_reply('RAISED ' .. count) end
end

-- append(frames, index, counters, ledger, fence;
--   window ms, events, unpacked bytes, frame, keyed, projects, shards, contexts of traces or '')
-- -> {entry id or '', verdicts}: a byte per keyed event: '0' new, '1' duplicate, '2' duplicate with another payload;
-- or RAISED and the number of shards by which events are placed now: nothing was done
local function append(keys, args)
  local raised = outdated(keys[5], args[7])
  if raised then return raised end
  local frames, index, counters, ledger = keys[1], keys[2], keys[3], keys[4]
  local window, count = tonumber(args[1]), tonumber(args[2])
  local items, verdicts, skip, seen, current, previous = NONE, NONE, NONE, NONE, nil, nil
  if args[5] ~= '' then
    items, verdicts, skip, seen = split(args[5]), {}, {}, {}
    current, previous = recall(index, window, items)
  end
  for i, item in ipairs(items) do
    local known = item.known or seen[item.digest]
    if known then
      verdicts[i] = verdict(item, known)
      skip[#skip + 1] = item.position
    else
      verdicts[i], item.new = '0', true
      seen[item.digest] = item.payload
    end
  end
  local live, id = count - #skip, ''
  if live > 0 then
    local traces = args[8] or ''
    local more = (#skip > 0 or traces ~= '') and {} or NONE
    if #skip > 0 then add(more, 's', table.concat(skip)) end
    if traces ~= '' then add(more, 't', traces) end
    id = redis.call('XADD', frames, '*', 'f', args[4], 'n', live, 'b', args[3], 'p', args[6], unpack(more))
    redis.call('HINCRBY', counters, 'appended', live)
  end
  if #items > 0 then
    remember(current, items)
    prolong(current, previous, window, #skip)
    if #skip > 0 then redis.call('HINCRBY', counters, 'duplicate', #skip) end
  end
  account(ledger, live > 0 and id_ms(id) or now_ms(), args[6], skip)
  return {id, table.concat(verdicts)}
end

-- known(index, counters, ledger; window ms, keyed, projects) -> a byte per key: '0' unknown, '1' and '2' as append says
-- Asked of the shard that a key belonged to before the number of shards was raised. What it knows is a duplicate, and
-- counted as one here; without projects nothing is counted.
local function known(keys, args)
  local window, items, verdicts, hits = tonumber(args[1]), split(args[2]), {}, 0
  local current, previous = recall(keys[1], window, items)
  for i, item in ipairs(items) do
    verdicts[i] = item.known and verdict(item, item.known) or '0'
    if item.known then hits = hits + 1 end
  end
  if hits == 0 then return table.concat(verdicts) end
  prolong(current, previous, window, hits)
  local first, minute = 0, math.floor(now_ms() / MINUTE)
  for project, count in string.gmatch(args[3], '(%Z+)%z(%d+)') do
    local mine = 0
    for i = first + 1, first + count do
      if items[i].known then mine = mine + 1 end
    end
    enter(keys[3], minute, project .. ':duplicate', mine)
    first = first + count
  end
  if first > 0 then redis.call('HINCRBY', keys[2], 'duplicate', hits) end
  return table.concat(verdicts)
end

-- restore(frames, index, counters, ledger, fence; window ms, events, unpacked bytes, frame, keyed, skip, project, shards)
-- -> how many of the keyed things were not put back before, or RAISED as append
-- Puts rejected events back: each keyed by its digest, or a whole frame by one. What was put back before joins the
-- skip list. Field r: the breaker does not hold it against anybody when they are rejected once more.
local function restore(keys, args)
  local raised = outdated(keys[5], args[8])
  if raised then return raised end
  local frames, index, counters, ledger = keys[1], keys[2], keys[3], keys[4]
  local window, count, project = tonumber(args[1]), tonumber(args[2]), args[7]
  local items, skip, new = split(args[5]), args[6], 0
  local current, previous = recall(index, window, items)
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
  prolong(current, previous, window, #items - new)
  return new
end

redis.register_function('headrace_v3_append', append)
redis.register_function('headrace_v3_known', known)
redis.register_function('headrace_v3_restore', restore)
