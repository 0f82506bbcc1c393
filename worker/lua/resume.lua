-- Let a parked destination go on as after an outage: one probe first, then the ramp.
--
-- KEYS  1 ready  2 outbox  3 state  4 parked
-- ARGV  1 destination  2 digest of the token that it must have been parked for, or '' = any, or none
-- Returns 1, or 0 when it was not parked, or not for that token.

if redis.call('HEXISTS', KEYS[3], 'parked') == 0 then
  return 0
end
if ARGV[2] ~= '' and redis.call('HGET', KEYS[4], ARGV[1]) ~= ARGV[2] then
  return 0
end
redis.call('HDEL', KEYS[4], ARGV[1])
redis.call('HDEL', KEYS[3], 'parked', 'parked_at', 'not_before')
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HSET', KEYS[3], 'failures', OUTAGE)
  redis.call('ZADD', KEYS[1], now, ARGV[1])
end
return 1
