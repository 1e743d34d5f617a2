-- The ledger: counts of a project and minute, kept in the step that appends or commits. See ledger.py.

local MINUTE = 60000
local LEDGER_MS = 7 * 24 * 3600000 -- a minute is dropped long before, once it is copied into ClickHouse

-- The ledger's hash of one minute: 'project:outcome' -> events. The first count of all sets where copying begins.
local function enter(ledger, minute, field, count)
  if count == 0 then return end
  local key = ledger .. ':' .. minute
  if redis.call('HINCRBY', key, field, count) == count then
    redis.call('PEXPIRE', key, LEDGER_MS)
    redis.call('SET', ledger .. ':copied', minute, 'NX')
  end
end

-- projects: "project\0count\0...", whose the frame's positions are, in their order; skip: positions, ascending
local function account(ledger, ms, projects, skip)
  local minute = math.floor(ms / MINUTE)
  local only, all = string.match(projects, '^(%Z+)%z(%d+)$') -- as most frames are
  if only then
    enter(ledger, minute, only .. ':accepted', all - #skip)
    return enter(ledger, minute, only .. ':duplicate', #skip)
  end
  local accepted, duplicate, first, at = {}, {}, 0, 1
  for project, count in string.gmatch(projects, '(%Z+)%z(%d+)') do
    local behind, skipped = first + count, 0
    while skip[at] and string.byte(skip[at]) * 256 + string.byte(skip[at], 2) < behind do
      at, skipped = at + 1, skipped + 1
    end
    accepted[project] = (accepted[project] or 0) + count - skipped
    duplicate[project] = (duplicate[project] or 0) + skipped
    first = behind
  end
  for project, count in pairs(accepted) do
    enter(ledger, minute, project .. ':accepted', count)
    enter(ledger, minute, project .. ':duplicate', duplicate[project])
  end
end

-- A minute whose hash is gone has no count of what was accepted: without it the others would only mislead.
local function settle(ledger, args, first, count)
  for i = first, first + 3 * count - 1, 3 do
    if redis.call('EXISTS', ledger .. ':' .. args[i]) == 1 then
      enter(ledger, args[i], args[i + 1], tonumber(args[i + 2]))
    end
  end
end
