-- Append the events of one slice of a file, once: what is noted was appended, and the reverse.
-- Before this stands append.lua as the function `append`, which sees the same KEYS and ARGV.
--
-- KEYS  those of append.lua, then: sending
-- ARGV  those of append.lua, then, counted from the end: 5 run   4 number of the entry before
--       the slice   3 number of its last   2 its entries that are refused   1 lifetime, seconds
-- Returns what append.lua returns
--       | 'repeated'  this very step was taken before; its answer did not arrive
--       | 'lost'      another run has taken the file over, or the server has lost its place

local sending, last = KEYS[#KEYS], #ARGV
local run, before, done = ARGV[last - 4], ARGV[last - 3], ARGV[last - 2]
local known = redis.call('HMGET', sending, 'run', 'done')

if known[1] ~= run then
  return 'lost'
elseif known[2] == done then
  return 'repeated'
elseif (known[2] or '0') ~= before then
  return 'lost'
end

local appended = 0
if tonumber(ARGV[3]) > 0 then
  appended = append()
end
redis.call('HSET', sending, 'done', done)
redis.call('HINCRBY', sending, 'accepted', appended)
redis.call('HINCRBY', sending, 'refused', ARGV[last - 1])
redis.call('EXPIRE', sending, ARGV[last])
return appended
