-- Ask the workers for a replay, once, and forget the oldest that have ended.
--
-- KEYS  1 replays  2 those that have ended  3 the replay, then some that have ended
-- ARGV  1 its number  2 how many others, then their numbers, then its fields and their values
-- Returns 1, or 0 when it was asked for already.

if redis.call('EXISTS', KEYS[3]) == 1 then
  return 0
end
local others = tonumber(ARGV[2])
redis.call('HSET', KEYS[3], unpack(ARGV, 3 + others))
redis.call('ZADD', KEYS[1], now, ARGV[1])
for other = 1, others do
  if redis.call('ZREM', KEYS[2], ARGV[2 + other]) == 1 then
    redis.call('DEL', KEYS[3 + other])
  end
end
return 1
