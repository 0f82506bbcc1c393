-- Take a replay for one worker process, unless another works at it.
--
-- KEYS  1 replays  2 the replay
-- ARGV  1 its number  2 lease, ms  3 holder (the worker process)
-- Steps A lease that is longer than ours was dated before the clock jumped back, and is over.
--       The fence is raised, so that the former holder can change nothing any more.
-- Returns {Unix ms, fence, the replay's fields and values}, or nil when there is nothing to do.

local lease = tonumber(ARGV[2])
local known = redis.call('HMGET', KEYS[2], 'state', 'lease_until')
local left = tonumber(known[2] or '0') - now
if known[1] ~= 'running' or (left > 0 and left <= lease) then
  return false
end
local fence = redis.call('HINCRBY', KEYS[2], 'fence', 1)
redis.call('HSET', KEYS[2], 'lease_until', text(now + lease), 'holder', ARGV[3])
redis.call('HSETNX', KEYS[2], 'started_at', text(now))
redis.call('ZADD', KEYS[1], now + lease, ARGV[1])
return {now, fence, redis.call('HGETALL', KEYS[2])}
