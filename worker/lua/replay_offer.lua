-- Find replays that a worker should be asked for.
--
-- KEYS  1 replays
-- ARGV  1 when to ask again if nobody comes, ms  2 how many at most
-- Steps A replay that is due further ahead than any can be was dated before the clock jumped
--       back, and is found too.
-- Returns their numbers, those that have waited longest first.

local AHEAD = 900000

local jumped = redis.call('ZRANGEBYSCORE', KEYS[1], now + AHEAD, '(inf', 'LIMIT', 0, ARGV[2])
for _, number in ipairs(jumped) do
  redis.call('ZADD', KEYS[1], now, number)
end
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[2])
for _, number in ipairs(due) do
  redis.call('ZADD', KEYS[1], now + tonumber(ARGV[1]), number)
end
return due
