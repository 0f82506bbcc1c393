
-- Note that a worker is there, and forget those that are not.
--
-- KEYS  1 workers
-- ARGV  1 name of the worker  2 for how long a look counts, ms
-- Returns how many are there.

redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
