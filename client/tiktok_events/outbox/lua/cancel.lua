-- Take delayed events out, for good. A call that comes twice, because its client could not know
-- whether it had arrived, gets the same answer.
--
-- KEYS  1 counters  2 delayed  3 delayed:events  4 delayed:ids  5 the answer of this call
-- ARGV  1 counter: cancelled, or erased  2 event key, or the part before the event's name
--       3 '1' = the key is whole  4 JSON bytes that it must have, or ''
--       5 for how long the answer is kept, s
-- Returns how many were taken out; an event that was released is not here any more.

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

local function take_all_out()
  local behind = string.sub(ARGV[2], 1, -2) .. '\1' -- the part ends with a NUL
  local taken = 0
  for _, key in ipairs(redis.call('ZRANGEBYLEX', KEYS[4], '[' .. ARGV[2], '(' .. behind)) do
    taken = taken + (take_out(key) or 0)
  end
  return taken
end

local answered = redis.call('GET', KEYS[5])
if answered then
  return tonumber(answered)
end
local taken
if ARGV[3] == '1' then
  taken = take_out(ARGV[2]) or 0
else
  taken = take_all_out()
end
if taken > 0 then -- a full server takes it, too: something has been written before
  redis.call('SET', KEYS[5], taken, 'EX', ARGV[5])
end
return taken
