-- Offer a taken destination again soon.
--
-- KEYS  1 ready
-- ARGV  1 destination  2 delay, ms
-- Returns 0; a destination that has gone or is due earlier stays as it is.

return redis.call('ZADD', KEYS[1], 'XX', 'LT', now + tonumber(ARGV[2]), ARGV[1])
