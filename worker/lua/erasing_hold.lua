-- Hold the fence of one erasure for another lease: nothing moves backwards meanwhile.
--
-- KEYS  1 ready  2 erasing
-- ARGV  1 the erasure  2 lease, ms
-- Returns 1, or 0 when the fence had fallen before: something may have moved meanwhile.

local known = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or '0')
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. text(now))
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[2]), ARGV[1])
return known >= now and known <= now + AHEAD and 1 or 0
