-- End a worker's turn at a replay: it is due again later, or finished.
--
-- KEYS  1 replays  2 the replay  3 its places  4 those that have ended
--       5 audit  6 acts  7 counters  8 operator events
-- ARGV  1 its number  2 fence  3 when it is due again, ms from now, or '' = it is finished
--       4 what it waits for, JSON: destination → why, or ''  5 '1' = all that is left waits
--       6 entries of the audit kept  7 what other shards have counted, JSON
--       8 until when its rate is used up, Unix s, or ''
-- Steps The end of a replay enters the audit in the same step, under the name of whoever asked
--       for it.
-- Returns 1, 0 when the caller does not have it on lease any more, or 2 when it is finished but
--       the audit could not be written.

local known = redis.call('HMGET', KEYS[2], 'state', 'fence')
if known[1] ~= 'running' or known[2] ~= ARGV[2] then
  return 0
end
if ARGV[3] == '' then
  end_replay(KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[8], ARGV[1], 'finished')
  local written = pcall(write_replay, KEYS[5], KEYS[6], KEYS[7], ARGV[6], KEYS[2], ARGV[1], nil,
    'finished', 'replayed', ARGV[7])
  return written and 1 or 2
end
redis.call('HDEL', KEYS[2], 'lease_until', 'holder', 'waits_for', 'all_waits')
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[2], 'waits_for', ARGV[4], 'all_waits', ARGV[5])
end
if ARGV[8] ~= '' then redis.call('HSET', KEYS[2], 'paid_until', ARGV[8]) end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
return 1
