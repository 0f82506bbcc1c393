
-- Forget messages whose events are in their outboxes, or which are buried or counted.
--
-- KEYS  1 inbox:due  2 inbox
-- ARGV  their numbers
-- Returns how many there were.

redis.call('ZREM', KEYS[1], unpack(ARGV))
return redis.call('HDEL', KEYS[2], unpack(ARGV))
