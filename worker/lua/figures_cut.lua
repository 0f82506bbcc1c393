-- Give up the cells of an hour or a day.
--
-- KEYS  1 figures:hours  2 the hash  3 counters
-- ARGV  1 its name in figures:hours  2 '1' = for want of memory, which is counted
-- Returns 1, or 0 when somebody else has given it up.

if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call('UNLINK', KEYS[2])
if ARGV[2] == '1' then
  redis.call('HINCRBY', KEYS[3], 'figures_cut', 1)
end
return 1
