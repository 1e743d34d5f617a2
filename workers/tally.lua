-- tally(frames; first id, last id) -> how many events the entries between say they hold. The frames stay where they are.
local events, from = 0, ARGV[1]
while true do
  local page = redis.call('XRANGE', KEYS[1], from, ARGV[2], 'COUNT', 16)
  for _, entry in ipairs(page) do
    for i = 1, #entry[2], 2 do
      if entry[2][i] == 'n' then events = events + tonumber(entry[2][i + 1]) end
    end
    from = '(' .. entry[1]
  end
  if #page < 16 then return events end
end
