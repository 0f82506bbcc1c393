-- Note how many events have died so far, and tell how many of them did lately.
--
-- KEYS  1 deaths
-- ARGV  1 so far  2 period, ms  3 ms after which nobody wants the notes any more
-- Steps The number is compared with the newest note that is a period old, or else with the
--       oldest there is; older notes go. After a pause the deaths since then count in proportion.
-- Returns deaths per period, as text.

local period = tonumber(ARGV[2])
local old = redis.call('ZREVRANGEBYSCORE', KEYS[1], now - period, '-inf', 'LIMIT', 0, 1)[1]
if old then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. string.match(old, '^%d+'))
end
local note = old or redis.call('ZRANGE', KEYS[1], 0, 0)[1]
redis.call('ZADD', KEYS[1], now, text(now) .. ' ' .. ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if not note then
  return '0'
end
local at, before = string.match(note, '^(%d+) (%d+)$')
local deaths = math.max(tonumber(ARGV[1]) - tonumber(before), 0)
return string.format('%.2f', deaths * period / math.max(now - tonumber(at), period))
