-- Let a parked destination go on, with one probe first.
--
-- KEYS  1 ready  2 outbox  3 state
-- ARGV  1 destination
-- Returns 1, or 0 when it was not parked.

if redis.call('HEXISTS', KEYS[3], 'parked') == 0 then
  return 0
end
redis.call('HDEL', KEYS[3], 'parked', 'parked_at', 'not_before')
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HSET', KEYS[3], 'failures', 1)
  redis.call('ZADD', KEYS[1], now, ARGV[1])
end
return 1
