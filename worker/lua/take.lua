-- Take destinations that are due, each for one lease, so that no two workers serve the
-- same one by accident and a worker that dies is followed by another.
--
-- KEYS  1 ready  2 awake
-- ARGV  1 how many  2 lease, ms  3 patience, ms: how far ahead it is worth staying awake
--       4 '1' = stay awake though nothing is due
-- Returns {the server's time in Unix ms, ms until the next one is due or -1 = nothing within the
--       patience, awake 0|1, name, …}.
--       While somebody is awake, producers ring no doorbell: the check that finds nothing
--       and the end of being awake are one step, so no event falls between them.

local patience = tonumber(ARGV[3])

local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, name in ipairs(due) do
  redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), name)
end

local next_due = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local wait = -1
if next_due[2] then
  wait = math.max(tonumber(next_due[2]) - now, 0)
  if wait > patience then
    wait = -1
  end
end
local awake = (#due > 0 or wait >= 0 or ARGV[4] == '1') and 1 or 0
if awake == 1 then
  redis.call('SET', KEYS[2], 1, 'PX', patience)
else
  redis.call('DEL', KEYS[2])
end
return {now, wait, awake, unpack(due)}
