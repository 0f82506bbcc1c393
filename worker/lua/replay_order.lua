-- Pause, resume or cancel a replay. Whoever works at it is stopped before its next step.
--
-- KEYS  1 replays  2 the replay  3 its places  4 those that have ended
--       5 audit  6 acts  7 counters  8 operator events
-- ARGV  1 its number  2 the state it is to have: 'paused', 'running' or 'cancelled'
--       3 who says so  4 entries of the audit kept  5 what other shards have counted, JSON
-- Steps A change enters the audit in the same step.
-- Returns {1 if that changed it, else 0; its state now, '' when there is no such replay}.

local state = redis.call('HGET', KEYS[2], 'state') or ''
if (state ~= 'running' and state ~= 'paused') or state == ARGV[2] then
  return {0, state}
end
redis.call('HINCRBY', KEYS[2], 'fence', 1)
if ARGV[2] == 'cancelled' then
  end_replay(KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[8], ARGV[1], 'cancelled')
else
  redis.call('HSET', KEYS[2], 'state', ARGV[2])
  redis.call('HDEL', KEYS[2], 'lease_until', 'holder', 'waits_for', 'all_waits')
  redis.call('ZADD', KEYS[1], ARGV[2] == 'paused' and 'inf' or now, ARGV[1])
end
local result = ARGV[2] == 'running' and 'resumed' or ARGV[2]
write_replay(KEYS[5], KEYS[6], KEYS[7], ARGV[4], KEYS[2], ARGV[1], ARGV[3], result, 'replayed',
  ARGV[5])
return {1, ARGV[2]}
