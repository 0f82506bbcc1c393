-- Park a destination: its events wait for a person.
--
-- KEYS  1 ready  2 state  3 parked
-- ARGV  1 destination  2 reason
-- Steps from now on no changed token lets it go on, though one might have; a first reason stays.
-- Returns 1, or 0 when it was parked already.

redis.call('HSET', KEYS[3], ARGV[1], '')
if redis.call('HSETNX', KEYS[2], 'parked', ARGV[2]) == 0 then
  return 0
end
redis.call('HSET', KEYS[2], 'parked_at', text(now))
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
