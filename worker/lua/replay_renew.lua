-- Renew the lease of a replay, before a step in another shard than that of its order.
--
-- KEYS  1 replays  2 the replay
-- ARGV  1 its number  2 fence  3 lease, ms  4 until when its rate is used up, Unix s, or ''
-- Returns 1, or 0 when the caller does not have it on lease any more.

local known = redis.call('HMGET', KEYS[2], 'state', 'fence')
if known[1] ~= 'running' or known[2] ~= ARGV[2] then
  return 0
end
local lease_ends = now + tonumber(ARGV[3])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[2], 'paid_until', ARGV[4]) end
redis.call('HSET', KEYS[2], 'lease_until', text(lease_ends))
redis.call('ZADD', KEYS[1], lease_ends, ARGV[1])
return 1
