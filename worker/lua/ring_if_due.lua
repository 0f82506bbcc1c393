-- Ring the doorbell if a destination is due and nobody is awake to see it.
--
-- KEYS  1 ready  2 awake  3 doorbell queue, any key unless it rings  4 sequence
-- ARGV  1 '1' = ring, else only tell  2 '1' = even while somebody is awake (more hands)
--       3 how soon it is due, ms
-- Returns 1 when it rang or, only telling, when somebody should; else 0.

local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if not first[2] or tonumber(first[2]) > now + tonumber(ARGV[3]) then
  return 0
end
if ARGV[2] ~= '1' and redis.call('EXISTS', KEYS[2]) == 1 then
  return 0
end
if ARGV[1] ~= '1' then
  return 1
end
return ring(KEYS[3], redis.call('INCR', KEYS[4]))
