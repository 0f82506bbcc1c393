-- Accept an event that is to enter its outbox later.
--
-- KEYS  1 counters  2 delayed  3 delayed:events  4 delayed:ids  5 figures:accepted  6 accepted
-- ARGV  1 event key  2 delay, ms  3 JSON bytes  4 destination  5 event name
-- Steps A delayed event of the same key gives way, and counts as cancelled: of two with one
--       identity the API would count only one.
-- Returns 1.

local fresh = redis.call('HSET', KEYS[3], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[2]), ARGV[1])
redis.call('ZADD', KEYS[4], 0, ARGV[1])
redis.call('HINCRBY', KEYS[1], 'accepted', 1)
count_accepted(KEYS[5], KEYS[6], ARGV[4], ARGV[5], 1)
if fresh == 0 then
  redis.call('HINCRBY', KEYS[1], 'cancelled', 1)
end
return 1
