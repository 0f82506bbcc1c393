-- Ask the workers for a replay, once, and forget the oldest that have ended.
--
-- KEYS  1 replays  2 those that have ended  3 the replay  4 audit  5 acts  6 counters,
--       then some that have ended, each with its letters
-- ARGV  1 its number  2 entries of the audit kept  3 how many others, then their numbers,
--       then its fields and their values
-- Steps The audit is written in the same step.
-- Returns 1, or 0 when it was asked for already.

if redis.call('EXISTS', KEYS[3]) == 1 then
  return 0
end
local others = tonumber(ARGV[3])
redis.call('HSET', KEYS[3], unpack(ARGV, 4 + others))
redis.call('ZADD', KEYS[1], now, ARGV[1])
for other = 1, others do
  if redis.call('ZREM', KEYS[2], ARGV[3 + other]) == 1 then
    redis.call('DEL', KEYS[5 + 2 * other], KEYS[6 + 2 * other])
  end
end
write_replay(KEYS[4], KEYS[5], KEYS[6], ARGV[2], KEYS[3], ARGV[1], nil, 'asked', 'selected')
return 1
