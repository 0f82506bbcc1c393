-- Take held events out, for good.
--
-- KEYS  1 counters  2 held  3 held:events  4 held:ids
-- ARGV  1 counter: cancelled, or erased  2 event key, or the part before the event's name
--       3 '1' = the key is whole  4 JSON bytes that it must have, or ''
-- Returns how many; what was released is not here any more.

local function take_out(key)
  if ARGV[4] ~= '' and redis.call('HGET', KEYS[3], key) ~= ARGV[4] then
    return
  end
  if redis.call('ZREM', KEYS[2], key) == 1 then
    redis.call('ZREM', KEYS[4], key)
    redis.call('HDEL', KEYS[3], key)
    redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
    return 1
  end
end

if ARGV[3] == '1' then
  return take_out(ARGV[2]) or 0
end
local behind = string.sub(ARGV[2], 1, -2) .. '\1' -- the part ends with a NUL
local taken = 0
for _, key in ipairs(redis.call('ZRANGEBYLEX', KEYS[4], '[' .. ARGV[2], '(' .. behind)) do
  taken = taken + (take_out(key) or 0)
end
return taken
