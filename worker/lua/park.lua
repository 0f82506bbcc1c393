-- Park a destination: its events wait for a person.
--
-- KEYS  1 ready  2 state
-- ARGV  1 destination  2 reason
-- Returns 1, or 0 when it was parked already.

if redis.call('HEXISTS', KEYS[2], 'parked') == 1 then
  return 0
end
redis.call('HSET', KEYS[2], 'parked', ARGV[2], 'parked_at', text(now))
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
