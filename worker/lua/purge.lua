-- Remove dead letters for good, and count them.
--
-- KEYS  1 counters  2 dead  3 deadlines
-- ARGV  dead letter ids
-- Returns how many were there.

local removed = redis.call('HDEL', KEYS[2], unpack(ARGV))
redis.call('ZREM', KEYS[3], unpack(ARGV))
if removed > 0 then
  redis.call('HINCRBY', KEYS[1], 'purged', removed)
end
return removed
