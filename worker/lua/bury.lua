-- Accept an event and bury it at once: it can never enter an outbox.
--
-- KEYS  1 sequence  2 counters  3 dead  4 deadlines
-- ARGV  1 dead letter, JSON without its id  2 deadline, s  3 reason
-- Returns the dead letter's id.

local id = text(redis.call('INCR', KEYS[1])) .. '-0'
redis.call('HSET', KEYS[3], id, ARGV[1])
redis.call('ZADD', KEYS[4], ARGV[2], id)
redis.call('HINCRBY', KEYS[2], 'accepted', 1)
redis.call('HINCRBY', KEYS[2], 'dead:' .. ARGV[3], 1)
return id
