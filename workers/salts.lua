#!lua flags=allow-oom
-- KEYS: the salts. ARGV: day and a new salt, again and again. Returns the salt of each day, nothing for a day whose salt
-- was destroyed. Where memory is full it still writes: the drain, which frees memory, waits for it.
local through = tonumber(redis.call('HGET', KEYS[1], 'destroyed_through') or '-1')
local found = {}
for i = 1, #ARGV, 2 do
  if tonumber(ARGV[i]) > through then redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) end
  found[#found + 1] = redis.call('HGET', KEYS[1], ARGV[i])
end
return found
