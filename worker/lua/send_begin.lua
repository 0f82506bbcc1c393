-- Begin to hand over a file, or go on behind what earlier runs have handed over.
--
-- KEYS  1 sending
-- ARGV  1 run: a name of its own   2 '1' = go on, else from the start   3 lifetime, seconds
--       4 how many shards there are
-- Steps How far it came is read, and forgotten unless this run goes on. From now on only this
--       run may append events of the file: another that is still at it stops at its next step.
-- Returns {number of the last entry, events accepted, entries refused, number of shards}, as
--       they were before.

local known = redis.call('HMGET', KEYS[1], 'done', 'accepted', 'refused', 'shards')
if ARGV[2] ~= '1' then
  redis.call('DEL', KEYS[1])
end
redis.call('HSET', KEYS[1], 'run', ARGV[1], 'shards', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[3])
local before = {}
for place = 1, 4 do
  before[place] = tonumber(known[place] or '0')
end
return before
