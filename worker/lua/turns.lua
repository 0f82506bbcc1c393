-- Let a worker process have turns of an access token whose destinations are in several shards.
--
-- KEYS  1 ready  2 limit of the access token, both in the token's own shard
-- ARGV  1 requests per second of the token  2 turns wanted
--       3 ms of the schedule that are given back: turns that were not used
--       4 requests that were sent without a turn  5 '1' = the API asked for fewer
-- Returns {turns that the process may use at once, ms of the schedule that each takes, as text;
--       ms until there is another one, 0 = there is}.

local limit, full_rate, wanted = KEYS[2], tonumber(ARGV[1]), tonumber(ARGV[2])
if ARGV[5] == '1' then
  slow_down(limit, full_rate)
end
local schedule = schedule_of(limit, full_rate)
local each = 1000 / schedule.rate
local next_at = schedule_start(limit, schedule) - tonumber(ARGV[3])
next_at = math.max(now, next_at) + tonumber(ARGV[4]) * each
local turns = math.floor((now + BURST_MS - next_at) / each) + 1
turns = math.max(0, math.min(wanted, turns))
next_at = next_at + turns * each
redis.call('HSET', limit, 'next_at', next_at)
redis.call('EXPIRE', limit, FORGET_S)
return {turns, tostring(each), math.max(0, math.ceil(next_at - now - BURST_MS))}
