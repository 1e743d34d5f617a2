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
local EVENT = 26

local function position_at(keyed, i)
  local offset = EVENT * (i - 1)
  return string.sub(keyed, offset + 1, offset + 2)
end

local function payload_at(keyed, i)
  return string.sub(keyed, EVENT * i - 7, EVENT * i)
end

local function digests_of(keyed)
  local digests = {}
  for i = 1, #keyed / EVENT do
    digests[i] = string.sub(keyed, EVENT * i - 23, EVENT * i - 8)
  end
  return digests
end

-- What a bucket has under the digests, into `known`: place -> payload digest.
local function look_up(bucket, digests, known)
  for first = 1, #digests, CHUNK do
    local last = math.min(first + CHUNK - 1, #digests)
    for i, payload in ipairs(redis.call('HMGET', bucket, unpack(digests, first, last))) do
      if payload then known[first + i - 1] = payload end
    end
  end
end

-- What the index knows of the digests. Returns its buckets, too: the one that is filled now, and the one before.
local function recall(index, window, digests)
  local bucket, known = math.floor(now_ms() / window), {}
  local current, previous = index .. ':' .. bucket, index .. ':' .. (bucket - 1)
  look_up(previous, digests, known)
  look_up(current, digests, known) -- what was said last counts
  return known, current, previous
end

-- A key that comes twice in one frame is known by the first.
local function compare(keyed, digests, known)
  local seen = {}
  for i, digest in ipairs(digests) do
    local first = seen[digest]
    if first and not known[i] then known[i] = payload_at(keyed, first) end
    seen[digest] = first or i
  end
end

-- A byte per keyed event, and the positions of those that are known.
local function judged(keyed, count, known)
  if not next(known) then return string.rep('0', count), NONE end
  local verdicts, skip = {}, {}
  for i = 1, count do
    if known[i] then
      verdicts[i] = known[i] == payload_at(keyed, i) and '1' or '2'
      skip[#skip + 1] = position_at(keyed, i)
    else
      verdicts[i] = '0'
    end
  end
  return table.concat(verdicts), skip
end

-- The bucket that is filled outlives the next one. After a hit the one before is prolonged, too, for a hit must write:
-- a read-only answer before WAITAOF would vouch for a write that no replica has.
local function prolong(current, previous, window, hits)
  redis.call('PEXPIRE', current, 2 * window)
  if hits > 0 then redis.call('PEXPIRE', previous, window) end
end

-- Those that are not known, from now on are.
local function remember(bucket, keyed, digests, known)
  local pairs_, count = {}, 0
  for i, digest in ipairs(digests) do
    if not known[i] then
      pairs_[count + 1], pairs_[count + 2] = digest, payload_at(keyed, i)
      count = count + 2
    end
  end
  for first = 1, count, CHUNK do
    redis.call('HSET', bucket, unpack(pairs_, first, math.min(first + CHUNK - 1, count)))
  end
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
  local window, count, keyed = tonumber(args[1]), tonumber(args[2]), args[5]
  local digests, verdicts, skip, known, current, previous = NONE, '', NONE, nil, nil, nil
  if keyed ~= '' then
    digests = digests_of(keyed)
    known, current, previous = recall(index, window, digests)
    compare(keyed, digests, known)
    verdicts, skip = judged(keyed, #digests, known)
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
  if #digests > 0 then
    remember(current, keyed, digests, known)
    prolong(current, previous, window, #skip)
    if #skip > 0 then redis.call('HINCRBY', counters, 'duplicate', #skip) end
  end
  account(ledger, live > 0 and id_ms(id) or now_ms(), args[6], skip)
  return {id, verdicts}
end

-- known(index, counters, ledger; window ms, keyed, projects) -> a byte per key: '0' unknown, '1' and '2' as append says
-- Asked of the shard that a key belonged to before the number of shards was raised. What it knows is a duplicate, and
-- counted as one here; without projects nothing is counted.
local function known(keys, args)
  local window, digests = tonumber(args[1]), digests_of(args[2])
  local found, current, previous = recall(keys[1], window, digests)
  local verdicts, hits = judged(args[2], #digests, found)
  if #hits == 0 then return verdicts end
  prolong(current, previous, window, #hits)
  local first, minute = 0, math.floor(now_ms() / MINUTE)
  for project, count in string.gmatch(args[3], '(%Z+)%z(%d+)') do
    local mine = 0
    for i = first + 1, first + count do
      if found[i] then mine = mine + 1 end
    end
    enter(keys[3], minute, project .. ':duplicate', mine)
    first = first + count
  end
  if first > 0 then redis.call('HINCRBY', keys[2], 'duplicate', #hits) end
  return verdicts
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
  local keyed, skip = args[5], args[6]
  local digests = digests_of(keyed)
  local found, current, previous = recall(index, window, digests)
  local _, there = judged(keyed, #digests, found)
  local new = #digests - #there
  skip, count = skip .. table.concat(there), count - #there
  if new > 0 then
    local id = redis.call(
      'XADD', frames, '*', 'f', args[4], 'n', count, 'b', args[3], 's', skip, 'r', 1,
      'p', project ~= '' and project .. '\0' .. (count + #skip / 2) or ''
    )
    redis.call('HINCRBY', counters, 'appended', count)
    if project ~= '' then enter(ledger, math.floor(id_ms(id) / MINUTE), project .. ':accepted', count) end
    remember(current, keyed, digests, found)
  end
  prolong(current, previous, window, #there)
  return new
end

redis.register_function('headrace_v3_append', append)
redis.register_function('headrace_v3_known', known)
redis.register_function('headrace_v3_restore', restore)
